#include "parley/transport/tcp/endpoints.hpp"

#include "parley/transport/tcp/unix_path.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <cstring>

namespace parley::transport {
namespace {

// Returns an empty endpoint if the socket is not connected or no longer connected.
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
  if (::getpeername(descriptor, reinterpret_cast<sockaddr*>(&name), &size) != 0) return;
  if (name.ss_family != AF_UNIX) {
    end_ = address_of(name);
    return;
  }
  ucred peer{};
  size = sizeof peer;
  if (::getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0) end_ = process{peer.pid, peer.uid};
  else end_ = unknown_process{};
}

std::string remote_end::text() const {
  if (const auto* address = std::get_if<asio::ip::tcp::endpoint>(&end_)) return printed(*address);
  const auto* peer = std::get_if<process>(&end_);
  if (!peer) return "unix";
  const std::string user = "uid=" + std::to_string(peer->user);
  return "unix:" + (peer->id == 0 ? user : "pid=" + std::to_string(peer->id) + ',' + user);
}

host_address remote_end::host() const noexcept {
  const auto* const address = std::get_if<asio::ip::tcp::endpoint>(&end_);
  if (!address || address->port() == 0) return {};
  if (address->address().is_v4()) return host_address::v4(address->address().to_v4().to_bytes());
  return host_address::v6(address->address().to_v6().to_bytes());
}

std::string local_end(int descriptor) {
  sockaddr_storage name{};
  socklen_t size = sizeof name;
  if (::getsockname(descriptor, reinterpret_cast<sockaddr*>(&name), &size) != 0) return printed({});
  if (name.ss_family != AF_UNIX) return printed(address_of(name));
  // After the family there is a path that ends with a zero byte, an abstract name that begins with
  // one, or nothing.
  std::string path(reinterpret_cast<const char*>(&name) + offsetof(sockaddr_un, sun_path), size - offsetof(sockaddr_un, sun_path));
  if (path.empty()) return "unix";
  if (path.front() == '\0') path.front() = '@';
  else path.resize(path.find('\0') == path.npos ? path.size() : path.find('\0'));
  return printed_unix_path(path);
}

}  // namespace parley::transport
