// The socket's side of one WebSocket. It reads and writes bytes, and knows exactly which bytes the
// operating system has not accepted yet. It does not know HTTP or frames.
//
// It waits until the socket is ready and then reads or writes at once, instead of passing buffers
// to asynchronous operations. An idle stream therefore holds no buffer: bytes are read to the
// stack, or to memory of the owner. Queued data can be dropped at any time, and all data that was
// queued in one turn of the loop is sent in one system call.
#pragma once

#include "parley/core/core.hpp"
#include "parley/transport/lifeline.hpp"
#include "parley/transport/tcp/byte_port.hpp"
#include "parley/transport/tcp/flush_list.hpp"
#include "parley/transport/tcp/write_queue.hpp"
#include "parley/transport/waited.hpp"

#include <asio/any_io_executor.hpp>
#include <asio/steady_timer.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace parley::transport {

// The user of a stream. Called on the loop only, and never from inside a call into the stream.
class stream_owner {
 public:
  virtual ~stream_owner() = default;
  // Returns how many bytes it took. It may only leave bytes if it paused the stream meanwhile, or
  // if its turn is over. They are offered again after resume() or in the next turn. It may change
  // the bytes, and also the bytes that it took before. The first of those was 8-aligned.
  virtual std::size_t on_bytes(std::span<char> bytes) = 0;
  // The memory to which the next bytes should be read, so that they need not be copied. Empty: any
  // memory. Bytes that do not fit into it are passed to on_bytes afterwards.
  virtual std::span<char> room() { return {}; }
  virtual void on_filled(std::size_t) {}
  // The system has accepted some of the queue, and queued() is smaller than before.
  virtual void on_written() = 0;
  // The other end has ended its stream (asio::error::eof), or the connection broke. Only on_timer
  // may still be called.
  virtual void on_end(const std::error_code& why) = 0;
  virtual void on_timer() = 0;
  // The execution context is being destroyed, and the stream is closed. Release everything and call
  // nothing.
  virtual void on_severed() noexcept = 0;
};

class socket_stream final : public std::enable_shared_from_this<socket_stream>, private tethered {
 public:
  // `slot` is released with the socket, so that its owner can count open sockets. `turn` is the flush list of the socket's executor.
  socket_stream(stream_socket socket, std::shared_ptr<void> slot, std::shared_ptr<flush_list> turn);
  ~socket_stream();

  // The stream keeps its owner alive until close(). A new owner continues where the old one
  // stopped.
  void set_owner(std::shared_ptr<stream_owner> owner) { owner_ = std::move(owner); }
  // Whether on_written is called. The default is true. Unnecessary calls cost more than this
  // setting.
  void report_writes(bool wanted) noexcept { report_writes_ = wanted; }

  bool is_open() const noexcept { return port_.has_value(); }
  // Call it only while the stream is open.
  asio::any_io_executor executor() { return port_->executor(); }
  std::string remote() const { return remote_.text(); }
  host_address from() const noexcept { return remote_.host(); }
  // Keeps `more` as long as the slot. Released at once if the stream is closed.
  void hold(std::shared_ptr<void> more);
  // Asks the system. "unknown" once the stream is closed.
  std::string local();

  // From here on the bytes of this stream are those inside of TLS. What was queued and not sent is
  // encrypted too. The owner has taken everything that was received before. The handshake begins
  // with the next data that is sent or received.
  void secure(std::unique_ptr<tls_engine> engine);
  // Why TLS has failed, when on_end() is called for that reason. Null: it has not.
  const error* tls_fault() const noexcept;
  // As tls_engine::what_failed(), and `none` without TLS.
  tls_engine::trouble tls_trouble() const noexcept;
  bool is_tls_handshaking() const noexcept { return port_ && port_->tls() && port_->tls()->is_handshaking(); }
  // As tls_engine::shown_certificate(), and null without TLS.
  std::shared_ptr<const peer_certificate> tls_certificate() const {
    return port_ && port_->tls() ? port_->tls()->engine().shown_certificate() : nullptr;
  }
  bool is_tls() const noexcept { return port_ && port_->tls(); }
  // Whether the handshake used a ticket. Empty without TLS.
  std::optional<bool> tls_resumed() const noexcept {
    return port_ && port_->tls() ? std::optional(port_->tls()->engine().is_resumed()) : std::nullopt;
  }
  // After a failure of TLS: goes on without it, to explain the failure or to wait until the other
  // end has read the alert. The queue is dropped.
  void give_up_tls();

  // A new stream is paused.
  void resume();
  void pause() noexcept { paused_ = true; }
  // Streams of one executor take turns. The owner reports here how much work it has done for
  // received bytes. When its turn is over, it leaves the remaining bytes for the stream's next
  // turn.
  void spend(std::size_t work) noexcept { turn_left_ -= std::min(work, turn_left_); }
  bool has_turn() const noexcept { return turn_left_ != 0; }
  // Bytes are read to an 8-aligned address plus `lead`, which is less than 8. If the lead puts the
  // payload of the next frame at an aligned address, the payload need not be moved.
  void expect_lead(std::size_t lead) noexcept { lead_ = static_cast<std::uint8_t>(lead); }
  // Whether data has been received that the owner has not taken. Asks the system.
  bool has_unread() const;

  // Queues bytes. They are sent at the end of this turn of the loop.
  void write(std::string_view bytes);
  // Queues `head` and then the content, which is not copied.
  void write(std::string_view head, const buffer& content);
  // Queues the content with its own head. It is copied only if it has to wait.
  void write_framed(const buffer& content);
  // Room at the end of the queue, to be filled at once. Empty if nothing can be sent any more.
  std::span<char> extend(std::size_t count);
  std::size_t queued() const noexcept { return out_.size() + unsent_; }
  // The number of bytes that the system has accepted since the beginning, and the number once it has
  // accepted the queue. With TLS both count the plain text, and queued() counts ciphertext that waits
  // for the system.
  std::uint64_t written() const noexcept { return written_; }
  std::uint64_t end_of_queue() const noexcept { return written_ + encrypted_ + out_.size(); }
  // If an owner leaves on_bytes by an exception, it passes the bytes that it has not taken. They
  // are offered again.
  void keep(std::span<char> not_taken);
  // Whether the stream's data counts in the account of the flush list, because the socket does not
  // accept it. Call count_waiting() after a write that may have increased it.
  bool is_counted() const noexcept { return awaiting_write_ || counted_ != 0; }
  void count_waiting() noexcept {
    if (is_counted()) recount();
  }
  // The next flush does not wait for the turns of other streams.
  void hurry() noexcept {
    if (turn_) turn_->hurry();
  }
  // Sends as much as the system accepts at once, so that a long queue reuses its memory. on_written
  // is called when the stream's turn comes, as always.
  void write_early();
  // Ends the stream to the other end. Queued data is dropped, so wait until queued() is 0.
  void finish_writing();

  // Enables TCP keep-alive. It probes a peer that has been silent for a minute, and a peer that
  // does not answer for another minute is lost.
  void keep_alive() noexcept;

  // One timer for any purpose of the owner. Replaces the earlier setting.
  void set_timer(std::chrono::milliseconds after);
  void clear_timer();

  // Called by the flush list when the stream's turn has come.
  void flush_now();
  // Sends the queued data now. If the stream is in the flush list, it stays there, and the list
  // finds nothing to send.
  void flush();
  // Implements connection::wait_here(). Uses 128 KiB of the caller's stack, like a turn of the
  // loop.
  waited wait_here(int wake, time_point until);

  // Closes the socket at once and releases the owner. Nothing is called afterwards.
  void close() noexcept;

 private:
  // After this many bytes, other streams of the loop have their turn.
  static constexpr std::size_t bytes_per_turn = 1 << 20;

  void sever() noexcept override;
  void wait_readable();
  void go_on_later();
  void read_on_later();
  void turn_begins() noexcept;
  void read_some(std::size_t bytes, std::size_t work);
  template <class Offer>
  void batch(Offer offer);
  void offer(std::span<char> bytes);
  void offer_left_over();
  void go_on();
  void flush_soon() {
    if (!in_batch_ && !flush_due_) join_flush_list();
  }
  void join_flush_list();
  void keep_output() noexcept;
  void recount() noexcept;
  std::size_t write_front(std::error_code& ec);
  std::size_t write_secure(std::span<const write_queue::view> pieces, std::error_code& ec);
  bool send_pending();
  void after_secure_read();
  bool count_pending() noexcept;
  void writing_failed(const std::error_code& ec);
  void wait_writable();
  void write_on();
  void end(std::error_code why);

  std::optional<byte_port> port_;

  // The members that every write and flush needs lie together.
  std::shared_ptr<flush_list> turn_;
  bool in_batch_ = false;         // the owner is handling received bytes; its data is flushed afterwards
  bool flush_due_ = false;        // the stream is in the flush list
  bool awaiting_write_ = false;   // the socket accepts no more data
  bool write_is_waited_ = false;  // an operation on the loop waits until it does
  bool report_writes_ = true;
  bool wrote_early_ = false;  // on_written has not been called for it yet
  // A write failed. Data that was received before is still read, and then the end is reported.
  bool broken_ = false;
  write_queue out_;
  std::size_t unsent_ = 0;   // ciphertext that waits for the system
  std::size_t counted_ = 0;  // waiting bytes that count in the account of the flush list
  std::uint64_t written_ = 0;
  std::uint64_t encrypted_ = 0;  // the plain text that was written since unsent_ was 0

  std::unique_ptr<asio::steady_timer> timer_;  // exists while it is set
  std::shared_ptr<stream_owner> owner_;
  std::shared_ptr<void> slot_;
  const remote_end remote_;

  // Bytes that were read but not taken by the owner, from left_from_ on.
  std::vector<char> left_over_;
  std::size_t left_from_ = 0;
  std::error_code broken_by_;
  std::uint32_t timer_number_ = 0;
  std::size_t turn_left_ = 0;
  std::uint8_t lead_ = 0;

  bool paused_ = true;
  bool more_ = false;  // there is probably more to read at once
  bool awaiting_read_ = false;
  bool going_on_ = false;  // go_on() has been posted
  bool reads_on_ = false;  // and also because TLS has more
  bool has_rest_ = false;  // has_rest_ was reported to the flush list as a following turn
};

}  // namespace parley::transport
