// An end of TLS that is OpenSSL alone, for what Parley's own engine never does: old versions, key
// updates without data, other protocols.
#pragma once

#include "certificates.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace parley::testing {

struct foreign_options {
  bool server = false;
  identity who{};                  // empty: none
  int version = 0;                 // 0x0302 for TLS 1.1 only, and so on; 0: all that OpenSSL has by default
  std::string protocols{};         // client: ALPN as on the wire
  bool wants_certificate = false;  // server
  std::string name{};              // client: the name of the server
};

class foreign_tls {
 public:
  explicit foreign_tls(const foreign_options& how);
  ~foreign_tls();
  foreign_tls(const foreign_tls&) = delete;
  foreign_tls& operator=(const foreign_tls&) = delete;

  // Ciphertext.
  void receive(std::string_view bytes);
  std::string take_sent();

  void advance();  // the handshake
  bool is_up() const;
  bool failed() const;
  bool write(std::string_view text);
  std::string read();
  void key_update(bool asks_for_one = false);
  bool renegotiate();  // false: not possible
  void goodbye();
  bool heard_goodbye() const;
  int version() const;
  std::string protocol() const;   // the agreed one of ALPN
  std::string peer_name() const;  // the subject of the other end's certificate

 private:
  struct inner;
  std::unique_ptr<inner> inner_;
};

}  // namespace parley::testing
