// A client that keeps its link: reconnect_client [URL ...], beside a lobby server. Each line of the
// input is said to all, and this client prints what it hears. Pull the cable, or stop the server and
// start it again: what is typed meanwhile is said afterwards.
#include "lobby/v1/lobby.client.hpp"

#include <parley/client.hpp>

#include <chrono>
#include <iostream>
#include <string>
#include <vector>

using namespace lobby::v1;

namespace {

void tell(const parley::link_status& now) {
  switch (now.state) {
    case parley::link_state::open:
      if (now.outcome == parley::outcome::first) std::cout << "connected" << std::endl;
      else std::cout << "connected again; " << now.unconfirmed << " lines may not have arrived" << std::endl;
      return;
    case parley::link_state::waiting:
      std::cout << "no connection (" << now.why->message << "), attempt " << now.attempt << " in "
                << std::chrono::ceil<std::chrono::milliseconds>(now.next_try - std::chrono::steady_clock::now()).count() << " ms"
                << std::endl;
      return;
    case parley::link_state::closed:
      std::cout << "closed: " << now.why->message << std::endl;
      return;
    case parley::link_state::idle:
    case parley::link_state::connecting:
      return;
  }
}

}  // namespace

int main(int argc, char** argv) try {
  std::vector<std::string> urls(argv + 1, argv + argc);
  if (urls.empty()) urls.emplace_back("ws://localhost:8765/ws");

  parley::client link{urls.front(),
                      {.reconnect = {.longest = std::chrono::seconds(5)},  // the default is 30 s
                       .more_urls = {urls.begin() + 1, urls.end()}}};
  LobbyClient lobby{link};
  lobby.on_say([](const Line& line) { std::cout << "heard: " << line.text << std::endl; });
  link.on_status(tell);

  link.connect();  // throws if the first attempt fails
  for (std::string line; std::getline(std::cin, line);)
    if (lobby.say({.text = line}, parley::to::all) != parley::sent::queued) std::cout << "not sent: " << line << std::endl;
} catch (const std::exception& failed) {
  std::cerr << failed.what() << '\n';
  return 1;
}
