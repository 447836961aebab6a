// Sockets that accept clients, bound and listening: TCP ports and Unix sockets.
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
  std::uint16_t port = 0;  // of a Unix socket: 0
  socket_file file{};      // of a Unix socket. Destroyed first: the file goes before the socket does
};

// Binds options.address and options.port, as websocket_listen documents it.
result<listening_socket> open_listening_socket(const asio::any_io_executor& on, const listen_options& options);

}  // namespace parley::transport
