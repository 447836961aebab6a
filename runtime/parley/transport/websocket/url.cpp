#include "parley/transport/websocket/url.hpp"

#include "parley/transport/websocket.hpp"

#include <algorithm>
#include <charconv>

namespace parley::transport {
namespace {

error wrong(std::string why) { return {errc::invalid, "not a WebSocket url: " + std::move(why)}; }

bool is_host_char(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}
bool is_v6_char(char c) noexcept {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':' || c == '.';
}

bool begins_with_ignoring_case(std::string_view text, std::string_view lower) noexcept {
  return text.size() >= lower.size() &&
         std::equal(lower.begin(), lower.end(), text.begin(), [](char a, char b) { return a == (b >= 'A' && b <= 'Z' ? b + 32 : b); });
}

}  // namespace

std::string url::authority() const {
  std::string text = literal_v6 ? '[' + host + ']' : host;
  if (port != 80) text += ':' + std::to_string(port);
  return text;
}

result<url> parse_url(std::string_view text) {
  if (begins_with_ignoring_case(text, "wss://")) return wrong("wss needs TLS, which is not built in");
  if (!begins_with_ignoring_case(text, "ws://")) return wrong("it must begin with ws://");
  text.remove_prefix(5);
  if (std::any_of(text.begin(), text.end(),
                  [](char c) { return static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) >= 0x7F; }))
    return wrong("spaces, control characters and non-ASCII must be written as %xx");
  if (text.find('#') != text.npos) return wrong("no fragment is allowed");

  const std::size_t end = std::min(text.find_first_of("/?"), text.size());
  std::string_view authority = text.substr(0, end);
  std::string_view resource = text.substr(end);
  url parts;

  if (authority.find('@') != authority.npos) return wrong("no user name is allowed");
  std::string_view port;
  bool has_port = false;
  if (authority.starts_with('[')) {
    const std::size_t close = authority.find(']');
    if (close == authority.npos) return wrong("] is missing");
    parts.literal_v6 = true;
    parts.host = authority.substr(1, close - 1);
    std::string_view rest = authority.substr(close + 1);
    if (!rest.empty() && rest.front() != ':') return wrong("only a port may follow ]");
    has_port = !rest.empty();
    if (has_port) port = rest.substr(1);
    if (parts.host.find(':') == parts.host.npos || !std::all_of(parts.host.begin(), parts.host.end(), is_v6_char))
      return wrong("no IPv6 address stands between [ and ]");
  } else {
    const std::size_t colon = authority.find(':');
    parts.host = authority.substr(0, colon);
    has_port = colon != authority.npos;
    if (has_port) port = authority.substr(colon + 1);
    if (parts.host.empty()) return wrong("the host is missing");
    if (parts.host.size() > 253 || !std::all_of(parts.host.begin(), parts.host.end(), is_host_char))
      return wrong("the host has a character that no host has, or is too long");
  }
  if (has_port) {
    const auto [stop, ec] = std::from_chars(port.data(), port.data() + port.size(), parts.port);
    if (ec != std::errc{} || stop != port.data() + port.size() || parts.port == 0) return wrong("the port is not one of 1 to 65535");
  }

  const std::size_t mark = std::min(resource.find('?'), resource.size());
  if (mark > 0) parts.path = resource.substr(0, mark);
  if (mark < resource.size()) parts.query = resource.substr(mark + 1);
  return parts;
}

result<> check_websocket_url(std::string_view text) {
  const result<url> parts = parse_url(text);
  if (!parts) return parts.error();
  return {};
}

}  // namespace parley::transport
