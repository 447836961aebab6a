// What a stream sends: the queue, the turns in which it is sent, and its way through TLS.
#include "parley/transport/tcp/socket_stream.hpp"

#include "parley/transport/tcp/system_calls.hpp"

#include <array>
#include <cstring>
#include <new>
#include <utility>

namespace parley::transport {
namespace {

constexpr std::size_t join_up_to = 4 * 1024;  // shared pieces up to this size together are copied

}  // namespace

[[gnu::hot]] std::span<char> socket_stream::extend(std::size_t count) {
  if (!port_ || broken_) return {};
  flush_soon();
  return out_.extend(count);
}

void socket_stream::write(std::string_view bytes) {
  if (bytes.empty()) return;
  if (const std::span<char> room = extend(bytes.size()); !room.empty()) std::memcpy(room.data(), bytes.data(), bytes.size());
}

void socket_stream::write(std::string_view head, const buffer& content) {
  if (!port_ || broken_) return;
  flush_soon();
  out_.share(head, content);
}

void socket_stream::write_framed(const buffer& content) {
  if (!port_ || broken_) return;
  flush_soon();
  // With a thousand streams, counting a reference for each would cost more than everything else
  // that is done for them here.
  if (!flush_due_) return out_.share(content, content.with_head());
  turn_->hold(content);
  out_.borrow(content.with_head());
}

// The flush list and a batch may still hold a stream that was closed meanwhile.
void socket_stream::join_flush_list() {
  if (!port_ || awaiting_write_) return;
  flush_due_ = true;
  turn_->add(port_->executor(), shared_from_this());
}

void socket_stream::recount() noexcept {
  const std::size_t now = awaiting_write_ ? out_.held() + unsent_ : 0;
  if (now == counted_) return;
  turn_->count(counted_, now);
  counted_ = now;
}

void socket_stream::flush_now() {
  flush_due_ = false;
  try {
    flush();
  } catch (...) {
    keep_output();
    throw;
  }
  keep_output();
}

// From here on the queue owns the data that is left in it. The data is sent later.
void socket_stream::keep_output() noexcept {
  try {
    out_.take_back();
    if (out_.size() > 0 || wrote_early_) flush_soon();
  } catch (const std::bad_alloc&) {
    out_.clear();
    broken_ = true;
    broken_by_ = std::make_error_code(std::errc::not_enough_memory);
  }
}

void socket_stream::write_early() {
  if (!port_ || broken_ || awaiting_write_) return;
  std::error_code ec;
  while (out_.size() > 0) {
    const std::size_t count = write_front(ec);
    if (ec) break;
    out_.taken(count);
    wrote_early_ = true;
  }
  if (ec && would_block(ec)) wait_writable();  // flush() gets any other error again
}

void socket_stream::flush() {
  if (!port_ || awaiting_write_ || (queued() == 0 && !wrote_early_)) return;
  if (unsent_ > 0 && !send_pending()) return;
  std::size_t written = std::exchange(wrote_early_, false) ? 1 : 0;
  while (out_.size() > 0 && written < bytes_per_turn) {
    std::error_code ec;
    const std::size_t count = write_front(ec);
    if (ec && would_block(ec)) {
      wait_writable();
      break;
    }
    if (ec) return writing_failed(ec);
    out_.taken(count);
    written += count;
  }
  if (out_.size() > 0) flush_soon();
  count_waiting();
  if (written > 0 && report_writes_)
    if (const auto owner = owner_) owner->on_written();
}

// Data that the other end sent before it disconnected, such as a close frame, may still be readable.
void socket_stream::writing_failed(const std::error_code& ec) {
  broken_ = true;
  broken_by_ = ec;
  out_.clear();
  unsent_ = 0;
  count_waiting();
  if (paused_) end(ec);
}

std::size_t socket_stream::write_front(std::error_code& ec) {
  std::array<write_queue::view, byte_port::most_pieces> pieces;
  const std::size_t count = out_.front(pieces);
  if (port_->tls()) [[unlikely]]
    return write_secure(std::span(pieces.data(), count), ec);
  // Many small pieces cost the system less if they are joined first.
  std::array<char, join_up_to> joined;
  std::size_t size = 0, next = 0;
  if (count > 1)
    for (; next < count && pieces[next].size <= joined.size() - size; size += pieces[next++].size)
      std::memcpy(joined.data() + size, pieces[next].begin, pieces[next].size);
  std::size_t written = 0;
  if (count == 1) written = port_->write({pieces[0].begin, pieces[0].size}, ec);
  else if (next > 1) written = port_->write({joined.data(), size}, ec);
  else written = port_->write(std::span(pieces.data(), count), ec);
  written_ += written;
  return written;
}

void socket_stream::wait_writable() {
  awaiting_write_ = true;
  if (is_tls_handshaking() && unsent_ == 0) return;  // after_secure_read() goes on
  if (std::exchange(write_is_waited_, true)) return;
  port_->wait_writable([self = shared_from_this()](std::error_code) {
    self->write_is_waited_ = false;
    self->write_on();
  });
}

void socket_stream::write_on() {
  if (!std::exchange(awaiting_write_, false)) return;  // wait_here() has done it
  flush();                                             // reports an error of the socket
}

void socket_stream::finish_writing() {
  if (!port_) return;
  port_->finish_writing();
  if (port_->tls() && count_pending()) wait_writable();
}

void socket_stream::keep_alive() noexcept {
  if (port_) port_->keep_alive();
}

// ---- TLS.

void socket_stream::secure(std::unique_ptr<tls_engine> engine) {
  if (port_) port_->secure(std::move(engine));
}

const error* socket_stream::tls_fault() const noexcept { return port_ && port_->tls() ? port_->tls()->engine().fault() : nullptr; }

tls_engine::trouble socket_stream::tls_trouble() const noexcept {
  return port_ && port_->tls() ? port_->tls()->engine().what_failed() : tls_engine::trouble::none;
}

void socket_stream::give_up_tls() {
  if (!port_) return;
  out_.clear();
  port_->give_up_tls();
  unsent_ = 0;
  awaiting_write_ = false;
  more_ = false;
}

std::size_t socket_stream::write_secure(std::span<const write_queue::view> pieces, std::error_code& ec) {
  const std::size_t taken = port_->write(pieces, ec);
  encrypted_ += taken;
  if (count_pending()) wait_writable();
  return taken;
}

// Returns whether all ciphertext was sent. Only then more text is encrypted.
bool socket_stream::send_pending() {
  const std::size_t before = unsent_;
  std::error_code ec;
  port_->flush_pending(ec);
  if (!count_pending()) {
    wrote_early_ = true;
    return true;
  }
  if (unsent_ < before) wrote_early_ = true;
  if (would_block(ec)) wait_writable();
  else writing_failed(ec);
  return false;
}

// Reading may have completed the handshake, and it may have written answers.
void socket_stream::after_secure_read() {
  if (broken_) return;
  const bool waits = count_pending();
  if (waits && !awaiting_write_) wait_writable();
  else if (!waits && awaiting_write_ && !is_tls_handshaking()) write_on();
}

// Returns whether ciphertext waits for the system.
bool socket_stream::count_pending() noexcept {
  unsent_ = port_->tls()->pending();
  if (unsent_ > 0) return true;
  written_ += std::exchange(encrypted_, 0);
  return false;
}

}  // namespace parley::transport
