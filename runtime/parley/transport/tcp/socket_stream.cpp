// The life of a stream, reading, and the timer. Writing: socket_writing.cpp.
#include "parley/transport/tcp/socket_stream.hpp"

#include "parley/transport/tcp/system_calls.hpp"

#include <asio/post.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <utility>

namespace parley::transport {
namespace {

constexpr std::size_t head_room = 64;                     // for the head, so that a message of 64 KiB fits
constexpr std::size_t read_size = 64 * 1024 + head_room;  // on the stack of the loop's thread, like write_size
constexpr std::size_t write_size = read_size;             // enough for answers of the same size
constexpr std::size_t work_per_turn = 64;                 // small messages, after which other streams of the loop have their turn

}  // namespace

socket_stream::socket_stream(stream_socket socket, std::shared_ptr<void> slot, std::shared_ptr<flush_list> turn)
    : tethered(socket.get_executor()),
      port_(std::in_place, std::move(socket)),
      turn_(std::move(turn)),
      slot_(std::move(slot)),
      remote_(port_->remote()) {}

socket_stream::~socket_stream() = default;

std::string socket_stream::local() { return port_ ? port_->local() : printed({}); }

void socket_stream::hold(std::shared_ptr<void> more) {
  if (port_) slot_ = std::make_shared<std::pair<std::shared_ptr<void>, std::shared_ptr<void>>>(std::move(slot_), std::move(more));
}

void socket_stream::sever() noexcept {
  const auto keep = weak_from_this().lock();
  const auto owner = owner_;
  close();
  if (owner) owner->on_severed();
}

void socket_stream::close() noexcept {
  if (!port_) return;
  untie();
  timer_.reset();
  if (port_->tls() && queued() == 0 && !broken_) port_->finish_writing();  // so that the other end can tell it from a cut
  port_.reset();
  slot_.reset();
  out_.clear();
  unsent_ = 0;
  recount();
  wrote_early_ = false;  // it will not be reported
  turn_begins();
  turn_.reset();
  std::vector<char>().swap(left_over_);               // releases the memory
  const auto owner = std::exchange(owner_, nullptr);  // last, because it may hold the last reference to this object
}

// ---- Reading.

void socket_stream::resume() {
  paused_ = false;
  if (port_) go_on_later();
}

void socket_stream::go_on_later() {
  if (going_on_) return;
  going_on_ = true;
  asio::post(port_->executor(), [self = shared_from_this()] {
    self->going_on_ = false;
    self->turn_begins();
    self->go_on();
  });
  if (left_over_.empty() || paused_) return;
  has_rest_ = true;
  turn_->turn_follows();
}

// TLS has received more than was read. The socket may never become readable again. Unlike the turn of
// go_on_later(), a thread in wait_here() may do this work before.
void socket_stream::read_on_later() {
  if (std::exchange(reads_on_, true)) return;
  asio::post(port_->executor(), [self = shared_from_this()] {
    self->reads_on_ = false;
    if (self->port_) self->go_on();
  });
}

void socket_stream::turn_begins() noexcept {
  if (std::exchange(has_rest_, false)) turn_->turn_begins();
}

void socket_stream::go_on() {
  turn_left_ = work_per_turn;
  if (!left_over_.empty() && !paused_) batch([this] { offer_left_over(); });
  if (!port_ || paused_) return;
  if (!left_over_.empty()) go_on_later();
  else if (port_->has_more()) read_some(bytes_per_turn, work_per_turn);
  else wait_readable();
}

void socket_stream::wait_readable() {
  if (!port_ || paused_) return;
  if (port_->has_more()) return read_on_later();
  if (awaiting_read_) return;
  awaiting_read_ = true;
  port_->wait_readable([self = shared_from_this()](std::error_code ec) {
    self->awaiting_read_ = false;
    if (!self->port_ || self->paused_) return;
    if (ec) self->end(ec);
    else if (!self->left_over_.empty()) self->go_on();
    else self->read_some(bytes_per_turn, work_per_turn);
  });
}

void socket_stream::read_some(std::size_t bytes, std::size_t work) {
  alignas(std::max_align_t) std::array<char, read_size> whole;
  const std::span<char> room = std::span(whole).subspan(lead_);
  turn_left_ = work;
  // If a read fills the whole room, there is probably more data. To read again is cheaper than to
  // wait.
  more_ = true;
  for (std::size_t got = 0, count = 0; got < bytes && more_ && has_turn(); got += count) {
    const std::span<char> direct = owner_ ? owner_->room() : std::span<char>();
    std::error_code ec;
    count = port_->read(direct, room, ec);
    more_ = count == direct.size() + room.size() || port_->has_more();
    if (ec && !would_block(ec)) return end(ec);
    if (count == 0) break;
    batch([&] {
      const auto owner = owner_;
      const std::size_t there = std::min(count, direct.size());
      const std::span<char> behind(room.data(), count - there);
      try {
        if (owner && there > 0) owner->on_filled(there);
      } catch (...) {
        keep(behind);
        throw;
      }
      offer(behind);
    });
    if (!port_) return;
    if (port_->tls()) after_secure_read();
    if (!port_ || paused_) return;
    if (!left_over_.empty()) return go_on_later();
  }
  if (port_->tls()) after_secure_read();
  wait_readable();
}

// The operations that wait on the loop remain pending. When they complete, they find no data, or
// newer data.
waited socket_stream::wait_here(int wake, time_point until) {
  if (!port_) return waited::unable;
  if (out_.size() > 0) flush();
  // Reading that was postponed continues in a posted turn. A thread that only waited here for the
  // socket to accept data, without reading, might wait forever.
  const bool reads = !paused_ && left_over_.empty();
  if (!port_ || going_on_ || !(reads || awaiting_write_)) return waited::unable;
  // Reads once. The caller decides whether to read more, and until then the data is better kept in
  // the system's memory. No other stream of this loop gets a turn.
  constexpr std::size_t once = 1, all_of_it = std::numeric_limits<std::size_t>::max();
  if (reads && ((!awaiting_write_ && std::exchange(more_, false)) || port_->has_more())) {
    read_some(once, all_of_it);
    return waited::arrived;
  }
  const byte_port::readiness is = port_->wait(reads, awaiting_write_, wake, until);
  if (is.late) return waited::late;
  if (is.writable) write_on();
  if (port_ && is.readable) read_some(once, all_of_it);
  return is.woken ? waited::woken : waited::arrived;
}

// Data that the owner writes meanwhile is sent in one system call at the end. The owner's code may
// throw. Even then nothing on this stack is referred to afterwards, the data that it had written is
// sent, and reading continues.
template <class Offer>
void socket_stream::batch(Offer offer) {
  std::array<char, write_size> answers;
  out_.lend(answers);
  in_batch_ = true;
  try {
    offer();
    in_batch_ = false;
    flush();
  } catch (...) {
    in_batch_ = false;
    keep_output();
    if (!paused_) resume();
    throw;
  }
  keep_output();
}

void socket_stream::keep(std::span<char> not_taken) {
  if (!port_) return;
  left_over_.assign(not_taken.begin(), not_taken.end());
  left_from_ = 0;
}

void socket_stream::offer(std::span<char> bytes) {
  const auto owner = owner_;
  if (!port_ || !owner) return;
  const std::size_t count = paused_ ? 0 : owner->on_bytes(bytes);
  if (!port_ || count == bytes.size()) return;
  left_over_.assign(bytes.begin() + static_cast<std::ptrdiff_t>(count), bytes.end());
  left_from_ = 0;
}

void socket_stream::offer_left_over() {
  const auto owner = owner_;
  if (!owner) return;
  std::vector<char> again = std::exchange(left_over_, {});
  const std::size_t from = std::exchange(left_from_, 0);
  const std::size_t count = owner->on_bytes(std::span(again).subspan(from));
  if (!port_ || from + count == again.size()) return;
  left_over_ = std::move(again);
  left_from_ = from + count;
}

bool socket_stream::has_unread() const { return !left_over_.empty() || (port_ && port_->has_unread()); }

void socket_stream::end(std::error_code why) {
  if (const auto owner = owner_) owner->on_end(broken_ ? broken_by_ : why);
}

// ---- The timer.

void socket_stream::set_timer(std::chrono::milliseconds after) {
  if (!port_) return;
  ++timer_number_;
  const time_point when = saturating_add(steady::now(), after);
  if (timer_) timer_->expires_at(when);
  else timer_ = std::make_unique<asio::steady_timer>(port_->executor(), when);
  timer_->async_wait([self = shared_from_this(), number = timer_number_](std::error_code) {
    if (!self->port_ || self->timer_number_ != number) return;
    self->timer_.reset();
    if (const auto owner = self->owner_) owner->on_timer();
  });
}

void socket_stream::clear_timer() {
  ++timer_number_;
  timer_.reset();
}

}  // namespace parley::transport
