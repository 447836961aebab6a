#include "parley/transport/websocket/socket_stream.hpp"

#include <asio/buffer.hpp>
#include <asio/error.hpp>
#include <asio/post.hpp>

#include <array>
#include <utility>

namespace parley::transport {
namespace {

constexpr std::size_t read_size = 32 * 1024;     // on the stack of the loop's thread
constexpr std::size_t copy_up_to = 4 * 1024;     // a larger payload is sent from where it is
constexpr std::size_t piece_up_to = 64 * 1024;   // of copied bytes
constexpr std::size_t pieces_per_write = 64;     // as many as Asio passes on
constexpr std::size_t bytes_per_turn = 1 << 20;  // then others on the loop have their turn
constexpr std::size_t keep_capacity = 4 * 1024;  // memory an idle stream may keep

bool would_block(const std::error_code& ec) noexcept { return ec == asio::error::would_block || ec == asio::error::try_again; }

std::string text_of(const asio::ip::tcp::socket& socket) {
  std::error_code ec;
  const auto end = socket.remote_endpoint(ec);
  if (ec) return "unknown";
  const std::string address = end.address().to_string();
  return (end.address().is_v6() ? '[' + address + ']' : address) + ':' + std::to_string(end.port());
}

}  // namespace

socket_stream::socket_stream(asio::ip::tcp::socket socket, std::shared_ptr<void> slot)
    : tethered(socket.get_executor()), slot_(std::move(slot)), remote_(text_of(socket)) {
  asio::steady_timer timer(socket.get_executor());
  io_.emplace(io{std::move(socket), std::move(timer)});
  std::error_code ignored;  // neither can fail on a connected socket; if one does, reading or writing will tell
  io_->socket.non_blocking(true, ignored);
  io_->socket.set_option(asio::ip::tcp::no_delay(true), ignored);
}

socket_stream::~socket_stream() = default;

void socket_stream::sever() noexcept {
  const auto keep = weak_from_this().lock();
  const auto owner = owner_;
  close();
  if (owner) owner->on_severed();
}

void socket_stream::close() noexcept {
  if (!io_) return;
  untie();
  io_.reset();
  slot_.reset();
  out_.clear();
  first_ = done_ = queued_ = 0;
  left_over_.clear();
  const auto owner = std::exchange(owner_, nullptr);  // last: it may hold the last reference to this
}

// ---- reading

void socket_stream::resume() {
  paused_ = false;
  if (!io_ || going_on_) return;
  going_on_ = true;
  asio::post(io_->socket.get_executor(), [self = shared_from_this()] {
    self->going_on_ = false;
    self->go_on();
  });
}

void socket_stream::go_on() {
  if (!io_ || paused_) return;
  if (!left_over_.empty()) {
    const std::string again = std::exchange(left_over_, {});
    offer(again);
  }
  wait_readable();
}

void socket_stream::wait_readable() {
  if (!io_ || paused_ || awaiting_read_) return;
  awaiting_read_ = true;
  io_->socket.async_wait(asio::ip::tcp::socket::wait_read, [self = shared_from_this()](std::error_code ec) {
    self->awaiting_read_ = false;
    if (!self->io_ || self->paused_) return;
    if (ec) self->end(ec);
    else self->read_some();
  });
}

void socket_stream::read_some() {
  std::array<char, read_size> room;
  std::error_code ec;
  const std::size_t count = io_->socket.read_some(asio::buffer(room), ec);
  if (ec && !would_block(ec)) return end(ec);
  if (count > 0) offer({room.data(), count});
  wait_readable();
}

void socket_stream::offer(std::span<const char> bytes) {
  const auto owner = owner_;
  if (!owner) return;
  in_batch_ = true;
  const std::size_t count = owner->on_bytes(bytes);
  in_batch_ = false;
  if (!io_) return;
  if (count < bytes.size()) left_over_.insert(0, bytes.data() + count, bytes.size() - count);
  if (queued_ > 0) flush();
}

void socket_stream::end(std::error_code why) {
  if (const auto owner = owner_) owner->on_end(broken_ ? broken_by_ : why);
}

// ---- writing

void socket_stream::write(std::string_view bytes) {
  if (!io_ || broken_) return;
  if (out_.size() == first_ || !out_.back().shared.empty() || out_.back().copied.size() + bytes.size() > piece_up_to)
    out_.push_back({std::exchange(spare_, {}), {}});
  out_.back().copied += bytes;
  queued_ += bytes.size();
  flush_soon();
}

void socket_stream::write(std::string_view head, const buffer& payload) {
  if (!head.empty()) write(head);
  if (payload.empty()) return;
  if (payload.size() <= copy_up_to) return write(payload.text());
  if (!io_ || broken_) return;
  out_.push_back({{}, payload});
  queued_ += payload.size();
  flush_soon();
}

void socket_stream::flush_soon() {
  if (in_batch_ || flush_posted_ || awaiting_write_) return;
  flush_posted_ = true;
  asio::post(io_->socket.get_executor(), [self = shared_from_this()] {
    self->flush_posted_ = false;
    self->flush();
  });
}

void socket_stream::flush() {
  if (!io_ || awaiting_write_ || queued_ == 0) return;
  std::size_t written = 0;
  while (queued_ > 0 && written < bytes_per_turn) {
    std::array<asio::const_buffer, pieces_per_write> batch;
    std::size_t used = 0;
    for (std::size_t i = first_; i < out_.size() && used < batch.size(); ++i) {
      const std::string_view bytes = out_[i].bytes().substr(i == first_ ? done_ : 0);
      batch[used++] = asio::buffer(bytes);
    }
    std::error_code ec;
    const std::size_t count = io_->socket.write_some(std::span(batch.data(), used), ec);
    if (ec && would_block(ec)) {
      wait_writable();
      break;
    }
    if (ec) {
      // What the other end said before it went (a close frame, perhaps) may still be there to read.
      broken_ = true;
      broken_by_ = ec;
      out_.clear();
      first_ = done_ = queued_ = 0;
      if (paused_) end(ec);
      return;
    }
    taken(count);
    written += count;
  }
  if (queued_ > 0) flush_soon();
  if (written > 0)
    if (const auto owner = owner_) owner->on_written();
}

void socket_stream::wait_writable() {
  awaiting_write_ = true;
  io_->socket.async_wait(asio::ip::tcp::socket::wait_write, [self = shared_from_this()](std::error_code) {
    self->awaiting_write_ = false;
    self->flush();  // an error shows there
  });
}

void socket_stream::taken(std::size_t bytes) {
  queued_ -= bytes;
  done_ += bytes;
  while (first_ < out_.size() && done_ >= out_[first_].bytes().size()) {
    piece& finished = out_[first_++];
    done_ -= finished.bytes().size();
    finished.shared = {};
    finished.copied.clear();
    if (finished.copied.capacity() <= keep_capacity) spare_ = std::move(finished.copied);
    finished.copied = {};
  }
  if (first_ == out_.size()) {
    if (out_.capacity() > pieces_per_write) out_ = {};
    else out_.clear();
    first_ = 0;
  } else if (first_ >= pieces_per_write && first_ * 2 >= out_.size()) {
    out_.erase(out_.begin(), out_.begin() + static_cast<std::ptrdiff_t>(first_));
    first_ = 0;
  }
}

void socket_stream::finish_writing() {
  std::error_code ignored;  // the other end may have gone
  if (io_) io_->socket.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
}

// ---- the timer

void socket_stream::set_timer(std::chrono::milliseconds after) {
  if (!io_) return;
  ++timer_number_;
  io_->timer.expires_after(after);
  io_->timer.async_wait([self = shared_from_this(), number = timer_number_](std::error_code) {
    if (!self->io_ || self->timer_number_ != number) return;
    if (const auto owner = self->owner_) owner->on_timer();
  });
}

void socket_stream::clear_timer() {
  ++timer_number_;
  if (io_) io_->timer.cancel();
}

}  // namespace parley::transport
