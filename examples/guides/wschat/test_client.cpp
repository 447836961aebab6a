// The C library's ws_client_test: sends each typed line, and prints each received message whole.
#include "wschat/v1/wschat.client.hpp"

#include <parley/dialects/wschat.hpp>

#include <iostream>
#include <string>

using namespace wschat::v1;

int main(int argc, char** argv) try {
  parley::client link{argc > 1 ? argv[1] : "ws://127.0.0.1:9999/", parley::wschat::named("ttchef")};
  ChatClient chat{link};
  chat.on_say([](const Line& line) { std::cout << line << std::endl; });
  link.connect();
  for (std::string text; std::getline(std::cin, text);) chat.say({.message = Body{.text = text}});
} catch (const parley::call_failed& failed) {
  std::cerr << "Failed to init wsClient: " << failed.what() << '\n';
  return -1;
}
