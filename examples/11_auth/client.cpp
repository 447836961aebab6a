// A client with a token: auth_client [URL], which reads the token from the variable TOKEN.
#include "lobby/v1/lobby.client.hpp"

#include <parley/client.hpp>

#include <cstdlib>
#include <iostream>
#include <string>
#include <utility>

using namespace lobby::v1;

int main(int argc, char** argv) try {
  const std::string url = argc > 1 ? argv[1] : "ws://localhost:8765/ws";

  const char* const token = std::getenv("TOKEN");
  parley::client_options options;
  if (token) options.headers = {{"Authorization", std::string("Bearer ") + token}};
  parley::client link{url, std::move(options)};
  LobbyClient lobby{link};
  link.connect();  // throws parley::call_failed, also if the credential is refused
  std::cout << "391 + 29 = " << lobby.add({.numbers = {391, 29}}).value << std::endl;
} catch (const std::exception& failed) {
  std::cerr << failed.what() << '\n';
  return 1;
}
