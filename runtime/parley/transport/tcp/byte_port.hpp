// A connected stream socket, TCP or Unix. It reads and writes bytes by system calls that never
// block, directly or through TLS. The class has no virtual function, because every read and write of
// a connection uses it.
#pragma once

#include "parley/core/core.hpp"
#include "parley/transport/tcp/brief_waits.hpp"
#include "parley/transport/tcp/endpoints.hpp"
#include "parley/transport/tcp/tls_layer.hpp"
#include "parley/transport/tcp/write_queue.hpp"

#include <asio/any_io_executor.hpp>
#include <asio/generic/stream_protocol.hpp>

#include <cstddef>
#include <memory>
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

  // Wait until the socket is ready. The handler is void(std::error_code).
  template <class Handler>
  void wait_readable(Handler handler) {
    socket_.async_wait(stream_socket::wait_read, std::move(handler));
  }
  template <class Handler>
  void wait_writable(Handler handler) {
    socket_.async_wait(stream_socket::wait_write, std::move(handler));
  }

  // Waits on the calling thread instead: until the socket is ready, until the descriptor `wake` is
  // readable, or until the time has come. A broken socket is ready for everything.
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
  // Returns how many bytes the system or, with TLS, tls_layer has accepted. The pieces are sent one after the other, at
  // most most_pieces of them.
  std::size_t write(std::string_view bytes, std::error_code& ec) noexcept;
  std::size_t write(std::span<const write_queue::view> pieces, std::error_code& ec) noexcept;
  static constexpr std::size_t most_pieces = 64;
  // Whether there is data to read. Asks the system.
  bool has_unread() const noexcept;
  // With TLS: whether the next read may return data although the socket is not readable.
  bool has_more() const noexcept { return tls_ && tls_->has_more(); }

  // From here on the bytes are those inside of TLS. Nothing that was received before is kept here.
  void secure(std::unique_ptr<tls_engine> engine) { tls_ = std::make_unique<tls_layer>(std::move(engine)); }
  // Ends TLS after its failure. What is read and written afterwards is plain.
  void give_up_tls() noexcept { tls_.reset(); }
  // Null: plain.
  tls_layer* tls() const noexcept { return tls_.get(); }
  // With TLS: sends what tls_layer::pending() reports.
  void flush_pending(std::error_code& ec) noexcept { tls_->flush(socket_.native_handle(), ec); }

  // Ends the stream to the other end.
  void finish_writing() noexcept;
  // See manners::keep_alive. Does nothing on a Unix socket, because the loss of its other end is
  // always detected.
  void keep_alive() noexcept;

 private:
  stream_socket socket_;
  std::unique_ptr<tls_layer> tls_;
  brief_waits brief_;  // of wait()
};

}  // namespace parley::transport
