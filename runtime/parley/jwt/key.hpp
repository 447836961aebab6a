// Keys in the form in which signatures are checked. Private to the jwt room.
#pragma once

#include "parley/core/core.hpp"
#include "parley/jwt/jwt.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// The type of OpenSSL, which this header must not include.
extern "C" {
struct evp_pkey_st;
}

namespace parley {

enum class jwt_algorithm { hs256, rs256, es256, eddsa };
// "RS256" and so on. Empty: it is not supported.
std::optional<jwt_algorithm> jwt_algorithm_named(std::string_view name) noexcept;

struct jwt_key {
  jwt_algorithm algorithm = jwt_algorithm::hs256;
  std::string id{};                        // `kid`. Empty: none
  std::string secret{};                    // hs256
  std::shared_ptr<evp_pkey_st> public_{};  // all others

  // Whether `signature` (raw bytes) is this key's signature of `text`.
  bool has_signed(std::string_view text, std::string_view signature) const;
};

struct jwt_keys::set {
  set() = default;
  ~set();
  std::vector<jwt_key> keys;
};

// The forms of keys in a JSON Web Key. Null: it is malformed or not supported. Numbers are big-endian.
std::shared_ptr<evp_pkey_st> rsa_key(std::string_view modulus, std::string_view exponent);
std::shared_ptr<evp_pkey_st> p256_key(std::string_view x, std::string_view y);
std::shared_ptr<evp_pkey_st> ed25519_key(std::string_view x);
bool is_rsa_below_2048(const evp_pkey_st& key);
// The public keys and certificates of a text. Empty: it contains a malformed block, or none.
std::vector<std::shared_ptr<evp_pkey_st>> keys_in_pem(std::string_view text);
// The one algorithm that a public key is for.
std::optional<jwt_algorithm> algorithm_of(const evp_pkey_st& key);

// base64url without padding, in its only form. Empty: it is not.
std::optional<std::string> from_base64url(std::string_view text);

}  // namespace parley
