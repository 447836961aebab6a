#include "parley/transport/tcp/unix_path.hpp"

namespace parley::transport {
namespace {

constexpr std::string_view prefix = "unix:";

}  // namespace

std::optional<std::string> fault_of_unix_path(std::string_view path) {
  const bool is_abstract = path.starts_with('@');
  if (!is_abstract && !path.starts_with('/')) return "the path of the socket must begin with / (or with @ for an abstract name)";
  if (path.size() == 1) return "the name of the socket is missing";
  if (path.find('\0') != path.npos) return "the path of the socket has a zero byte";
  if (path.size() - (is_abstract ? 1 : 0) > longest_unix_path)
    return "the path of the socket is longer than " + std::to_string(longest_unix_path) + " bytes";
  return std::nullopt;
}

bool is_unix_address(std::string_view address) noexcept { return address.starts_with(prefix); }

result<std::string> parse_unix_address(std::string_view address) {
  const std::string_view path = address.substr(prefix.size());
  if (const auto fault = fault_of_unix_path(path)) return error{errc::invalid, "not the address of a Unix socket: " + *fault};
  return std::string(path);
}

std::string printed_unix_path(std::string_view path) { return std::string(prefix).append(path); }

}  // namespace parley::transport
