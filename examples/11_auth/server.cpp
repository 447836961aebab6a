// A lobby that knows who its clients are: auth_server KEYS [PORT [ORIGIN]]. KEYS is a file with the
// keys that sign tokens (RFC 7517), which login.py writes. Programs show their token in a header, and
// pages in the cookie that login.py sets. ORIGIN is the origin of these pages. The line "reload" reads
// the keys again, and the end of the input stops the server.
#include "lobby/v1/lobby.server.hpp"

#include <parley/auth.hpp>
#include <parley/jwt.hpp>
#include <parley/server.hpp>

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <numeric>
#include <string>
#include <utility>

using namespace lobby::v1;

namespace {

struct Lobby final : LobbyHandler {
  explicit Lobby(parley::server& server) : peers{server} {}

  void connected(parley::peer& peer) override {
    std::cout << peer.principal().name << " connected" << std::endl;
    peers.arrived({.id = peer.id(), .name = peer.principal().name}, parley::to::others(peer));
  }

  parley::reply<Sum> add(const Numbers& n, parley::call& call) override {
    if (!call.principal().has_role("clerk")) return call.fail(parley::errc::denied, "only clerks add");
    return Sum{.value = std::accumulate(n.numbers.begin(), n.numbers.end(), 0.0)};
  }

  LobbyPeers peers;
};

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 2) throw std::invalid_argument("usage: auth_server KEYS [PORT [ORIGIN]]");
  const std::string keys = argv[1];
  const int port = argc > 2 ? std::atoi(argv[2]) : 8765;

  parley::jwt verify{
      {.keys = parley::jwt_keys::from_file(keys), .issuer = "https://login.example", .audience = "lobby", .roles_claim = "roles"}};
  parley::server_options options{.port = static_cast<std::uint16_t>(port), .auth = {.check = verify, .cookie = "session"}};
  if (argc > 3) options.origins = {argv[3]};
  parley::server server{std::move(options)};
  Lobby lobby{server};
  server.add(lobby);
  server.start();
  std::cout << "listening on ws://127.0.0.1:" << server.port() << "/ws" << std::endl;

  for (std::string line; std::getline(std::cin, line);) {
    if (line != "reload") continue;
    auto fresh = parley::jwt_keys::read_file(keys);
    if (fresh) verify.use(std::move(*fresh));
    std::cout << (fresh ? "reloaded" : fresh.error().message) << std::endl;
  }
} catch (const std::exception& failed) {
  std::cerr << failed.what() << '\n';
  return 1;
}
