// The parts of a url: ws://host[:port][/path][?query] (RFC 6455 section 3), or
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
  bool has_port = false;  // it was written
  bool literal_v6 = false;
};

// "example.org:80", "[::1]", ...; nullopt, or what is wrong, in words that quote nothing.
std::optional<std::string> parse_host_and_port(std::string_view text, host_and_port& out);

bool is_visible_ascii(std::string_view text) noexcept;
bool begins_with_ignoring_case(std::string_view text, std::string_view lower) noexcept;

// Text in which %xx stands for any byte. nullopt: a % without two hexadecimal digits.
std::optional<std::string> unescaped(std::string_view text);

struct url : host_and_port {
  std::string socket;  // of a Unix socket (unix_path.hpp), whose host is "localhost". Empty: over TCP
  std::string path = "/";
  std::string query;  // without the '?'

  // As a Host header has it: brackets around IPv6, the port unless it is 80.
  std::string authority() const;
  // As the request line has it.
  std::string resource() const { return query.empty() ? path : path + '?' + query; }
};

// The error says what is wrong and never quotes the url: it may hold a credential.
result<url> parse_url(std::string_view text);

}  // namespace parley::transport
