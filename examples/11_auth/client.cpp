// A client with a token: auth_client URL, which reads the token from the variable TOKEN. The client asks
// its source for a token before each connection, and again before the token expires.
#include "lobby/v1/lobby.client.hpp"

#include <parley/auth.hpp>
#include <parley/client.hpp>

#include <cstdlib>
#include <iostream>
#include <string>

using namespace lobby::v1;

int main(int argc, char** argv) try {
  const std::string url = argc > 1 ? argv[1] : "ws://localhost:8765/ws";

  parley::client link{url, {.credentials = [](const parley::credential_wanted& wanted) -> parley::reply<parley::credential> {
                        const char* const token = std::getenv("TOKEN");
                        if (!token || wanted.refused) return parley::error{parley::errc::unauthenticated, "TOKEN is not set, or refused"};
                        return parley::credential::bearer(token);
                      }}};
  LobbyClient lobby{link};
  link.connect();  // throws parley::call_failed, also if the credential is refused
  std::cout << "391 + 29 = " << lobby.add({.numbers = {391, 29}}).value << std::endl;
} catch (const std::exception& failed) {
  std::cerr << failed.what() << '\n';
  return 1;
}
