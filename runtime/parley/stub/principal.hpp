// Who a client is, as the server's check has found out. Does not use Asio.
#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace parley {

// The result of a check (authenticator.hpp). It stays at the server. Other clients learn of it only
// what handlers write into payloads.
struct principal {
  // What the target USER names: at most 128 bytes of UTF-8 without control characters. Several
  // sessions may belong to one principal. Empty: nobody in particular.
  std::string name{};
  // What `may_send` and `may_receive` of the schema ask for.
  std::vector<std::string> roles{};
  // Everything else that the check has found out, for handlers.
  std::map<std::string, std::string, std::less<>> claims{};
  // Until when the credential is valid. Five seconds later the connection is closed with 4006,
  // unless the client has shown another credential by then. Not set: until the connection ends.
  std::optional<std::chrono::system_clock::time_point> expires{};

  bool has_role(std::string_view role) const { return std::find(roles.begin(), roles.end(), role) != roles.end(); }
  bool operator==(const principal&) const = default;
};

// Whether `name` may be the name of a principal.
bool is_principal_name(std::string_view name);

// The principal of a client that was not checked.
inline const principal& nobody_in_particular() {
  static const principal one;
  return one;
}

}  // namespace parley
