// The two ends of a socket as text, for logs and for applications.
#pragma once

#include <asio/ip/tcp.hpp>

#include <string>

namespace parley::transport {

// "127.0.0.1:80", "[::1]:80". "unknown" without a port.
std::string printed(const asio::ip::tcp::endpoint& end);

// The other end of a connected socket. Stays valid after the socket is closed.
class remote_end {
 public:
  explicit remote_end(int descriptor) noexcept;
  std::string text() const { return printed(address_); }

 private:
  asio::ip::tcp::endpoint address_;
};

// The text of the local end.
std::string local_end(int descriptor);

}  // namespace parley::transport
