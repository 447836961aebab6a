// TLS between a socket and the owner of its bytes: moves ciphertext between the system and a
// tls_engine. One system call reads, one sends, and OpenSSL works on the stack in between. While the
// connection is idle, this object holds no buffer.
#pragma once

#include "parley/core/core.hpp"
#include "parley/transport/tcp/write_queue.hpp"
#include "parley/transport/tls/engine.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace parley::transport {

class tls_layer {
 public:
  explicit tls_layer(std::unique_ptr<tls_engine> engine) noexcept : engine_(std::move(engine)) {}

  // As byte_port::read. Uses 72 KiB of the stack.
  std::size_t read(int socket, std::span<char> direct, std::span<char> room, std::error_code& ec) noexcept;
  // After a read: there may be more to read, whether or not the socket is readable. The owner's room
  // was full, or the memory for ciphertext.
  bool has_more() const noexcept { return more_; }

  // Takes plain text, and returns how much it has taken. What the system does not accept stays here
  // as ciphertext, at most that of one call. While there is some, and during the handshake, nothing
  // is taken and `ec` is asio::error::would_block. Uses 84 KiB of the stack.
  std::size_t write(int socket, std::span<const write_queue::view> pieces, std::error_code& ec) noexcept;
  // The ciphertext that the system has not accepted.
  std::size_t pending() const noexcept { return unsent_.size(); }
  // Sends it.
  void flush(int socket, std::error_code& ec) noexcept;
  // Whether writing depends on bytes of the other end.
  bool is_handshaking() const noexcept { return !engine_->is_up(); }
  // Ends the stream to the other end, when everything before was sent.
  void finish_writing(int socket) noexcept;

  const tls_engine& engine() const noexcept { return *engine_; }

 private:
  std::size_t fill(std::span<char> to, tls_engine::state& how);
  void send_output(int socket, std::error_code& ec);
  std::size_t fail(std::error_code& ec) noexcept;

  std::unique_ptr<tls_engine> engine_;
  // Ciphertext that was received and not decrypted, because the owner's room was full.
  std::string unread_;
  std::size_t unread_from_ = 0;
  std::string unsent_;
  bool more_ = false;
  bool ends_ = false;  // finish_writing() was called
};

}  // namespace parley::transport
