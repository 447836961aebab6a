// How a server proves who it is and how a client checks it: the TLS options of both roles. TLS 1.2
// and 1.3, by OpenSSL, which no header for users includes.
//
//   parley::server server{{.port = 8443,
//       .tls = parley::server_tls{.certificate = {.file = "chain.pem", .key_file = "key.pem"}}}};
//   parley::client link{"wss://lobby.example.org/ws"};   // needs no option
//   parley::client own{"wss://10.0.0.7:8443/ws",
//       {.tls = parley::client_tls{.ca_file = "ca.pem", .host_name = "lobby.local"}}};
//
// Everything is read and checked when the client or server is constructed. A file that cannot be
// read, a key of another certificate and the like throw std::invalid_argument, whose text names the
// option and the file. Keys are erased from memory once OpenSSL has them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace parley {

enum class tls_version : std::uint8_t { v1_2, v1_3 };

// A certificate and its private key in PEM, each as a file or as text, not both. The certificate
// comes first, and then the intermediate certificates up to the authority. The key has no
// passphrase.
struct certificate {
  std::string file{};
  std::string key_file{};
  std::string pem{};
  std::string key_pem{};
};

// Whether a server asks its clients for a certificate.
enum class client_certificates : std::uint8_t {
  none,
  accepted,  // a client without one may connect
  required,  // a client without one is refused in the handshake
};

struct server_tls {
  parley::certificate certificate{};
  // Certificates for other host names. A client gets the first one that contains the name it
  // connects to, and `certificate` if none does.
  std::vector<parley::certificate> more{};
  client_certificates clients = client_certificates::none;
  // The authorities that issue certificates of clients, as a file or as text. Necessary unless
  // `clients` is `none`.
  std::string client_ca_file{};
  std::string client_ca_pem{};
  tls_version minimum = tls_version::v1_2;
  // Clients that connect again within 12 hours need no new check of certificates and save about a
  // third of the processor time of a handshake. Within one hour if the server asks for certificates
  // of clients.
  bool tickets = true;
};

struct client_tls {
  // The trusted authorities, as a file or as text, in place of those of the system.
  std::string ca_file{};
  std::string ca_pem{};
  // Trusts the authorities of the system as well.
  bool system_ca_too = false;
  // Shown to a server that asks for it.
  parley::certificate certificate{};
  // The name or address that the server's certificate must contain, in place of the url's host.
  std::string host_name{};
  tls_version minimum = tls_version::v1_2;
  // Accepts every certificate. Anybody who controls the network can then read and change all data. A
  // client logs a warning at each connection. Meant for tests.
  bool insecure_accept_any_certificate = false;
};

}  // namespace parley
