#include "parley/transport/websocket/connection.hpp"

#include "parley/core/allowance.hpp"
#include "parley/transport/text.hpp"
#include "parley/transport/websocket/protocol/frame.hpp"
#include "parley/transport/websocket/protocol/masking.hpp"
#include "parley/transport/websocket/protocol/slow_path.hpp"
#include "parley/transport/websocket/protocol/unpredictable.hpp"

#include <asio/post.hpp>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <limits>
#include <utility>

namespace parley::transport {
namespace {

// The time for sending the data before a close frame, and the close frame.
constexpr std::chrono::milliseconds flush_limit{5000};
// The time for reading after the close frame was sent.
constexpr std::chrono::milliseconds linger_limit{1000};
constexpr std::size_t linger_bytes = 64 * 1024;
constexpr std::size_t copy_up_to = 4 * 1024;   // a larger payload is sent without being copied
constexpr std::size_t early_from = 64 * 1024;  // from this many queued bytes on, data is sent before the end of the turn
constexpr std::size_t owned_from = 8 * 1024;   // a smaller message is copied, which costs less than holding it
// The limit of pongs that are not sent yet. Of further pings only the newest is answered (RFC 6455
// section 5.5.3).
constexpr unsigned max_pongs = 128;
// The work of a frame that websocketpp reads, compared with a small message on the fast path.
constexpr std::size_t foreign_work = 2;
// The allowance for pings, pongs and empty fragments. No message grows by them, so nothing else
// limits them (envelope.fbs, section 7).
constexpr allowance_terms frames_without_data{.at_once = 1'000, .per_second = 100, .most = 60'000};

// The size of the head of a frame without a mask.
constexpr std::size_t head_size_of(std::size_t payload) noexcept {
  return payload < frame_bits::in_two_bytes ? 2 : payload <= 0xFFFF ? 4 : 10;
}

class websocket_connection final : public connection,
                                   public stream_owner,
                                   public std::enable_shared_from_this<websocket_connection>,
                                   private slow_path::finder {
 public:
  websocket_connection(std::shared_ptr<socket_stream> stream, const frame_reader::rules& rules, std::shared_ptr<connection_handler> handler)
      : stream_(std::move(stream)),
        masks_(rules.server ? nullptr : std::make_unique<unpredictable>()),
        handler_(std::move(handler)),
        max_message_(rules.max_message),
        silent_close_(rules.manners.silent_close),
        reader_(rules) {
    without_data_.begin(steady::now());
  }

  void start(std::string_view subprotocol, bool keep_alive) {
    stream_->set_owner(shared_from_this());
    stream_->report_writes(false);
    if (keep_alive) stream_->keep_alive();
    const auto handler = handler_;
    handler->on_open(shared_from_this(), subprotocol);
    if (phase_ == phase::open && !paused_) stream_->resume();
  }

  // ---- The connection interface.

  void send(const buffer& content, opcode kind) override {
    if (phase_ != phase::open) return;
    if (masks_) return send_copy(as_bytes(content.text()), kind);  // masking copies the content
    if (content.has_head()) stream_->write_framed(content);
    else if (content.size() <= copy_up_to) write_copy(content.text(), kind);
    else stream_->write(frame_head(kind, content.size()).bytes(), content);
    look_at_queue();
  }

  [[gnu::hot]] void send_copy(bytes_view content, opcode kind) override {
    if (phase_ != phase::open) return;
    if (masks_) write_masked(as_text(content), kind);
    else write_copy(as_text(content), kind);
    look_at_queue(early_from);
  }

  void send_owned(std::string content, opcode kind) override {
    if (phase_ != phase::open) return;
    // A string with much unused memory is copied, because the queue's account would not include
    // that memory.
    if (content.size() < owned_from || content.capacity() / 2 > content.size()) return send_copy(as_bytes(content), kind);
    const std::uint32_t mask = masks_ ? (*masks_)() : 0;
    const frame_head head = masks_ ? frame_head(kind, content.size(), mask) : frame_head(kind, content.size());
    if (masks_) mask_bytes(content.data(), content.data(), content.size(), mask);
    stream_->write(head.bytes(), buffer(std::move(content)));  // `head` was made first, because the move empties the content
    look_at_queue(early_from);
  }

  void flush() override { stream_->flush(); }
  waited wait_here(int wake, time_point until) override { return phase_ == phase::open ? stream_->wait_here(wake, until) : waited::unable; }

  [[gnu::hot]] std::size_t buffered_amount() const override { return stream_->queued(); }

  void set_water_marks(std::size_t high, std::size_t low) override {
    high_ = high;
    low_ = std::min(low, high);
    look_at_queue();
  }

  void pause_reading() override {
    paused_ = true;
    if (phase_ == phase::open) stream_->pause();
  }
  void resume_reading() override {
    paused_ = verdict_ != nullptr;
    if (phase_ == phase::open && !paused_) stream_->resume();
  }
  void costs(std::size_t messages) override { stream_->spend(messages); }
  bool has_unread() const override { return stream_->has_unread(); }

  void close(std::uint16_t code, std::string_view text) override {
    if (phase_ != phase::open) return;
    if (verdict_) return finish();
    begin_closing({may_be_sent(code) ? code : close_code::internal_error, close_text(text)}, {errc::cancelled, "closed here"});
    if (close_code::ends_the_stream(end_->why.code)) nothing_follows();
  }

  void abort() override {
    if (phase_ == phase::open) return over({}, {errc::cancelled, "aborted here"});
    if (phase_ == phase::closing) finish_closing();
  }

  void finish() override {
    const auto verdict = std::move(verdict_);
    if (!verdict || phase_ != phase::open) return;
    begin_closing(std::move(verdict->why), std::move(verdict->how));
    nothing_follows();
  }

  void ping() override {
    if (phase_ != phase::open) return;
    stream_->write(slow_path(max_message_, masks_.get()).ping());
    look_at_queue();
  }
  void on_pong(std::function<void()> notify) override { on_pong_ = std::move(notify); }
  std::string remote() const override { return stream_->remote(); }
  std::string local() const override { return stream_->local(); }

  // ---- The stream.

  [[gnu::hot]] std::size_t on_bytes(std::span<char> bytes) override {
    std::span<char> rest = bytes;
    try {
      if (phase_ == phase::open) handler_->on_received(bytes.size());
      while (phase_ == phase::open && !paused_ && !rest.empty() && stream_->has_turn()) take(reader_.next(rest));
      if (phase_ == phase::closing) discard(rest);
    } catch (...) {
      stream_->keep(rest);  // the frames after the one whose handler threw
      throw;
    }
    if (phase_ != phase::open) return bytes.size();
    reader_.rest();
    return bytes.size() - rest.size();
  }

  std::span<char> room() override { return phase_ == phase::open ? reader_.room() : std::span<char>(); }
  void on_filled(std::size_t count) override {
    if (phase_ == phase::open) handler_->on_received(count);
    take(reader_.filled(count));
  }

  void on_written() override {
    if (pongs_ > 0 && stream_->written() >= pongs_end_) pongs_have_left();
    if (phase_ == phase::open && over_ && stream_->queued() <= low_) {
      over_ = false;
      stream_->report_writes(pongs_ > 0);
      const auto handler = handler_;
      handler->on_drained();
    } else if (phase_ == phase::closing && !end_->flushed && stream_->queued() == 0) {
      last_has_left();
    }
  }

  void on_end(const std::error_code&) override {
    if (phase_ != phase::done && stream_->tls_trouble() == tls_engine::trouble::flood) return tls_flooded();
    if (phase_ == phase::open) over({}, {errc::disconnected, "the connection was lost"});
    else if (phase_ == phase::closing) finish_closing();
  }

  void on_timer() override {
    if (phase_ == phase::closing) finish_closing();
    else finish();
  }

  void on_severed() noexcept override {
    phase_ = phase::done;
    on_pong_ = nullptr;
    const auto forgotten = std::exchange(handler_, nullptr);
  }

 private:
  enum class phase : std::uint8_t { open, closing, done };

  // The state of a connection that is closing.
  struct ending {
    close_reason why;
    error how;
    std::size_t discarded = 0;
    // Nothing is sent after the close frame of this end, and all further input is ignored.
    bool silent = false;
    bool flushed = false;  // the close frame was sent
    bool answered = false;
  };

  // From `early` queued bytes on, sends as much as the system accepts at once.
  void look_at_queue(std::size_t early = std::numeric_limits<std::size_t>::max()) {
    if (stream_->queued() >= std::min(early, high_) || stream_->is_counted()) look_at_long_queue(early);  // rarely
  }
  [[gnu::noinline]] void look_at_long_queue(std::size_t early) {
    if (stream_->queued() >= early) stream_->write_early();
    stream_->count_waiting();
    if (over_ || stream_->queued() <= high_) return;
    over_ = true;
    stream_->report_writes(true);
    stream_->hurry();  // the owner sends nothing more until some of it was sent
  }

  void write_copy(std::string_view content, opcode kind) {
    const frame_head head(kind, content.size());
    const std::span<char> room = stream_->extend(head.bytes().size() + content.size());
    if (room.empty()) return;
    char* const to = head.copy_to(room);
    if (!content.empty()) std::memcpy(to, content.data(), content.size());
  }

  void write_masked(std::string_view content, opcode kind) {
    const std::uint32_t mask = (*masks_)();
    const frame_head head(kind, content.size(), mask);
    const std::span<char> room = stream_->extend(head.bytes().size() + content.size());
    if (room.empty()) return;
    mask_bytes(head.copy_to(room), content.data(), content.size(), mask);
  }

  // ---- Frames.

  [[gnu::hot]] void take(const frame_reader::piece& piece) {
    switch (piece.what) {
      case frame_reader::found::nothing:
        return;
      case frame_reader::found::message:
        stream_->spend(1);
        // The next payload probably has a head of the same size. At a server, unmasking moves the
        // payload anyway.
        if (masks_) stream_->expect_lead(-head_size_of(piece.bytes.size()) % alignof(std::uint64_t));
        // The handler need not be held during this call, because it is only released in a posted
        // function.
        if (phase_ == phase::open)
          handler_->on_message({reinterpret_cast<const std::byte*>(piece.bytes.data()), piece.bytes.size()}, piece.kind);
        return;
      case frame_reader::found::foreign:
        if (piece.without_data && !without_data_.take(steady::now()))
          return on_violation({close_code::policy, "too many pings, pongs or empty fragments"});
        return feed(piece);
      case frame_reader::found::not_utf8:
        feed(piece);
        // websocketpp has usually found the same violation by now.
        if (phase_ == phase::open) on_violation({close_code::invalid_text, "not UTF-8"});
        return;
      case frame_reader::found::padded:
        return on_violation({close_code::protocol_error, "a length is not in its shortest form"});
    }
  }

  // websocketpp answers at once, and its answers are queued after all earlier data, so they
  // overtake nothing.
  void feed(const frame_reader::piece& piece) {
    stream_->spend(foreign_work);
    if (!slow_) slow_ = std::make_unique<slow_path>(max_message_, masks_.get());
    slow_->feed(piece.head, *this);
    if (still_reading()) slow_->feed(piece.bytes, *this);
    if (reader_.between_messages() || !still_reading()) slow_.reset();
  }

  // Nothing more can be read. The close frame can still be sent, and the timer ends the wait for the
  // other end.
  void tls_flooded() {
    if (phase_ == phase::open) on_violation({close_code::policy, "too many TLS key updates"});
    stream_->pause();
  }

  bool still_reading() const noexcept { return (phase_ == phase::open && !verdict_) || (phase_ == phase::closing && !end_->silent); }

  void on_data(std::string_view content, opcode kind) override {
    if (phase_ != phase::open) return;
    std::vector<std::uint64_t> room;
    handler_->on_message(aligned(as_bytes(content), room), kind);
  }

  void on_ping(std::string_view payload) override {
    if (phase_ != phase::open) return;
    if (pongs_ == max_pongs) newest_ping_ = std::make_unique<std::string>(payload);
    else write_pong(*slow_, payload);
  }

  void write_pong(slow_path& by, std::string_view payload) {
    stream_->write(by.pong(payload));
    stream_->report_writes(true);
    ++pongs_;
    pongs_end_ = stream_->end_of_queue();
    look_at_queue();
  }

  // The newest ping waits only until the pongs before it have been sent, whatever else is queued.
  void pongs_have_left() {
    pongs_ = 0;
    const auto newest = std::move(newest_ping_);
    if (newest && phase_ == phase::open) {
      slow_path by(max_message_, masks_.get());
      write_pong(by, *newest);
    } else if (phase_ == phase::open) {
      stream_->report_writes(over_);
    }
  }

  void on_pong() override {
    if (phase_ != phase::open) return;
    const auto notify = on_pong_;  // a copy, because it may set another function
    if (notify) notify();
  }

  void on_close(close_reason said) override {
    if (phase_ == phase::open) {
      const bool blank = said.code == close_code::none_was_given;
      error how{errc::disconnected, blank ? "closed by the other end" : "closed by the other end with " + std::to_string(said.code)};
      how.from_peer = true;
      begin_closing(std::move(said), std::move(how), true);
    } else if (std::exchange(end_->answered, true)) {
      return;
    }
    // The server ends the stream first (RFC 6455 section 7.1.1).
    end_->answered = true;
    if (!masks_) nothing_follows();
  }

  void on_violation(close_reason why) override {
    if (verdict_) return;
    if (phase_ != phase::open) return nothing_follows();
    error how = why.code == close_code::too_large ? error{errc::too_large, over_limit(max_message_)} : error{errc::bad_frame, why.text};
    verdict_ = std::make_unique<ending>(ending{std::move(why), std::move(how)});
    pause_reading();
    const auto handler = handler_;
    if (handler->on_violation()) stream_->set_timer(linger_limit);
    else finish();
  }

  // ---- Closing.

  // Also sends a close frame, unless silent_close forbids it. A close frame without a code is
  // answered with code 1000.
  void begin_closing(close_reason why, error how, bool answers = false) {
    const bool says_so = answers || !silent_close_;
    const close_reason said = why.code == close_code::none_was_given ? close_reason{close_code::normal, {}} : why;
    if (says_so) stream_->write(slow_path(max_message_, masks_.get()).close(said));
    end_ = std::make_unique<ending>(ending{std::move(why), std::move(how)});
    phase_ = phase::closing;
    stream_->report_writes(true);
    stream_->set_timer(flush_limit);
    stream_->resume();
    if (says_so) return;
    nothing_follows();
    if (stream_->queued() == 0) last_has_left();
  }

  void last_has_left() {
    end_->flushed = true;
    if (end_->silent) stream_->finish_writing();
    if (end_->discarded > linger_bytes) finish_closing();
    else stream_->set_timer(linger_limit);
  }

  void nothing_follows() {
    end_->silent = true;
    if (end_->flushed) stream_->finish_writing();
  }

  // Reads the answer to the close frame, within limits.
  void discard(std::span<char> rest) {
    end_->discarded += rest.size();
    if (end_->discarded > linger_bytes) {
      if (end_->flushed) finish_closing();
      else stream_->pause();
      return;
    }
    while (phase_ == phase::closing && !end_->silent && !rest.empty()) take(reader_.next(rest));
  }

  void finish_closing() { over(std::move(end_->why), std::move(end_->how)); }

  void over(close_reason why, error how) {
    const auto self = shared_from_this();
    phase_ = phase::done;
    on_pong_ = nullptr;
    auto handler = std::exchange(handler_, nullptr);
    const asio::any_io_executor on = stream_->executor();
    stream_->close();
    asio::post(on, [self, handler = std::move(handler), why = std::move(why), how = std::move(how)] { handler->on_closed(why, how); });
  }

  // The members that every sent frame needs come first and lie together.
  const std::shared_ptr<socket_stream> stream_;
  const std::unique_ptr<unpredictable> masks_;  // only at a client
  std::size_t high_ = 64 * 1024;
  std::size_t low_ = 16 * 1024;
  phase phase_ = phase::open;
  bool over_ = false;
  bool paused_ = false;

  std::shared_ptr<connection_handler> handler_;
  std::function<void()> on_pong_;

  const std::size_t max_message_;
  const bool silent_close_;
  frame_reader reader_;
  std::unique_ptr<slow_path> slow_;  // exists while a frame or message requires it
  std::unique_ptr<ending> verdict_;  // a violation for which the connection is not closed yet
  std::unique_ptr<ending> end_;

  allowance<frames_without_data> without_data_;
  // The pongs that are queued. The system has not accepted the last of them, which ends at byte
  // pongs_end_ of the stream.
  unsigned pongs_ = 0;
  std::uint64_t pongs_end_ = 0;
  std::unique_ptr<std::string> newest_ping_;  // the payload of the newest ping, while it waits for the pongs before it
};

}  // namespace

void open_connection(std::shared_ptr<socket_stream> stream, const frame_reader::rules& rules, std::string_view subprotocol,
                     std::shared_ptr<connection_handler> handler) {
  std::make_shared<websocket_connection>(std::move(stream), rules, std::move(handler))->start(subprotocol, rules.manners.keep_alive);
}

}  // namespace parley::transport
