// The names of Unix sockets: the path of a file, or "@name" for a name in Linux's abstract
// namespace, which has no file. Without I/O.
#pragma once

#include "parley/core/core.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace parley::transport {

// sockaddr_un has 108 bytes for a path and its end, or for an abstract name and its mark.
inline constexpr std::size_t longest_unix_path = 107;

// The error in a name, in words that do not quote it. nullopt: the name is valid.
std::optional<std::string> fault_of_unix_path(std::string_view path);

// Whether an address is that of a Unix socket: "unix:/run/parley.sock" or "unix:@name".
bool is_unix_address(std::string_view address) noexcept;
// The name in such an address.
result<std::string> parse_unix_address(std::string_view address);

// The form for logs and errors: "unix:/run/parley.sock".
std::string printed_unix_path(std::string_view path);

}  // namespace parley::transport
