// A lobby server that logs what happens: lobby_server [--port N] [--origin URL]...
#include "lobby/v1/lobby.server.hpp"

#include <spdlog/spdlog.h>
#include <parley/server.hpp>

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <numeric>
#include <string>
#include <string_view>

using namespace lobby::v1;

namespace {

struct Lobby final : LobbyHandler {
  explicit Lobby(parley::server& server) : peers{server} {}

  void connected(parley::peer& peer) override {
    const std::string_view spoken = peer.subprotocol().empty() ? "plain JSON" : peer.subprotocol();
    spdlog::info("{} came, speaking {}", peer.id(), spoken);
    peers.arrived({.id = peer.id()}, parley::to::others(peer));
  }
  void disconnected(parley::peer& peer, const parley::error&) override { spdlog::info("{} left", peer.id()); }

  parley::reply<Sum> add(const Numbers& n, parley::call& call) override {
    spdlog::info("{} asked for a sum of {} numbers", call.from().id, n.numbers.size());
    return Sum{.value = std::accumulate(n.numbers.begin(), n.numbers.end(), 0.0)};
  }

  parley::relay say(const Line& line, parley::event& event) override {
    if (line.text.empty()) return parley::relay::drop;
    spdlog::info("{} said something to {}", event.from().id, parley::to_text(event.to()));
    return parley::relay::pass;
  }

  LobbyPeers peers;
};

parley::server* running = nullptr;
void stop(int) { running->stop(); }

parley::server_options options_from(int argc, char** argv) {
  parley::server_options options{.port = 8765};
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view key = argv[i];
    if (key == "--port") options.port = static_cast<std::uint16_t>(std::atoi(argv[i + 1]));
    if (key == "--origin") options.origins.emplace_back(argv[i + 1]);  // a page with this origin may connect
  }
  options.log = [](parley::log_level level, std::string_view text) {
    if (level >= parley::log_level::warning) spdlog::warn("{}", text);
  };
  return options;
}

}  // namespace

int main(int argc, char** argv) try {
  spdlog::set_pattern("%H:%M:%S %v");
  parley::server server{options_from(argc, argv)};
  Lobby lobby{server};
  server.add(lobby);
  server.start();
  running = &server;
  for (const int number : {SIGINT, SIGTERM}) std::signal(number, stop);
  std::cout << "listening on ws://127.0.0.1:" << server.port() << "/ws" << std::endl;
  server.join();
  for (const int number : {SIGINT, SIGTERM}) std::signal(number, SIG_DFL);  // the server is gone
} catch (const parley::call_failed& failed) {
  std::cerr << "lobby_server: " << failed.what() << '\n';
  return 1;
}
