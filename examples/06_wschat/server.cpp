// The server that the libwsclient chat family expects:
//   wschat_server [--host ADDRESS] [--port N] [--origin URL]... [--parley-port N] [--threads N]
//
// The family's C, Python, JavaScript and C# clients connect to --port (9999) unchanged. Parley's
// clients, in binary, JSON and plain JSON, connect to --parley-port, if one is given. All of them
// are in one room. --origin permits pages with that origin, like the family's browser client.
// --threads 0 means one for each core.
#include "wschat/v1/wschat.server.hpp"

#include <parley/dialects/wschat.hpp>
#include <parley/server.hpp>

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>

using namespace wschat::v1;

namespace {

// The server decides who the sender is. The schema decides who receives a line.
struct Chat final : ChatHandler {
  parley::relay say(const Line& said, parley::event& event) override {
    struct known_as {
      std::string name = "Anonym";
    };
    std::string& name = event.peer().state<known_as>().name;
    const Body body = said.message.value_or(Body{});
    if (has(body.info, Info::CHANGE_USERNAME) && said.user && !said.user->name.empty()) name = said.user->name;
    return parley::relay::with(Line{.user = User{name}, .message = Body{.text = body.text, .text_len = body.text_len}});
  }
};

parley::server* running = nullptr;
void stop(int) { running->stop(); }

}  // namespace

int main(int argc, char** argv) try {
  parley::server_options options{.port = 9999, .path = "/", .dialect = parley::wschat::dialect()};
  std::optional<std::uint16_t> parley_port;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view key = argv[i];
    if (key == "--host") options.address = argv[i + 1];
    if (key == "--port") options.port = static_cast<std::uint16_t>(std::atoi(argv[i + 1]));
    if (key == "--origin") options.origins.emplace_back(argv[i + 1]);
    if (key == "--parley-port") parley_port = static_cast<std::uint16_t>(std::atoi(argv[i + 1]));
    if (key == "--threads") options.threads = static_cast<std::size_t>(std::atoi(argv[i + 1]));
  }
  parley::server server{options};
  if (parley_port) server.listen({.port = *parley_port});
  Chat chat;
  server.add(chat);
  server.start();
  running = &server;
  for (const int number : {SIGINT, SIGTERM}) std::signal(number, stop);
  std::cout << "listening on ws://127.0.0.1:" << server.port() << "/" << std::endl;
  if (parley_port) std::cout << "and for Parley's clients on ws://127.0.0.1:" << server.port(1) << "/ws" << std::endl;
  server.join();
  for (const int number : {SIGINT, SIGTERM}) std::signal(number, SIG_DFL);  // the server is gone
} catch (const parley::call_failed& failed) {
  std::cerr << "wschat_server: " << failed.what() << '\n';
  return 1;
}
