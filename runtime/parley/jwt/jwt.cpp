// Reads tokens: three parts in base64url (RFC 7515 section 7.1), of which the first two are JSON.
#include "parley/jwt/jwt.hpp"

#include "parley/jwt/key.hpp"
#include "parley/wire/json.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace parley {
namespace {

constexpr std::size_t longest_token = 8 * 1024;

error refused(std::string text) { return {errc::unauthenticated, "the token is refused: " + std::move(text)}; }

// Calls take(name) for each member of the text's object. take() reads one value. Returns false if the
// text is not an object, or has a member twice.
template <class Take>
bool read_object(const std::string& text, Take take) {
  json::reader in(text);
  if (in.kind() != json::kind::object || !in.enter_object()) return false;
  std::vector<std::string> seen;
  for (std::string_view view; in.next_member(view);) {
    const std::string name(view);
    if (std::find(seen.begin(), seen.end(), name) != seen.end()) return false;
    seen.push_back(name);
    take(in, name);
  }
  return in.finish();
}

struct token_header {
  std::string alg{}, kid{};
  bool crit = false;
};

std::optional<token_header> read_header(const std::string& text) {
  token_header found;
  bool sound = true;
  const bool object = read_object(text, [&](json::reader& in, const std::string& name) {
    if (name == "crit") found.crit = true;
    if (name != "alg" && name != "kid") return in.skip();
    if (in.kind() == json::kind::string) return in.read(name == "alg" ? found.alg : found.kid);
    sound = false;
    return in.skip();
  });
  return object && sound ? std::optional(found) : std::nullopt;
}

// What a token says. A member of a wrong type is a fault.
struct token_claims {
  std::optional<double> exp{}, nbf{};
  std::string iss{};
  std::vector<std::string> aud{};
  bool has_aud = false;
  std::optional<std::string> name{};
  std::vector<std::string> roles{};
  std::map<std::string, std::string, std::less<>> others{};
};

bool read_texts(json::reader& in, bool spaces, std::vector<std::string>& out) {
  std::string text;
  if (in.kind() == json::kind::string) {
    if (!in.read(text)) return false;
    for (std::string_view rest = text; !rest.empty();) {
      const std::size_t end = spaces ? std::min(rest.find(' '), rest.size()) : rest.size();
      if (end != 0) out.emplace_back(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return true;
  }
  if (in.kind() != json::kind::array) return in.fail("not a text or a list of texts");
  if (!in.enter_array()) return false;
  while (in.next_element()) {
    if (in.kind() != json::kind::string) return in.fail("not a text");
    if (in.read(text)) out.push_back(text);
  }
  return !in.failed();
}

bool read_time(json::reader& in, std::optional<double>& out) {
  double value = 0;
  if (in.kind() != json::kind::number) return in.fail("not a number");
  if (!in.read(value)) return false;
  out = value;
  return true;
}

bool read_claim(json::reader& in, const std::string& name, const jwt_options& options, token_claims& out) {
  if (name == options.roles_claim && !name.empty()) return read_texts(in, true, out.roles);
  if (name == options.name_claim) return in.kind() == json::kind::string ? in.read(out.name.emplace()) : in.fail("not a text");
  if (name == "exp") return read_time(in, out.exp);
  if (name == "nbf") return read_time(in, out.nbf);
  if (name == "iat") return in.skip();
  if (name == "aud") return out.has_aud = true, read_texts(in, false, out.aud);
  if (name == "iss" && in.kind() != json::kind::string) return in.fail("not a text");
  switch (in.kind()) {
    case json::kind::string: {
      std::string text;
      if (!in.read(text)) return false;
      if (name == "iss") out.iss = text;
      out.others.emplace(name, std::move(text));
      return true;
    }
    case json::kind::number:
    case json::kind::boolean: {
      std::string_view written;
      if (!in.raw(written, 0)) return false;
      out.others.emplace(name, written);
      return true;
    }
    default:
      return in.skip();
  }
}

bool is_signed(const jwt_keys::set& with, const token_header& header, std::string_view text, std::string_view signature) {
  const auto algorithm = jwt_algorithm_named(header.alg);
  if (!algorithm) return false;
  return std::any_of(with.keys.begin(), with.keys.end(), [&](const jwt_key& key) {
    const bool of_this_id = header.kid.empty() || key.id.empty() || key.id == header.kid;
    return key.algorithm == *algorithm && of_this_id && key.has_signed(text, signature);
  });
}

// Dates after 2169 count as then, so that a clock in nanoseconds does not overflow.
std::chrono::system_clock::time_point at(double seconds) {
  constexpr double most = 200.0 * 365 * 24 * 60 * 60;
  const auto bounded = std::clamp(std::isnan(seconds) ? 0.0 : seconds, 0.0, most);
  return std::chrono::system_clock::time_point(
      std::chrono::duration_cast<std::chrono::system_clock::duration>(std::chrono::duration<double>(bounded)));
}

}  // namespace

struct jwt::state {
  explicit state(jwt_options chosen) : options(std::move(chosen)), keys(options.keys) {}

  jwt_keys now() {
    const std::lock_guard lock(guard);
    return keys;
  }

  const jwt_options options;
  std::mutex guard;
  jwt_keys keys;  // under the mutex
};

jwt::jwt(jwt_options options) : state_(std::make_shared<state>(std::move(options))) {}

void jwt::use(jwt_keys keys) const {
  const std::lock_guard lock(state_->guard);
  state_->keys = std::move(keys);
}

result<principal> jwt::check(std::string_view token, std::chrono::system_clock::time_point now) const {
  const jwt_options& options = state_->options;
  if (token.size() > longest_token) return refused("it is longer than 8 KiB");
  const std::size_t first = token.find('.');
  const std::size_t second = first == token.npos ? token.npos : token.find('.', first + 1);
  if (second == token.npos || token.find('.', second + 1) != token.npos) return refused("it does not have three parts");
  const auto header_text = from_base64url(token.substr(0, first));
  const auto claims_text = from_base64url(token.substr(first + 1, second - first - 1));
  const auto signature = from_base64url(token.substr(second + 1));
  if (!header_text || !claims_text || !signature) return refused("a part is empty or not base64url");
  const auto header = read_header(*header_text);
  if (!header) return refused("its header is malformed");
  if (header->crit) return refused("it has `crit`, of which nothing is supported");
  if (!is_signed(state_->now().all(), *header, token.substr(0, second), *signature))
    return refused("no key of its algorithm and its `kid` has signed it");

  token_claims claims;
  if (!read_object(*claims_text, [&](json::reader& in, const std::string& name) { read_claim(in, name, options, claims); }))
    return refused("its claims are malformed");
  if (!claims.exp) return refused("it has no `exp`");
  const auto until = at(*claims.exp) + options.leeway;
  if (until <= now) return refused("it has expired");
  if (claims.nbf && at(*claims.nbf) - options.leeway > now) return refused("it is not valid yet (`nbf`)");
  if (!options.issuer.empty() && claims.iss != options.issuer) return refused("`iss` is not jwt_options::issuer");
  if (claims.has_aud && options.audience.empty()) return refused("it is for an audience, and jwt_options::audience is not set");
  if (!options.audience.empty() && std::find(claims.aud.begin(), claims.aud.end(), options.audience) == claims.aud.end())
    return refused("`aud` does not contain jwt_options::audience");
  if (!claims.name || claims.name->empty()) return refused("the claim of jwt_options::name_claim is missing");
  if (!is_principal_name(*claims.name))
    return refused("the claim of jwt_options::name_claim is longer than 128 bytes, or has control characters");
  return principal{.name = std::move(*claims.name), .roles = std::move(claims.roles), .claims = std::move(claims.others), .expires = until};
}

reply<principal> jwt::operator()(const showing& shown) const {
  if (shown.credential.secret().empty()) return refused("there is none");
  return check(shown.credential.secret(), std::chrono::system_clock::now());
}

}  // namespace parley
