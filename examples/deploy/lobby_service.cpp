// A lobby as a service of the internet: TLS, tokens, limits, metrics, and restarts that refuse nobody. README.md says how to run it.
//
//   --address A            where to listen; default 127.0.0.1, and 0.0.0.0 for every network
//   --port N               default 8443
//   --inherited NAME       uses the socket of a systemd socket unit instead
//   --certificates FOLDER  speaks TLS with server.pem and server.key; SIGHUP reads them again
//   --keys FILE            admits clients with a token that one of these keys has signed (JWKS or PEM); without it, everybody
//   --audience NAME        what the tokens must be for
//   --trusted-proxy A      the address of a proxy in front; may be repeated
//   --metrics-port N       /metrics for this machine, on a port of its own
#include "lobby/v1/lobby.server.hpp"

#include <parley/auth.hpp>
#include <parley/jwt.hpp>
#include <parley/server.hpp>
#include <parley/tls.hpp>

#include <charconv>
#include <cstdint>
#include <iostream>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

using namespace lobby::v1;

namespace {

struct Lobby final : LobbyHandler {
  explicit Lobby(parley::server& server) : peers{server} {}

  void connected(parley::peer& peer) override { peers.arrived({.id = peer.id()}, parley::to::others(peer)); }

  parley::reply<Sum> add(const Numbers& n, parley::call&) override {
    return Sum{.value = std::accumulate(n.numbers.begin(), n.numbers.end(), 0.0)};
  }

  LobbyPeers peers;
};

struct settings {
  parley::server_options server{.port = 8443, .threads = parley::per_core};
  std::optional<std::uint16_t> metrics_port;
};

std::uint16_t port_of(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (wrong != std::errc{} || end != text.data() + text.size()) throw std::invalid_argument("a port is a number up to 65535");
  return port;
}

settings read(int argc, char** argv) {
  settings found;
  std::string keys, audience;
  for (int i = 1; i < argc; i += 2) {
    const std::string_view name = argv[i];
    if (i + 1 == argc) throw std::invalid_argument(std::string(name) + " needs a value");
    const std::string value = argv[i + 1];
    if (name == "--address") found.server.address = value;
    else if (name == "--port") found.server.port = port_of(value);
    else if (name == "--inherited") found.server.inherited = value;
    else if (name == "--certificates")
      found.server.tls = parley::server_tls{.certificate = {.file = value + "/server.pem", .key_file = value + "/server.key"}};
    else if (name == "--keys") keys = value;
    else if (name == "--audience") audience = value;
    else if (name == "--trusted-proxy") found.server.limits.trusted_proxies.push_back(value);
    else if (name == "--metrics-port") found.metrics_port = port_of(value);
    else throw std::invalid_argument("unknown option " + std::string(name));
  }
  if (!keys.empty()) {
    found.server.auth.check = parley::jwt{{.keys = parley::jwt_keys::from_file(keys), .audience = audience}};
    // A proxy in front has spoken TLS with the clients.
    found.server.auth.on_plain_text = !found.server.limits.trusted_proxies.empty();
  }
  found.server.log = [](parley::log_level, std::string_view line) { std::clog << line << std::endl; };
  return found;
}

}  // namespace

int main(int argc, char** argv) try {
  const settings set = read(argc, argv);
  parley::server server{set.server};
  Lobby lobby{server};
  server.add(lobby);
  if (set.metrics_port) server.listen({.address = "127.0.0.1", .port = *set.metrics_port, .pages_only = true});
  server.run_until_signal();
} catch (const std::exception& failed) {
  std::cerr << "lobby_service: " << failed.what() << '\n';
  return 1;
}
