// The socket's side of one WebSocket: bytes in, bytes out, and an exact account of what the operating system has not yet taken. Knows
// nothing of HTTP or frames.
//
// It waits until the socket is ready and then reads or writes at once, instead of handing buffers to asynchronous operations. So no
// buffer is bound while nothing happens (bytes are read to the stack, or where the owner wants them), what is queued can be dropped at any
// time, and everything that was queued in one turn of the loop leaves in one system call.
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

// Who uses a stream. Called from the loop only, never from inside a call into the stream.
class stream_owner {
 public:
  virtual ~stream_owner() = default;
  // Returns how many it took. Fewer than all only when it paused the stream meanwhile, or when the turn is over: the rest is offered again
  // after resume(), or in the next turn. They may be
  // changed, and so may those taken before them, of which the first was 8-aligned.
  virtual std::size_t on_bytes(std::span<char> bytes) = 0;
  // Where the next bytes should be read to, so that they need not be copied; empty for anywhere. What comes beyond it, if anything, is
  // offered after.
  virtual std::span<char> room() { return {}; }
  virtual void on_filled(std::size_t) {}
  // Some of the queue was taken; queued() is smaller than before.
  virtual void on_written() = 0;
  // The other end finished sending (asio::error::eof), or the connection broke. Nothing follows but on_timer.
  virtual void on_end(const std::error_code& why) = 0;
  virtual void on_timer() = 0;
  // The execution context is being destroyed, and the stream is no more: let go of everything, call nobody.
  virtual void on_severed() noexcept = 0;
};

class socket_stream final : public std::enable_shared_from_this<socket_stream>, private tethered {
 public:
  // `slot` is released with the socket, so that its owner can count open sockets. `turn` is the flush list of the socket's executor.
  socket_stream(stream_socket socket, std::shared_ptr<void> slot, std::shared_ptr<flush_list> turn);
  ~socket_stream();

  // The stream keeps its owner alive until close(). A new owner takes over where the old one stopped.
  void set_owner(std::shared_ptr<stream_owner> owner) { owner_ = std::move(owner); }
  // Is the owner to hear on_written? It does unless it says otherwise; an owner that is called for nothing costs more than the call.
  void report_writes(bool wanted) noexcept { report_writes_ = wanted; }

  bool is_open() const noexcept { return port_.has_value(); }
  // Only while open.
  asio::any_io_executor executor() { return port_->executor(); }
  std::string remote() const { return remote_.text(); }
  // Asked of the system; "unknown" once it is closed.
  std::string local();

  // A stream begins paused.
  void resume();
  void pause() noexcept { paused_ = true; }
  // Streams of one executor take turns. What an owner makes of the bytes it gets is work, which it says here; when it has done enough, it
  // leaves the rest for the stream's next turn.
  void spend(std::size_t work) noexcept { turn_left_ -= std::min(work, turn_left_); }
  bool has_turn() const noexcept { return turn_left_ != 0; }
  // Bytes are read to an 8-aligned address and `lead` (less than 8): with a lead that puts the payload of the next frame on an aligned
  // address, it need not be moved there.
  void expect_lead(std::size_t lead) noexcept { lead_ = static_cast<std::uint8_t>(lead); }
  // Received and not yet taken by the owner. Asks the system.
  bool has_unread() const;

  // Queue bytes. They leave at the end of this turn of the loop.
  void write(std::string_view bytes);
  // `head`, and then the content, which is not copied.
  void write(std::string_view head, const buffer& content);
  // The content with the head it has. Not copied, unless it has to wait.
  void write_framed(const buffer& content);
  // Room at the end of the queue, to be filled in at once; empty if nothing can be sent any more.
  std::span<char> extend(std::size_t count);
  std::size_t queued() const noexcept { return out_.size(); }
  // Bytes that the system has taken since the beginning.
  std::uint64_t written() const noexcept { return written_; }
  // An owner that leaves on_bytes by an exception says what it has not taken: it is offered again.
  void keep(std::span<char> not_taken);
  // What it holds because the socket takes no more is counted (flush_list). After a write that may have made it more.
  bool is_counted() const noexcept { return awaiting_write_ || counted_ != 0; }
  void count_waiting() noexcept {
    if (is_counted()) recount();
  }
  // The next flush waits for no other stream's turn.
  void hurry() noexcept {
    if (turn_) turn_->hurry();
  }
  // Hands the system what it takes now, so that a long queue is sent out of memory that is used again. The owner hears of it when the turn
  // comes, as of everything else.
  void write_early();
  // Tells the other end that nothing follows. What is queued is dropped: wait for queued() == 0.
  void finish_writing();

  // TCP's own question after a peer that has been silent for a minute; a peer that does not answer it for another is lost.
  void keep_alive() noexcept;

  // One timer, for whatever the owner waits for. Replaces what was set before.
  void set_timer(std::chrono::milliseconds after);
  void clear_timer();

  // The turn has come.
  void flush_now();
  // Sends what is queued now. It stays in the flush list if it is there, which then finds nothing.
  void flush();
  // connection::wait_here(). Room for 128 KiB on the caller's stack, as in a turn of the loop.
  waited wait_here(int wake, time_point until);

  // Closes the socket at once and lets go of the owner. Nothing is called any more.
  void close() noexcept;

 private:
  void sever() noexcept override;
  void wait_readable();
  void go_on_later();
  void turn_begins() noexcept;
  void read_some(std::size_t bytes, std::size_t work);
  template <class Offer>
  void batch(Offer offer);
  void offer(std::span<char> bytes);
  void offer_left_over();
  void go_on();
  void flush_soon();
  void keep_output() noexcept;
  void recount() noexcept;
  std::size_t write_front(std::error_code& ec);
  void wait_writable();
  void write_on();
  void end(std::error_code why);

  std::optional<byte_port> port_;
  std::unique_ptr<asio::steady_timer> timer_;  // only while it runs
  std::shared_ptr<stream_owner> owner_;
  std::shared_ptr<void> slot_;
  std::shared_ptr<flush_list> turn_;
  const remote_end remote_;

  std::vector<char> left_over_;  // read, but not taken by a paused owner, from left_from_ on
  std::size_t left_from_ = 0;
  write_queue out_;
  std::size_t counted_ = 0;  // of what waits, in the account of the flush list
  std::error_code broken_by_;
  std::uint32_t timer_number_ = 0;
  std::size_t turn_left_ = 0;
  std::uint64_t written_ = 0;
  std::uint8_t lead_ = 0;

  bool paused_ = true;
  bool more_ = false;  // the last read came back full
  bool awaiting_read_ = false;
  bool going_on_ = false;   // go_on() has been posted
  bool has_rest_ = false;   // and the flush list has been told that a turn follows
  bool in_batch_ = false;   // the owner is being given bytes: what it writes is flushed afterwards
  bool flush_due_ = false;  // it stands in the flush list
  bool report_writes_ = true;
  bool wrote_early_ = false;      // and on_written has not been called for it
  bool awaiting_write_ = false;   // the socket takes no more
  bool write_is_waited_ = false;  // the loop waits until it does
  bool broken_ = false;           // a write failed: what was received before is still read, then the end is told
};

}  // namespace parley::transport
