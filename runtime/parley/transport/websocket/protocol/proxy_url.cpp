#include "parley/transport/websocket/protocol/proxy_url.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace parley::transport {
namespace {

constexpr std::size_t max_credential = 255;  // RFC 1929 section 2

error wrong(std::string why) { return {errc::invalid, "not a proxy's url: " + std::move(why)}; }

}  // namespace

result<proxy_url> parse_proxy_url(std::string_view text) {
  proxy_url parts;
  const auto begins = [&](std::string_view scheme) {
    if (!begins_with_ignoring_case(text, scheme)) return false;
    text.remove_prefix(scheme.size());
    return true;
  };
  if (begins("socks5://") || begins("socks5h://")) parts.speaks = proxy_url::kind::socks5;
  else if (begins("http://")) parts.speaks = proxy_url::kind::http;
  else return wrong("it must begin with socks5:// or http://");
  if (text.ends_with('/')) text.remove_suffix(1);
  if (!is_visible_ascii(text)) return wrong("spaces, control characters and non-ASCII must be written as %xx");
  if (text.find_first_of("/?#") != text.npos) return wrong("nothing may follow the port");

  // The last '@' ends the credentials, because a host has no '@' but a password may contain one
  // that is not escaped.
  if (const std::size_t at = text.rfind('@'); at != text.npos) {
    const std::string_view who = text.substr(0, at);
    text.remove_prefix(at + 1);
    const std::size_t colon = who.find(':');
    const auto user = unescaped(who.substr(0, colon));
    const auto password = colon == who.npos ? std::optional<std::string>{std::string()} : unescaped(who.substr(colon + 1));
    if (!user || !password) return wrong("% must be followed by two hexadecimal digits");
    if (user->empty() || user->size() > max_credential || password->size() > max_credential)
      return wrong("the user has 1 to 255 bytes, and the password at most 255");
    if (parts.speaks == proxy_url::kind::socks5 && password->empty()) return wrong("socks5 requires a password with the user (RFC 1929)");
    const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
    if (parts.speaks == proxy_url::kind::http && (user->find(':') != user->npos || std::any_of(user->begin(), user->end(), is_control) ||
                                                  std::any_of(password->begin(), password->end(), is_control)))
      return wrong("the user has a colon, or one of both a control character (RFC 7617)");
    parts.has_credentials = true;
    parts.user = *user;
    parts.password = *password;
  }
  if (const auto fault = parse_host_and_port(text, parts.at)) return wrong(*fault);
  if (!parts.at.has_port) return wrong("the port is missing");
  return parts;
}

result<> check_proxy_url(std::string_view text) {
  const result<proxy_url> parts = parse_proxy_url(text);
  if (!parts) return parts.error();
  return {};
}

result<route> parse_route(std::string_view server, std::string_view proxy) {
  result<url> to = parse_url(server);
  if (!to) return to.error();
  route made{std::move(*to), std::nullopt};
  if (proxy.empty()) return made;
  result<proxy_url> by = parse_proxy_url(proxy);
  if (!by) return by.error();
  if (!made.server.socket.empty()) return error{errc::invalid, "no proxy leads to a Unix socket: leave the proxy out"};
  made.proxy = std::move(*by);
  return made;
}

}  // namespace parley::transport
