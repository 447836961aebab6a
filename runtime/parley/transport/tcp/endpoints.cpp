#include "parley/transport/tcp/endpoints.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>

namespace parley::transport {
namespace {

// Nothing if the socket is not, or no longer, connected.
asio::ip::tcp::endpoint address_of(const sockaddr_storage& from) noexcept {
  asio::ip::tcp::endpoint made;
  if (from.ss_family == AF_INET) made = asio::ip::tcp::endpoint(asio::ip::tcp::v4(), 0);
  else if (from.ss_family == AF_INET6) made = asio::ip::tcp::endpoint(asio::ip::tcp::v6(), 0);
  else return made;
  std::memcpy(made.data(), &from, made.size());
  return made;
}

}  // namespace

std::string printed(const asio::ip::tcp::endpoint& end) {
  if (end.port() == 0) return "unknown";
  const std::string address = end.address().to_string();
  return (end.address().is_v6() ? '[' + address + ']' : address) + ':' + std::to_string(end.port());
}

remote_end::remote_end(int descriptor) noexcept {
  sockaddr_storage name{};
  socklen_t size = sizeof name;
  if (::getpeername(descriptor, reinterpret_cast<sockaddr*>(&name), &size) == 0) address_ = address_of(name);
}

std::string local_end(int descriptor) {
  sockaddr_storage name{};
  socklen_t size = sizeof name;
  if (::getsockname(descriptor, reinterpret_cast<sockaddr*>(&name), &size) != 0) return printed({});
  return printed(address_of(name));
}

}  // namespace parley::transport
