// A client over TLS: tls_client FOLDER [URL], which trusts the authority of
// scripts/make-certificates FOLDER alone and shows the client's certificate.
#include "lobby/v1/lobby.client.hpp"

#include <parley/client.hpp>
#include <parley/tls.hpp>

#include <iostream>
#include <string>

using namespace lobby::v1;

int main(int argc, char** argv) try {
  const std::string folder = argc > 1 ? argv[1] : "certificates";
  const std::string url = argc > 2 ? argv[2] : "wss://localhost:8443/ws";

  parley::client link{url,
                      {.tls = parley::client_tls{.ca_file = folder + "/ca.pem",
                                                 .certificate = {.file = folder + "/client.pem", .key_file = folder + "/client.key"}}}};
  LobbyClient lobby{link};
  link.connect();  // throws parley::call_failed, also if the server's certificate is not accepted
  std::cout << "391 + 29 = " << lobby.add({.numbers = {391, 29}}).value << std::endl;
} catch (const std::exception& failed) {
  std::cerr << failed.what() << '\n';
  return 1;
}
