// Certificates that a test makes for itself: nothing is committed, and nothing expires while a test
// exists.
#pragma once

#include <memory>
#include <string>

namespace parley::testing {

// What the options of TLS take as texts.
struct identity {
  std::string pem;
  std::string key_pem;
};

struct wish {
  std::string name = "localhost";                                 // the subject
  std::string alternative = "DNS:localhost,IP:127.0.0.1,IP:::1";  // empty: none
  long from = -3600, until = 3600;                                // seconds from now
  bool authority = false;
  bool client = false;  // for a client instead of a server
  bool rsa = false;
};

// An authority, or a certificate that signs itself.
class issuer {
 public:
  explicit issuer(const wish& own = {.name = "Parley's test authority", .alternative = "", .authority = true});
  // An authority under `above`.
  issuer(const issuer& above, const wish& own);
  ~issuer();
  issuer(const issuer&) = delete;
  issuer& operator=(const issuer&) = delete;

  const identity& self() const { return self_; }
  const std::string& pem() const { return self_.pem; }
  identity issue(const wish& one = {}) const;

 private:
  struct keys;
  std::unique_ptr<keys> keys_;
  identity self_;
};

// 64 hexadecimal digits.
std::string sha256_of_certificate(const std::string& pem);

// The key, encrypted with a passphrase.
std::string with_passphrase(const std::string& key_pem);

}  // namespace parley::testing
