#include "parley/transport/tcp/tls_layer.hpp"

#include "parley/transport/tcp/system_calls.hpp"

#include <asio/error.hpp>

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <new>

namespace parley::transport {
namespace {

constexpr std::size_t read_size = 64 * 1024;
// Answers while reading are short. The longest is the first flight of a server with its
// certificates. What does not fit goes through the heap.
constexpr std::size_t answer_size = 8 * 1024;
constexpr std::size_t record = 16 * 1024;
constexpr std::size_t text_per_call = 64 * 1024;
constexpr std::size_t write_size = text_per_call + 2 * 1024;  // and the heads and tags of its records

// Returns what the system took, or 0 and the error.
std::size_t send_some(int socket, std::string_view bytes, std::error_code& ec) noexcept {
  return result_of([&] { return ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL); }, ec);
}

// Gives the memory back, which an idle connection would keep otherwise.
void release(std::string& text) noexcept { std::string().swap(text); }

// Hands out the pieces as texts of at most one record. Small pieces are joined, because a record
// costs as much as several hundred bytes.
class in_records {
 public:
  in_records(std::span<const write_queue::view> pieces, std::span<char> joined) noexcept : pieces_(pieces), joined_(joined) {}

  std::string_view next() noexcept {
    if (pieces_.empty()) return {};
    const std::string_view first = rest();
    if (first.size() >= record || pieces_.size() == 1) return take(first.substr(0, record));
    std::size_t size = 0;
    while (!pieces_.empty() && size < record) {
      const std::string_view part = take(rest().substr(0, record - size));
      std::memcpy(joined_.data() + size, part.data(), part.size());
      size += part.size();
    }
    return {joined_.data(), size};
  }

 private:
  std::string_view rest() const noexcept { return std::string_view(pieces_.front().begin, pieces_.front().size).substr(taken_); }
  std::string_view take(std::string_view part) noexcept {
    taken_ += part.size();
    if (taken_ == pieces_.front().size) {
      pieces_ = pieces_.subspan(1);
      taken_ = 0;
    }
    return part;
  }

  std::span<const write_queue::view> pieces_;
  const std::span<char> joined_;
  std::size_t taken_ = 0;  // of the first piece
};

}  // namespace

std::size_t tls_layer::fail(std::error_code& ec) noexcept {
  ec = std::make_error_code(std::errc::not_enough_memory);
  return 0;
}

// Decrypts what was offered, until `to` is full or nothing is left.
std::size_t tls_layer::fill(std::span<char> to, tls_engine::state& how) {
  std::size_t got = 0;
  while (got < to.size()) {
    const std::size_t count = engine_->read(to.subspan(got), how);
    if (count == 0) break;
    got += count;
  }
  return got;
}

std::size_t tls_layer::read(int socket, std::span<char> direct, std::span<char> room, std::error_code& ec) noexcept try {
  std::array<char, read_size> raw;
  std::array<char, answer_size> answers;
  engine_->lend(answers);
  using state = tls_engine::state;
  const std::size_t wanted = direct.size() + room.size();
  std::size_t got = 0;
  bool received = false;
  more_ = false;
  for (;;) {
    const bool from_before = !unread_.empty();
    if (from_before) engine_->offer(std::string_view(unread_).substr(unread_from_));
    state how = state::up;
    if (got < direct.size()) got += fill(direct.subspan(got), how);
    if (got >= direct.size() && got < wanted && (how == state::up || how == state::handshaking))
      got += fill(room.subspan(got - direct.size()), how);
    const std::string_view rest = engine_->rest();
    if (rest.empty() || how == state::closed || how == state::failed) {
      release(unread_);
    } else if (from_before) {
      unread_from_ = unread_.size() - rest.size();
    } else {
      unread_.assign(rest);
      unread_from_ = 0;
    }
    engine_->offer({});
    if (got == wanted) {
      more_ = true;
      break;
    }
    if (how == state::closed || how == state::failed) {
      if (got > 0) more_ = true;  // the owner reads again, and is told then
      else if (how == state::closed) ec = asio::error::eof;
      else ec = std::make_error_code(std::errc::protocol_error);
      break;
    }
    // One call for each read, so that a fast sender does not keep the loop.
    if (received) break;
    received = true;
    std::error_code why;
    const std::size_t count = result_of([&] { return ::recv(socket, raw.data(), raw.size(), 0); }, why);
    if (count == 0 && !why) why = asio::error::eof;
    if (count == 0) {
      if (got == 0) ec = why;
      else if (!would_block(why)) more_ = true;
      break;
    }
    more_ = count == raw.size();
    engine_->offer({raw.data(), count});
  }
  std::error_code ignored;  // if the socket is broken, reading or writing reports it
  send_output(socket, ignored);
  if (got == 0 && !ec) ec = asio::error::would_block;
  return got;
} catch (const std::bad_alloc&) { return fail(ec); }

std::size_t tls_layer::write(int socket, std::span<const write_queue::view> pieces, std::error_code& ec) noexcept try {
  if (!unsent_.empty()) flush(socket, ec);
  if (ec) return 0;
  std::array<char, write_size> out;
  engine_->lend(out);
  std::size_t taken = 0;
  using state = tls_engine::state;
  state how = state::up;
  if (engine_->is_up()) {
    std::array<char, record> joined;
    in_records texts(pieces, joined);
    while (taken + record <= text_per_call) {
      const std::string_view text = texts.next();
      if (text.empty()) break;
      const std::size_t count = engine_->write(text, how);
      taken += count;
      if (count < text.size()) break;
    }
  } else {
    how = engine_->advance();
  }
  send_output(socket, ec);
  if (how == state::failed && taken == 0) ec = std::make_error_code(std::errc::protocol_error);
  else if (would_block(ec)) ec.clear();  // pending() tells
  if (taken == 0 && !ec) ec = asio::error::would_block;
  return taken;
} catch (const std::bad_alloc&) { return fail(ec); }

void tls_layer::flush(int socket, std::error_code& ec) noexcept {
  const std::size_t count = send_some(socket, unsent_, ec);
  if (count == unsent_.size()) release(unsent_);
  else unsent_.erase(0, count);
  if (ec || !unsent_.empty()) {
    if (!ec) ec = asio::error::would_block;
    return;
  }
  if (ends_) ::shutdown(socket, SHUT_WR);
}

// Sends what the engine has written, after what was left before.
void tls_layer::send_output(int socket, std::error_code& ec) {
  const std::string_view output = engine_->output();
  if (!unsent_.empty()) {
    unsent_ += output;
    unsent_ += engine_->take_beyond();
    return flush(socket, ec);
  }
  const std::size_t sent = output.empty() ? 0 : send_some(socket, output, ec);
  if (sent < output.size()) unsent_.assign(output.substr(sent));
  unsent_ += engine_->take_beyond();
  if (!unsent_.empty() && !ec) flush(socket, ec);
}

void tls_layer::finish_writing(int socket) noexcept try {
  if (std::exchange(ends_, true)) return;
  std::array<char, answer_size> out;
  engine_->lend(out);
  engine_->say_goodbye();
  std::error_code ignored;  // the other end may have disconnected
  send_output(socket, ignored);
  if (unsent_.empty()) ::shutdown(socket, SHUT_WR);
} catch (const std::bad_alloc&) { ::shutdown(socket, SHUT_WR); }

}  // namespace parley::transport
