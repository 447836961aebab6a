// jwt: checks JSON Web Tokens (RFC 7519, with the advice of RFC 8725) that clients show to a server.
//
//   parley::jwt verify{{.keys = parley::jwt_keys::from_file("jwks.json"), .issuer = "https://id.example.org", .audience = "lobby"}};
//   parley::server server{{.port = 8443, .tls = ..., .auth = {.check = verify}}};
//
// It issues no tokens, fetches no keys and keeps no list of revoked tokens. A program that wants the
// keys of an identity provider fetches them, and gives them to use(), also while the server runs.
//
// Signatures are HS256, RS256, ES256 and EdDSA with Ed25519 (RFC 7518, RFC 8037). Each key is for one
// of them, and a token must name the one of the key that signed it. A token that names another, or
// `none`, is therefore never accepted. What a token says about keys (`jku`, `jwk`, `x5u`, `x5c`) is
// ignored. A token with `crit` is refused.
#pragma once

#include "parley/stub/authenticator.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

namespace parley {

// The keys that may have signed a token, at most 8. A token with a `kid` is checked with the keys of
// that id, and with those without one.
class jwt_keys {
 public:
  // A JSON Web Key Set or a single key (RFC 7517), or public keys and certificates in PEM. In a set,
  // keys that are for something else or of a kind that is not supported are left out. A key without
  // `alg` is for the algorithm of its kind: RSA for RS256, P-256 for ES256, Ed25519 for EdDSA, and a
  // secret for HS256.
  //
  // Refused with `invalid`: a text without a usable key, more than 8 keys, RSA keys below 2048 bits,
  // secrets below 32 bytes (RFC 7518 section 3.2), and private keys. The error's text contains no
  // part of a key.
  static result<jwt_keys> read_text(std::string_view text);
  // The same from a file. The error's text names the file.
  static result<jwt_keys> read_file(const std::string& file);
  // The same, for options. Throw std::invalid_argument.
  static jwt_keys from_text(std::string_view text);
  static jwt_keys from_file(const std::string& file);
  // A secret for HS256. Everybody who can check tokens with it can also issue them. Throws
  // std::invalid_argument if it has fewer than 32 bytes.
  static jwt_keys hs256(std::string secret, std::string id = {});

  // For the library.
  struct set;
  const set& all() const noexcept { return *all_; }

 private:
  explicit jwt_keys(std::shared_ptr<const set> all) : all_(std::move(all)) {}
  std::shared_ptr<const set> all_;
};

struct jwt_options {
  jwt_keys keys;
  std::string issuer{};  // what `iss` must be. Empty: anything
  // What `aud` must contain. Empty: tokens with an `aud` are refused, because they are for somebody
  // else (RFC 7519 section 4.1.3).
  std::string audience{};
  // The claim that becomes principal::name. It is required: a text of at most 128 bytes.
  std::string name_claim = "sub";
  // The claim that becomes principal::roles: an array of texts, or one text with spaces between
  // them, as `scope` has. It may be absent. Empty: no roles.
  std::string roles_claim{};
  // How far the clocks may differ. `exp` is required, `nbf` is respected. The principal expires at
  // `exp` plus this.
  std::chrono::seconds leeway{60};
};

// Copies share the keys. Threads: any, with operator() on several at a time.
class jwt {
 public:
  explicit jwt(jwt_options options);

  // auth_options::check. Takes tokens from every source: the header, a subprotocol, a ticket, a
  // cookie, the greeting. A client without one is refused. All claims that are texts, numbers or
  // booleans become principal::claims, apart from the name and the times.
  reply<principal> operator()(const showing& shown) const;
  // The same for one token. The error is `unauthenticated`, and its text, for the log, contains no
  // part of the token.
  result<principal> check(std::string_view token, std::chrono::system_clock::time_point now) const;
  // Checks what comes from now on with these keys.
  void use(jwt_keys keys) const;

 private:
  struct state;
  std::shared_ptr<state> state_;
};

}  // namespace parley
