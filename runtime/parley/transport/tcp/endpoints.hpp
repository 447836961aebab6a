// The two ends of a socket as text, for logs and for applications.
#pragma once

#include "parley/transport/host_address.hpp"

#include <asio/ip/tcp.hpp>

#include <sys/types.h>

#include <string>
#include <variant>

namespace parley::transport {

// "127.0.0.1:80" or "[::1]:80". "unknown" without a port.
std::string printed(const asio::ip::tcp::endpoint& end);

// The other end of a connected socket. Stays valid after the socket is closed.
class remote_end {
 public:
  explicit remote_end(int descriptor) noexcept;
  // For a Unix socket "unix:pid=1234,uid=1000", the process that connected or the one that listens.
  // A path is not printed, because the peer chose it. "unix" if the system does not know the
  // process.
  std::string text() const;
  // Without a network address for a Unix socket, and for a socket that was never connected.
  host_address host() const noexcept;

 private:
  struct process {
    pid_t id = 0;  // 0: in another namespace
    uid_t user = 0;
  };
  struct unknown_process {};

  std::variant<asio::ip::tcp::endpoint, process, unknown_process> end_;
};

// The text of the local end. For a Unix socket "unix:/run/parley.sock", or "unix" if it has no
// name, as at a client.
std::string local_end(int descriptor);

}  // namespace parley::transport
