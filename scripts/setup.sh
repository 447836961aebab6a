# Sourced by the other scripts: packages, configuration and output.

cd "$(dirname "${BASH_SOURCE[0]}")/.."
started=$SECONDS

say() { printf '\n== %s (%d:%02d)\n' "$*" $(((SECONDS - started) / 60)) $(((SECONDS - started) % 60)); }

# The packages that every build needs. CONTRIBUTING.md explains each.
build_packages=(
  g++ cmake ninja-build
  libasio-dev libwebsocketpp-dev libflatbuffers-dev libsimdjson-dev libssl-dev libspdlog-dev libedit-dev
  protobuf-compiler libprotobuf-dev python3 python3-jinja2 python3-protobuf
)

# need_packages <package>...: installs those that are missing. Does not use the network if none is.
need_packages() {
  if ! command -v dpkg-query >/dev/null; then
    echo "dpkg was not found; assuming that these packages are installed: $*"
    return
  fi
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f='${Status}\n' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return
  local root=()
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
      echo "Packages are missing, and root is needed to install them: apt-get install ${missing[*]}" >&2
      return 1
    fi
    root=(sudo)
  fi
  say "Installing ${missing[*]}"
  "${root[@]}" apt-get update -qq
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -o Dpkg::Use-Pty=0 "${missing[@]}" |
    grep -E '^(Setting up|Get:.* MB)' || true
  for package in "${missing[@]}"; do
    if ! dpkg-query -W -f='${Status}\n' "$package" 2>/dev/null | grep -q 'ok installed'; then
      echo "apt-get could not install $package" >&2
      return 1
    fi
  done
}

# configure <preset> [cmake argument...]: quiet unless it fails.
configure() {
  local log
  log=$(mktemp)
  if ! cmake --preset "$@" >"$log" 2>&1; then
    cat "$log"
    rm -f "$log"
    return 1
  fi
  rm -f "$log"
}
