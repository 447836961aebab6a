#include "parley/server/shown_credentials.hpp"

#include "parley/core/ascii.hpp"
#include "parley/core/base64.hpp"
#include "parley/core/bytes.hpp"
#include "parley/core/wipe.hpp"
#include "parley/transport/websocket/protocol/url.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace parley {
namespace {

// Web pages cannot set headers, so they send their credential as a subprotocol. Such a name is not an
// encoding, and the server never repeats it.
constexpr std::string_view subprotocol_prefix = "parley.auth.";

constexpr std::string_view two_sources = "two credentials are shown: use one source of them";
constexpr std::string_view malformed = "the credential is malformed";

// What one source shows. A second one is a fault.
class found_credential {
 public:
  void add(shown_by how, std::string_view scheme, std::string secret) {
    if (made_.how != shown_by::nobody) {
      made_.fault = two_sources;
      return wipe(secret);
    }
    made_.how = how;
    made_.credential = credential(scheme, std::move(secret));
    if (scheme.empty() || made_.credential.secret().empty()) fail(malformed);
  }
  void fail(std::string_view text) {
    if (made_.fault.empty()) made_.fault = text;
  }
  bool nothing() const noexcept { return made_.how == shown_by::nobody && made_.fault.empty(); }
  shown_credential take() {
    if (!made_.fault.empty()) made_.credential = {};
    return std::move(made_);
  }

 private:
  shown_credential made_;
};

// "Bearer abc" (RFC 9110 section 11.4).
void read_header(std::string_view value, found_credential& to) {
  value = trimmed(value);
  const std::size_t space = std::min(value.find(' '), value.size());
  to.add(shown_by::header, value.substr(0, space), std::string(trimmed(value.substr(space))));
}

void read_subprotocol(std::string_view text, found_credential& to) {
  std::vector<std::byte> bytes;
  if (!from_base64url(text, bytes)) return to.fail(malformed);
  to.add(shown_by::subprotocol, "bearer", std::string(as_text(bytes)));
  wipe(bytes);
}

// The value of the cookie of this name (RFC 6265 section 5.4). Two of them are a fault, because
// another host of the same domain may have set one.
void read_cookies(std::string_view list, std::string_view name, std::optional<std::string>& value, found_credential& to) {
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(';'), list.size());
    const std::string_view pair = trimmed(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
    const std::size_t equals = pair.find('=');
    if (equals == pair.npos || trimmed(pair.substr(0, equals)) != name) continue;
    std::string_view text = trimmed(pair.substr(equals + 1));
    if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
    if (value) to.fail("the cookie with the credential is there twice");
    value = text;
  }
}

// Removes the parameter of this name from the query.
void read_ticket(std::string& query, std::string_view name, found_credential& to) {
  std::string rest;
  for (std::string_view left = query; !left.empty();) {
    const std::size_t end = std::min(left.find('&'), left.size());
    const std::string_view pair = left.substr(0, end);
    left.remove_prefix(std::min(end + 1, left.size()));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    if (pair.substr(0, equals) != name) {
      (rest.empty() ? rest : rest += '&') += pair;
      continue;
    }
    const auto ticket = transport::unescaped(pair.substr(std::min(equals + 1, pair.size())));
    if (ticket) to.add(shown_by::ticket, "ticket", *ticket);
    else to.fail(malformed);
  }
  if (rest.size() == query.size()) return;
  wipe(query);
  query = std::move(rest);
}

bool may_hold_credentials(std::string_view header) {
  static constexpr std::array names{"authorization", "proxy-authorization", "cookie", "sec-websocket-protocol"};
  return std::any_of(names.begin(), names.end(), [header](std::string_view name) { return same_ignoring_case(header, name); });
}

}  // namespace

shown_credential take_credentials(std::string_view cookie, std::string_view ticket, transport::request& asked) {
  found_credential found;
  std::optional<std::string> of_cookie;
  for (transport::header& one : asked.headers) {
    if (!may_hold_credentials(one.name)) continue;
    if (same_ignoring_case(one.name, "authorization")) read_header(one.value, found);
    if (!cookie.empty() && same_ignoring_case(one.name, "cookie")) read_cookies(one.value, cookie, of_cookie, found);
    wipe(one.value);
  }
  std::erase_if(asked.headers, [](const transport::header& one) { return may_hold_credentials(one.name); });
  for (std::string& name : asked.subprotocols) {
    if (!name.starts_with(subprotocol_prefix)) continue;
    read_subprotocol(std::string_view(name).substr(subprotocol_prefix.size()), found);
    wipe(name);
  }
  std::erase_if(asked.subprotocols, [](const std::string& name) { return name.empty(); });
  if (!ticket.empty()) read_ticket(asked.query, ticket, found);
  if (of_cookie && !of_cookie->empty() && !asked.origin.empty() && found.nothing())
    found.add(shown_by::cookie, "cookie", std::move(*of_cookie));
  if (of_cookie) wipe(*of_cookie);
  return found.take();
}

}  // namespace parley
