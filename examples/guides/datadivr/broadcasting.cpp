// The server's page, "Message Broadcasting": to all, to the others and to one, sent here when a
// client connects.
#include "announcements.server.hpp"

#include <parley/server.hpp>

#include <iostream>

struct Announcer final : announcements::v1::AnnouncementsHandler {
  explicit Announcer(parley::server& server) : peers{server} {}
  void connected(parley::peer& peer) override {
    peers.announcement("Server maintenance in 5 minutes", parley::to::all);
    peers.user_joined("New user connected", parley::to::others(peer));
    peers.private_message("Your request was processed", parley::to::client(peer.id()));
  }
  announcements::v1::AnnouncementsPeers peers;
};

int main(int argc, char** argv) {
  parley::server server{{.port = static_cast<std::uint16_t>(argc > 1 ? std::stoi(argv[1]) : 8765)}};
  Announcer announcer{server};
  server.add(announcer);
  server.start();
  std::cout << "listening on port " << server.port() << std::endl;
  server.join();
}
