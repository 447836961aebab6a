// A lobby over TLS: tls_server FOLDER [PORT], with the certificates of scripts/make-certificates FOLDER.
// A client may show a certificate, too. The line "reload" reads the files again, and the end of the
// input stops the server.
#include "lobby/v1/lobby.server.hpp"

#include <parley/server.hpp>
#include <parley/tls.hpp>

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <numeric>
#include <string>

using namespace lobby::v1;

namespace {

struct Lobby final : LobbyHandler {
  parley::reply<Sum> add(const Numbers& n, parley::call&) override {
    return Sum{.value = std::accumulate(n.numbers.begin(), n.numbers.end(), 0.0)};
  }
};

}  // namespace

int main(int argc, char** argv) try {
  const std::string folder = argc > 1 ? argv[1] : "certificates";
  const int port = argc > 2 ? std::atoi(argv[2]) : 8443;

  parley::server server{{.port = static_cast<std::uint16_t>(port),
                         .tls = parley::server_tls{.certificate = {.file = folder + "/server.pem", .key_file = folder + "/server.key"},
                                                   .clients = parley::client_certificates::accepted,
                                                   .client_ca_file = folder + "/ca.pem"}}};
  Lobby lobby;
  server.add(lobby);
  server.start();
  std::cout << "listening on wss://127.0.0.1:" << server.port() << "/ws" << std::endl;

  for (std::string line; std::getline(std::cin, line);) {
    if (line != "reload") continue;
    const parley::result<> done = server.reload_tls();
    std::cout << (done ? "reloaded" : done.error().message) << std::endl;
  }
} catch (const std::exception& failed) {
  std::cerr << failed.what() << '\n';
  return 1;
}
