// The parts of a url: ws://host[:port][/path][?query] (RFC 6455 section 3), the same with wss://, or
// ws+unix:///socket[:/path][?query], where the path of the socket comes first, as the package `ws` of
// npm spells it.
#pragma once

#include "parley/core/core.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace parley::transport {

struct host_and_port {
  std::string host;  // a name or an address; IPv6 without its brackets
  std::uint16_t port = 80;
  bool has_port = false;  // the url contains a port
  bool literal_v6 = false;
};

// Parses "example.org:80", "[::1]" and the like. Returns nullopt on success, and otherwise a
// description of the error that quotes nothing.
std::optional<std::string> parse_host_and_port(std::string_view text, host_and_port& out);

bool is_visible_ascii(std::string_view text) noexcept;
bool begins_with_ignoring_case(std::string_view text, std::string_view lower) noexcept;

// Replaces each %xx by the byte that it represents. nullopt if a % is not followed by two
// hexadecimal digits.
std::optional<std::string> unescaped(std::string_view text);

struct url : host_and_port {
  // wss: over TLS. The default of the port is then 443.
  bool secure = false;
  // The path of a Unix socket (unix_path.hpp). `host` is then "localhost". Empty: over TCP.
  std::string socket;
  std::string path = "/";
  std::string query;  // without the '?'

  // The value of the Host header: brackets around IPv6, and the port unless it is the default.
  std::string authority() const;
  // The target in the request line.
  std::string resource() const { return query.empty() ? path : path + '?' + query; }
};

// The error names the problem and never quotes the url, because it may contain a credential.
result<url> parse_url(std::string_view text);

}  // namespace parley::transport
