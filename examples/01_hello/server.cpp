// The server of the README: adds numbers, relays lines, and reports arrivals.
#include "lobby/v1/lobby.server.hpp"

#include <parley/server.hpp>

#include <numeric>

using namespace lobby::v1;

struct Lobby final : LobbyHandler {
  explicit Lobby(parley::server& server) : peers{server} {}

  void connected(parley::peer& peer) override { peers.arrived({.id = peer.id()}, parley::to::others(peer)); }

  parley::reply<Sum> add(const Numbers& n, parley::call&) override {  // a value, an error, or co_return later
    return Sum{.value = std::accumulate(n.numbers.begin(), n.numbers.end(), 0.0)};
  }

  parley::relay say(const Line& line, parley::event&) override {
    if (line.text.empty()) return parley::relay::drop;
    return parley::relay::pass;
  }

  LobbyPeers peers;  // sends to clients
};

int main() {
  parley::server server{{.port = 8765}};
  Lobby lobby{server};
  server.add(lobby);
  server.run();
}
// [/server]
