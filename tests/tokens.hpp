// JSON Web Tokens that a test makes for itself, with keys that it makes for itself.
#pragma once

#include "base64url.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace parley::testing {

class signing_key {
 public:
  enum class kind { rsa, small_rsa, p256, p384, ed25519 };
  explicit signing_key(kind);
  ~signing_key();
  signing_key(const signing_key&) = delete;
  signing_key& operator=(const signing_key&) = delete;

  std::string public_pem() const;
  std::string private_pem() const;
  // Without the braces, so that a test can add members: "kty":"EC","crv":"P-256",...
  std::string jwk() const;
  // As tokens have it: for P-256 the two numbers alone.
  std::string sign(std::string_view text) const;

 private:
  struct inner;
  std::unique_ptr<inner> inner_;
};

std::string hmac_sha256(std::string_view secret, std::string_view text);

// "<header>.<claims>" in base64url, of texts that need not be JSON.
std::string unsigned_token(std::string_view header, std::string_view claims);
std::string token(std::string_view header, std::string_view claims, const signing_key& by);
std::string token(std::string_view header, std::string_view claims, std::string_view secret);

}  // namespace parley::testing
