// One end of one TLS connection, without a socket and without a clock. Ciphertext that was received
// is offered, plain text is read. Plain text is written, ciphertext that has to be sent appears in
// the room that was lent. The socket's side is transport/tcp/tls_layer.
//
// The engine keeps no buffer while nothing is in transit, and no descriptor. It can therefore move
// to another loop with its connection.
//
// Threads: one at a time.
#pragma once

#include "parley/core/core.hpp"
#include "parley/transport/tls/peer_certificate.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace parley::transport {

class tls_engine {
 public:
  enum class state : std::uint8_t {
    handshaking,  // needs bytes of the other end
    up,
    closed,  // the other end has ended the stream (close_notify)
    failed,
  };
  // Why an engine has failed, as far as its owner acts on it.
  enum class trouble : std::uint8_t {
    none,
    failed,
    plain_http,  // a server received the beginning of an HTTP request. Nothing was sent
    flood,       // too many key updates for so little data. Writing is still possible
  };

  tls_engine() = default;
  virtual ~tls_engine();
  tls_engine(const tls_engine&) = delete;
  tls_engine& operator=(const tls_engine&) = delete;

  // Continues the handshake. The first call of a client writes its first message. Reading and
  // writing continue the handshake as well.
  virtual state advance() = 0;
  // Returns how much plain text it has written to `to`, which is not empty. 0: `how` is the reason,
  // and `up` or `handshaking` mean that all offered ciphertext was taken and more is needed. At most
  // one record is read. Answers of the protocol itself may be written to the room.
  virtual std::size_t read(std::span<char> to, state& how) = 0;
  // Writes one record of at most 16 KiB, and returns how much of `text`, which is not empty, it
  // contains. 0: the handshake is not complete, or the engine has failed.
  virtual std::size_t write(std::string_view text, state& how) = 0;
  // Writes the end of this end's stream (close_notify), once. Nothing can be written afterwards.
  virtual void say_goodbye() = 0;

  // Whether the handshake is complete.
  virtual bool is_up() const noexcept = 0;
  // Whether the handshake used a ticket of an earlier one.
  virtual bool is_resumed() const noexcept = 0;
  // The certificate of the other end, once the handshake is complete. Null: it has shown none, it
  // was not checked, or memory is exhausted.
  virtual std::shared_ptr<const peer_certificate> shown_certificate() const = 0;
  trouble what_failed() const noexcept { return trouble_; }
  // Describes the failure. Null if there is none. Its text never quotes the other end.
  const error* fault() const noexcept { return trouble_ == trouble::none ? nullptr : &fault_; }

  // The ciphertext that the next calls may take. The owner keeps it until rest() was asked.
  void offer(std::string_view received) noexcept { in_ = received; }
  // What of it was not taken.
  std::string_view rest() const noexcept { return in_; }

  // The memory for ciphertext that has to be sent. What does not fit is kept here.
  void lend(std::span<char> room) noexcept {
    room_ = room;
    used_ = 0;
  }
  std::string_view output() const noexcept { return {room_.data(), used_}; }
  // What did not fit and comes after output(). Also takes the room back.
  std::string take_beyond() noexcept {
    lend({});
    return std::exchange(beyond_, {});
  }

 protected:
  std::string_view in_;
  std::span<char> room_;
  std::size_t used_ = 0;
  std::string beyond_;
  trouble trouble_ = trouble::none;
  error fault_{errc::failed};
};

}  // namespace parley::transport
