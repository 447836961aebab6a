// The certificate that a client has shown in its TLS handshake.
#pragma once

#include <string>
#include <vector>

namespace parley {

// Its authority, its dates and its purpose were checked by TLS. All texts were chosen by the
// authority, or by the client if the authority copies them.
struct peer_certificate {
  std::string common_name{};             // of the subject. Empty: it has none, or several
  std::vector<std::string> dns_names{};  // the subject's alternative names
  std::vector<std::string> uris{};       // the same, for example SPIFFE ids
  std::vector<std::string> emails{};     // the same
  std::string sha256{};                  // of the whole certificate: 64 hexadecimal digits in lower case

  bool operator==(const peer_certificate&) const = default;
};

}  // namespace parley
