// The parts of a ws:// url (RFC 6455 section 3).
#pragma once

#include "parley/core/core.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace parley::transport {

struct url {
  std::string host;  // a name or an address; IPv6 without its brackets
  std::uint16_t port = 80;
  std::string path = "/";
  std::string query;  // without the '?'
  bool literal_v6 = false;

  // As a Host header has it: brackets around IPv6, the port unless it is 80.
  std::string authority() const;
  // As the request line has it.
  std::string resource() const { return query.empty() ? path : path + '?' + query; }
};

// The error says what is wrong and never quotes the url: it may hold a credential.
result<url> parse_url(std::string_view text);

}  // namespace parley::transport
