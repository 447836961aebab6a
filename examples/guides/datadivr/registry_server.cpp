// The server's page, "Server Implementation" and "Error Handling": stores the clients that are
// connected and relays what they send. Malformed messages are answered and logged, and the sender
// stays connected.
#include "datadivr/v1/datadivr.server.hpp"

#include <parley/server.hpp>

#include <iostream>
#include <set>

struct Hub final : datadivr::v1::DatadivrHandler {
  void connected(parley::peer& peer) override { clients.insert(peer.id()); }
  void disconnected(parley::peer& peer, const parley::error& why) override {
    clients.erase(peer.id());
    std::cout << peer.id() << " left (" << why.message << "), " << clients.size() << " are there" << std::endl;
  }
  std::set<std::string> clients;
};

int main(int argc, char** argv) {
  const auto log = [](parley::log_level, std::string_view text) { std::cout << text << std::endl; };
  parley::server server{{.port = static_cast<std::uint16_t>(argc > 1 ? std::stoi(argv[1]) : 8765), .log = log}};
  Hub hub;
  server.add(hub);
  server.start();
  server.join();
}
