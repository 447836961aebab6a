"""install.py <venv> <release>: the package `websocket-rs` of that release from the package index, in a Python environment of its own.

It wants Python 3.12 or newer, which need not be the one that runs this: WEBSOCKET_RS_PYTHON names one, or one is looked for where Pythons
usually are. A second run finds everything done. Where there is no such Python or no such package, the exit status is 77, which ctest shows
as skipped; so do then the tests that need it.
"""

import os
import pathlib
import shutil
import subprocess
import sys

SKIPPED = 77
NEWEST_FIRST = ("3.15", "3.14", "3.13", "3.12")


def skip(why):
    print(f"skipped: {why}")
    sys.exit(SKIPPED)


def candidates():
    yield os.environ.get("WEBSOCKET_RS_PYTHON")
    yield sys.executable
    for version in NEWEST_FIRST:
        yield shutil.which(f"python{version}")
    yield shutil.which("python3")
    pyenv = pathlib.Path(os.environ.get("PYENV_ROOT") or pathlib.Path.home() / ".pyenv")
    for version in NEWEST_FIRST:
        yield from sorted(pyenv.glob(f"versions/{version}.*/bin/python3"))


def new_enough(python):
    test = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 12))"
    return subprocess.run([python, "-c", test], capture_output=True, check=False).returncode == 0


def have(folder, release):
    done = folder / "done"
    if done.is_file() and done.read_text() == release:
        return
    python = next((str(one) for one in candidates() if one and new_enough(one)), None) or skip("websocket-rs wants Python 3.12 or newer")
    shutil.rmtree(folder, ignore_errors=True)
    made = subprocess.run([python, "-m", "venv", folder], capture_output=True, text=True, timeout=120, check=False)
    if made.returncode != 0:
        skip(f"no environment for {python}:\n{made.stdout[-1000:]}{made.stderr[-2000:]}")
    installed = subprocess.run([folder / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary=:all:",
                                f"websocket-rs=={release}"], capture_output=True, text=True, timeout=240, check=False)
    if installed.returncode != 0:
        skip(f"websocket-rs {release} cannot be had:\n{installed.stdout[-1000:]}{installed.stderr[-2000:]}")
    subprocess.run([folder / "bin" / "python", "-c", "import websocket_rs"], timeout=60, check=True)
    done.write_text(release)


if __name__ == "__main__":
    have(pathlib.Path(sys.argv[1]), sys.argv[2])
