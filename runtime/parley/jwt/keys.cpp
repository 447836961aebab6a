// Reads keys: JSON Web Keys (RFC 7517, RFC 7518 section 6, RFC 8037 section 2), and PEM.
#include "parley/jwt/key.hpp"

#include "parley/core/base64.hpp"
#include "parley/core/bytes.hpp"
#include "parley/core/wipe.hpp"
#include "parley/transport/tls/rules.hpp"
#include "parley/wire/json.hpp"

#include <algorithm>
#include <cstddef>
#include <fstream>
#include <stdexcept>
#include <utility>

namespace parley {
namespace {

constexpr std::size_t most_keys = 8;
constexpr std::size_t shortest_secret = 32;
constexpr std::size_t longest_file = 1024 * 1024;

error wrong(std::string text) { return {errc::invalid, "jwt_keys: " + std::move(text)}; }

// One JSON Web Key as it is written. Members that are not texts count as absent.
struct written_key {
  std::string kty, alg, use, kid, crv, n, e, x, y, k;
  bool is_private = false;
  bool verifies = true;  // `key_ops` is absent or contains "verify"
  ~written_key() { wipe(k); }
};

bool read_text_or_skip(json::reader& in, std::string& to) { return in.kind() == json::kind::string ? in.read(to) : in.skip(); }

bool read_key(json::reader& in, written_key& out) {
  if (in.kind() != json::kind::object) return in.fail("a key is not an object");
  if (!in.enter_object()) return false;
  std::vector<std::string> seen;
  for (std::string_view view; in.next_member(view);) {
    const std::string name(view);
    if (std::find(seen.begin(), seen.end(), name) != seen.end()) return in.fail("a member appears twice");
    seen.push_back(name);
    static constexpr std::pair<std::string_view, std::string written_key::*> texts[] = {
        {"kty", &written_key::kty}, {"alg", &written_key::alg}, {"use", &written_key::use}, {"kid", &written_key::kid},
        {"crv", &written_key::crv}, {"n", &written_key::n},     {"e", &written_key::e},     {"x", &written_key::x},
        {"y", &written_key::y},     {"k", &written_key::k}};
    const auto* const text = std::find_if(std::begin(texts), std::end(texts), [&](const auto& one) { return one.first == name; });
    if (text != std::end(texts)) {
      read_text_or_skip(in, out.*(text->second));
    } else if (name == "key_ops" && in.kind() == json::kind::array) {
      out.verifies = false;
      if (!in.enter_array()) return false;
      while (in.next_element()) {
        std::string operation;
        read_text_or_skip(in, operation);
        out.verifies = out.verifies || operation == "verify";
      }
    } else {
      out.is_private = out.is_private || name == "d";
      in.skip();
    }
  }
  return !in.failed();
}

struct key_of_set {
  std::optional<jwt_key> key{};  // empty: it is left out
  std::string fault{};
};

key_of_set usable(const written_key& from) {
  if (from.is_private) return {.fault = "a key is a private key: give the public key to servers"};
  if ((!from.use.empty() && from.use != "sig") || !from.verifies) return {};
  const auto stated = jwt_algorithm_named(from.alg);
  if (!from.alg.empty() && !stated) return {};
  jwt_key made;
  made.id = from.kid;
  if (from.kty == "oct") {
    auto secret = from_base64url(from.k);
    if (!secret) return {};
    if (secret->size() < shortest_secret) return {.fault = "a secret for HS256 has fewer than 32 bytes"};
    made.algorithm = jwt_algorithm::hs256;
    made.secret = std::move(*secret);
  } else {
    const auto n = from_base64url(from.n), e = from_base64url(from.e), x = from_base64url(from.x), y = from_base64url(from.y);
    if (from.kty == "RSA" && n && e) made.public_ = rsa_key(*n, *e);
    if (from.kty == "EC" && from.crv == "P-256" && x && y) made.public_ = p256_key(*x, *y);
    if (from.kty == "OKP" && from.crv == "Ed25519" && x) made.public_ = ed25519_key(*x);
    if (!made.public_) return {};
    if (is_rsa_below_2048(*made.public_)) return {.fault = "a key for RS256 has fewer than 2048 bits"};
    made.algorithm = algorithm_of(*made.public_).value_or(jwt_algorithm::rs256);
  }
  if (stated && *stated != made.algorithm) return {};
  return {.key = std::move(made)};
}

result<std::vector<jwt_key>> read_json(std::string_view text) {
  std::vector<jwt_key> found;
  std::string fault;
  const auto take = [&](json::reader& in) {
    written_key one;
    if (!read_key(in, one)) return false;
    key_of_set made = usable(one);
    if (made.key) found.push_back(std::move(*made.key));
    if (fault.empty()) fault = std::move(made.fault);
    return true;
  };
  json::reader in(text);
  // A set has the member `keys`, and a single key has not.
  bool is_set = false;
  const auto start = in.here();
  if (in.kind() != json::kind::object) return wrong("the text is neither a JSON Web Key nor PEM");
  if (in.enter_object()) {
    for (std::string_view name; in.next_member(name);) {
      if (name == "keys" && std::exchange(is_set, true)) in.fail("`keys` appears twice");
      else if (name == "keys" && in.kind() == json::kind::array) {
        if (in.enter_array())
          while (in.next_element() && take(in)) {}
      } else {
        in.skip();
      }
    }
  }
  if (!is_set && !in.failed()) {
    in.back_to(start);
    take(in);
  }
  if (!in.finish()) return wrong("the text is not a JSON Web Key Set: " + in.error().message);
  if (!fault.empty()) return wrong(fault);
  return found;
}

result<std::vector<jwt_key>> read_pem(std::string_view text) {
  if (text.find("PRIVATE KEY-----") != text.npos) return wrong("the text has a private key: give the public key to servers");
  std::vector<jwt_key> found;
  for (auto& key : keys_in_pem(text)) {
    if (is_rsa_below_2048(*key)) return wrong("a key for RS256 has fewer than 2048 bits");
    const auto algorithm = algorithm_of(*key);
    if (!algorithm) return wrong("a key is neither RSA nor P-256 nor Ed25519");
    found.push_back({.algorithm = *algorithm, .public_ = std::move(key)});
  }
  if (found.empty()) return wrong("the text has no public key in PEM, or a damaged one");
  return found;
}

}  // namespace

std::optional<jwt_algorithm> jwt_algorithm_named(std::string_view name) noexcept {
  if (name == "HS256") return jwt_algorithm::hs256;
  if (name == "RS256") return jwt_algorithm::rs256;
  if (name == "ES256") return jwt_algorithm::es256;
  if (name == "EdDSA") return jwt_algorithm::eddsa;
  return std::nullopt;
}

std::optional<std::string> from_base64url(std::string_view text) {
  std::vector<std::byte> decoded;
  if (text.empty() || !parley::from_base64url(text, decoded)) return std::nullopt;
  return std::string(as_text(decoded));
}

result<jwt_keys> jwt_keys::read_text(std::string_view text) {
  transport::prepare_openssl();
  auto found = text.find("-----BEGIN") != text.npos ? read_pem(text) : read_json(text);
  if (!found) return found.error();
  if (found->empty()) return wrong("the set has no key for HS256, RS256, ES256 or EdDSA");
  if (found->size() > most_keys) return wrong("there are more than 8 keys");
  auto all = std::make_shared<set>();
  all->keys = std::move(*found);
  return jwt_keys(std::move(all));
}

result<jwt_keys> jwt_keys::read_file(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::string text(longest_file + 1, '\0');
  if (!in) return wrong("\"" + file + "\" cannot be read");
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (in.bad() || text.size() > longest_file) return wrong("\"" + file + "\" cannot be read, or is larger than 1 MiB");
  auto keys = read_text(text);
  wipe(text);
  if (!keys) return error{errc::invalid, keys.error().message + " (\"" + file + "\")"};
  return keys;
}

jwt_keys jwt_keys::from_text(std::string_view text) {
  auto keys = read_text(text);
  if (!keys) throw std::invalid_argument(keys.error().message);
  return std::move(*keys);
}

jwt_keys jwt_keys::from_file(const std::string& file) {
  auto keys = read_file(file);
  if (!keys) throw std::invalid_argument(keys.error().message);
  return std::move(*keys);
}

jwt_keys jwt_keys::hs256(std::string secret, std::string id) {
  if (secret.size() < shortest_secret) throw std::invalid_argument("jwt_keys: a secret for HS256 has fewer than 32 bytes");
  transport::prepare_openssl();
  auto all = std::make_shared<set>();
  all->keys.push_back({.algorithm = jwt_algorithm::hs256, .id = std::move(id), .secret = std::move(secret)});
  return jwt_keys(std::move(all));
}

}  // namespace parley
