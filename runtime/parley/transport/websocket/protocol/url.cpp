#include "parley/transport/websocket/protocol/url.hpp"

#include "parley/transport/tcp/unix_path.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace parley::transport {
namespace {

constexpr std::uint16_t default_port_of_wss = 443;

error wrong(std::string why) { return {errc::invalid, "not a WebSocket url: " + std::move(why)}; }

bool is_host_char(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

int hex(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_v6_char(char c) noexcept {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':' || c == '.';
}

// `resource` becomes the part after the path of the socket, without its colon.
std::optional<std::string> parse_socket(std::string_view escaped, std::string_view& resource, url& out) {
  auto path = unescaped(escaped);
  if (!path) return "% must be followed by two hexadecimal digits";
  if (auto fault = fault_of_unix_path(*path)) return fault;
  if (resource.starts_with('?')) return "a query follows the path of the request, which begins behind a colon";
  if (resource.starts_with(':')) resource.remove_prefix(1);
  if (!resource.empty() && resource.front() != '/') return "the path of the request, behind the colon, must begin with /";
  out.socket = std::move(*path);
  out.host = "localhost";
  return std::nullopt;
}

}  // namespace

std::optional<std::string> unescaped(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      plain += text[i];
      continue;
    }
    if (text.size() - i < 3 || hex(text[i + 1]) < 0 || hex(text[i + 2]) < 0) return std::nullopt;
    plain += static_cast<char>(hex(text[i + 1]) * 16 + hex(text[i + 2]));
    i += 2;
  }
  return plain;
}

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
      return "the text between [ and ] is not an IPv6 address";
  } else {
    const std::size_t colon = text.find(':');
    out.host = text.substr(0, colon);
    out.has_port = colon != text.npos;
    if (out.has_port) port = text.substr(colon + 1);
    if (out.host.empty()) return "the host is missing";
    if (out.host.size() > 253 || !std::all_of(out.host.begin(), out.host.end(), is_host_char))
      return "the host has an invalid character or is too long";
  }
  if (out.has_port) {
    const auto [stop, ec] = std::from_chars(port.data(), port.data() + port.size(), out.port);
    if (ec != std::errc{} || stop != port.data() + port.size() || out.port == 0) return "the port is not one of 1 to 65535";
  }
  return std::nullopt;
}

std::string url::authority() const {
  std::string text = literal_v6 ? '[' + host + ']' : host;
  if (port != (secure ? default_port_of_wss : 80)) text += ':' + std::to_string(port);
  return text;
}

result<url> parse_url(std::string_view text) {
  constexpr std::string_view over_tcp = "ws://", over_tls = "wss://", over_unix = "ws+unix://";
  if (begins_with_ignoring_case(text, "mem://")) return wrong("mem:// needs the option `loopback`");
  const bool unix_socket = begins_with_ignoring_case(text, over_unix);
  const bool secure = begins_with_ignoring_case(text, over_tls);
  if (!unix_socket && !secure && !begins_with_ignoring_case(text, over_tcp)) return wrong("it must begin with ws://, wss:// or ws+unix://");
  text.remove_prefix((unix_socket ? over_unix : secure ? over_tls : over_tcp).size());
  if (!is_visible_ascii(text)) return wrong("spaces, control characters and non-ASCII must be written as %xx");
  if (text.find('#') != text.npos) return wrong("no fragment is allowed");

  const std::size_t end = std::min(text.find_first_of(unix_socket ? ":?" : "/?"), text.size());
  const std::string_view authority = text.substr(0, end);
  std::string_view resource = text.substr(end);
  url parts;

  if (unix_socket) {
    if (const auto fault = parse_socket(authority, resource, parts)) return wrong(*fault);
  } else {
    if (authority.find('@') != authority.npos) return wrong("no user name is allowed");
    if (const auto fault = parse_host_and_port(authority, parts)) return wrong(*fault);
    parts.secure = secure;
    if (secure && !parts.has_port) parts.port = default_port_of_wss;
  }

  const std::size_t mark = std::min(resource.find('?'), resource.size());
  if (mark > 0) parts.path = resource.substr(0, mark);
  if (mark < resource.size()) parts.query = resource.substr(mark + 1);
  return parts;
}

}  // namespace parley::transport
