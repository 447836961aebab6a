// A connected stream socket, TCP or Unix: bytes in, bytes out, by system calls that never block.
// What lies between the socket and the bytes, such as encryption, belongs here too. The class has
// no virtual function, because every read and write of a connection passes through it.
#pragma once

#include "parley/core/core.hpp"
#include "parley/transport/tcp/brief_waits.hpp"
#include "parley/transport/tcp/endpoints.hpp"
#include "parley/transport/tcp/write_queue.hpp"

#include <asio/any_io_executor.hpp>
#include <asio/generic/stream_protocol.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace parley::transport {

// A socket of either kind. Sockets of both kinds convert to it.
using stream_socket = asio::generic::stream_protocol::socket;

class byte_port {
 public:
  explicit byte_port(stream_socket socket) noexcept;

  asio::any_io_executor executor() { return socket_.get_executor(); }
  remote_end remote() noexcept { return remote_end(socket_.native_handle()); }
  std::string local() { return local_end(socket_.native_handle()); }

  // Readiness: the handler is void(std::error_code).
  template <class Handler>
  void wait_readable(Handler handler) {
    socket_.async_wait(stream_socket::wait_read, std::move(handler));
  }
  template <class Handler>
  void wait_writable(Handler handler) {
    socket_.async_wait(stream_socket::wait_write, std::move(handler));
  }

  // Waits in the calling thread instead, for the socket and until the descriptor `wake` is readable,
  // or until the time has come. A broken socket is ready for whatever is asked.
  struct readiness {
    bool readable = false;
    bool writable = false;
    bool woken = false;  // also by a signal
    bool late = false;
  };
  readiness wait(bool to_read, bool to_write, int wake, time_point until) noexcept;

  // Reads what has arrived, first into `direct`, which may be empty, and the rest into `room`. `ec`
  // is set if there is nothing to read: asio::error::would_block, or asio::error::eof at the end of
  // the stream.
  std::size_t read(std::span<char> direct, std::span<char> room, std::error_code& ec) noexcept;
  // Returns how many bytes the system has taken. The pieces are sent one behind the other, at most
  // most_pieces of them.
  std::size_t write(std::string_view bytes, std::error_code& ec) noexcept;
  std::size_t write(std::span<const write_queue::view> pieces, std::error_code& ec) noexcept;
  static constexpr std::size_t most_pieces = 64;
  // Whether there is something to read. Asks the system.
  bool has_unread() const noexcept;

  // Tells the other end that nothing follows.
  void finish_writing() noexcept;
  // See manners::keep_alive. Does nothing on a Unix socket, whose other end cannot vanish unseen.
  void keep_alive() noexcept;

 private:
  stream_socket socket_;
  brief_waits brief_;  // of wait()
};

}  // namespace parley::transport
