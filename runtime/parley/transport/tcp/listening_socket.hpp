// Bound and listening sockets: TCP ports and Unix sockets.
#pragma once

#include "parley/transport/options.hpp"
#include "parley/transport/tcp/unix_socket.hpp"

#include <asio/any_io_executor.hpp>
#include <asio/basic_socket_acceptor.hpp>
#include <asio/generic/stream_protocol.hpp>

#include <cstdint>

namespace parley::transport {

struct listening_socket {
  asio::basic_socket_acceptor<asio::generic::stream_protocol> socket;
  std::uint16_t port = 0;  // 0 for a Unix socket
  // For a Unix socket. Destroyed first, so that the file is removed before the socket is closed.
  socket_file file{};
};

// Binds options.address and options.port, as websocket_listen documents it.
result<listening_socket> open_listening_socket(const asio::any_io_executor& on, const listen_options& options);

}  // namespace parley::transport
