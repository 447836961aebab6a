// Unix sockets (unix(7)): connecting, binding, and the file that a bound socket leaves behind.
#pragma once

#include "parley/core/core.hpp"

#include <asio/local/stream_protocol.hpp>

#include <sys/types.h>

#include <string>
#include <string_view>
#include <system_error>

namespace parley::transport {

// The file of a listening socket. Its destructor removes the file, unless another file has replaced
// it meanwhile.
class socket_file {
 public:
  socket_file() = default;  // no file
  // The file that exists at `path` now.
  explicit socket_file(std::string path);
  socket_file(socket_file&& other) noexcept;
  socket_file& operator=(socket_file&&) = delete;
  ~socket_file();

 private:
  std::string path_;  // empty: no file
  dev_t device_ = 0;
  ino_t number_ = 0;
};

// Binds a new socket to `path`, which must be valid, and listens. The umask determines the
// permissions of the file.
//
// The file of a server that has ended without removing it is replaced. A path where a server
// listens, or where the file is not a socket, fails with std::errc::address_in_use.
result<socket_file> bind_and_listen(int descriptor, const std::string& path);

// Connects a new socket to `path`. Never waits. asio::error::try_again means that the server's
// queue of new clients is full.
std::error_code connect_now(asio::local::stream_protocol::socket& socket, const std::string& path);

}  // namespace parley::transport
