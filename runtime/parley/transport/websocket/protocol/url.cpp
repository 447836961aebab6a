#include "parley/transport/websocket/protocol/url.hpp"

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

}  // namespace

bool begins_with_ignoring_case(std::string_view text, std::string_view lower) noexcept {
  return text.size() >= lower.size() &&
         std::equal(lower.begin(), lower.end(), text.begin(), [](char a, char b) { return a == (b >= 'A' && b <= 'Z' ? b + 32 : b); });
}

bool is_visible_ascii(std::string_view text) noexcept {
  return std::none_of(text.begin(), text.end(),
                      [](char c) { return static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) >= 0x7F; });
}

std::optional<std::string> parse_host_and_port(std::string_view text, host_and_port& out) {
  std::string_view port;
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == text.npos) return "] is missing";
    out.literal_v6 = true;
    out.host = text.substr(1, close - 1);
    const std::string_view rest = text.substr(close + 1);
    if (!rest.empty() && rest.front() != ':') return "only a port may follow ]";
    out.has_port = !rest.empty();
    if (out.has_port) port = rest.substr(1);
    if (out.host.find(':') == out.host.npos || !std::all_of(out.host.begin(), out.host.end(), is_v6_char))
      return "no IPv6 address stands between [ and ]";
  } else {
    const std::size_t colon = text.find(':');
    out.host = text.substr(0, colon);
    out.has_port = colon != text.npos;
    if (out.has_port) port = text.substr(colon + 1);
    if (out.host.empty()) return "the host is missing";
    if (out.host.size() > 253 || !std::all_of(out.host.begin(), out.host.end(), is_host_char))
      return "the host has a character that no host has, or is too long";
  }
  if (out.has_port) {
    const auto [stop, ec] = std::from_chars(port.data(), port.data() + port.size(), out.port);
    if (ec != std::errc{} || stop != port.data() + port.size() || out.port == 0) return "the port is not one of 1 to 65535";
  }
  return std::nullopt;
}

std::string url::authority() const {
  std::string text = literal_v6 ? '[' + host + ']' : host;
  if (port != 80) text += ':' + std::to_string(port);
  return text;
}

result<url> parse_url(std::string_view text) {
  if (begins_with_ignoring_case(text, "wss://")) return wrong("wss needs TLS, which is not built in");
  if (!begins_with_ignoring_case(text, "ws://")) return wrong("it must begin with ws://");
  text.remove_prefix(5);
  if (!is_visible_ascii(text)) return wrong("spaces, control characters and non-ASCII must be written as %xx");
  if (text.find('#') != text.npos) return wrong("no fragment is allowed");

  const std::size_t end = std::min(text.find_first_of("/?"), text.size());
  const std::string_view authority = text.substr(0, end);
  const std::string_view resource = text.substr(end);
  url parts;

  if (authority.find('@') != authority.npos) return wrong("no user name is allowed");
  if (const auto fault = parse_host_and_port(authority, parts)) return wrong(*fault);

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
