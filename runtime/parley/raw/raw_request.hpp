// A client's request to connect (RFC 6455 section 4.2.1).
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley {

struct raw_request {
  std::string path{};   // "/chat", without the query
  std::string query{};  // the part after '?'
  std::string host{};
  std::string origin{};                                        // empty for programs
  std::vector<std::string> subprotocols{};                     // as offered, in order
  std::vector<std::pair<std::string, std::string>> headers{};  // as received
  std::string remote{};                                        // "127.0.0.1:54321"

  // The first header with that name, compared without case. Empty if there is none.
  std::string_view header(std::string_view name) const noexcept;
};

}  // namespace parley
