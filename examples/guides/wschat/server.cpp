// The family's server: names, changes of name, and the receivers of each line, for ten clients:
// server [PORT]
#include "wschat/v1/wschat.server.hpp"

#include <parley/dialects/wschat.hpp>
#include <parley/server.hpp>

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <string>

using namespace wschat::v1;

struct known_as {
  std::string name = "Anonym";
};

struct Chat final : ChatHandler {
  void connected(parley::peer& peer) override { std::cout << "Client connected (id=" << peer.id() << ')' << std::endl; }
  void disconnected(parley::peer& peer, const parley::error&) override {
    std::cout << "Client disconnected (id=" << peer.id() << ')' << std::endl;
  }

  parley::relay say(const Line& said, parley::event& event) override {
    std::string& name = event.peer().state<known_as>().name;
    Body body = said.message.value_or(Body{});
    if (has(body.info, Info::CHANGE_USERNAME) && said.user && !said.user->name.empty()) {
      name = said.user->name;
      std::cout << "Updated client: " << event.peer().id() << " name to: " << name << std::endl;
    }
    body.info = Info::NONE;
    return parley::relay::with(Line{.user = User{name}, .message = body});
  }
};

parley::server* running = nullptr;

int main(int argc, char** argv) {
  const auto port = static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : 9999);
  parley::server server{
      {.address = "0.0.0.0", .port = port, .path = "/", .dialect = parley::wschat::dialect(), .limits = {.connections = 10}}};
  Chat chat;
  server.add(chat);
  server.start();
  running = &server;
  for (const int number : {SIGINT, SIGTERM}) std::signal(number, [](int) { running->stop(); });
  std::cout << "WebSocket server listening on port " << server.port() << std::endl;
  server.join();
  for (const int number : {SIGINT, SIGTERM}) std::signal(number, SIG_DFL);  // the server is gone
}
