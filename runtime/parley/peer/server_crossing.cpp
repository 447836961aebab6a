// Events between the loops of a server: handed to the inbox of each loop that has receivers, and delivered there.
#include "parley/peer/delivery.hpp"
#include "parley/peer/server_core.hpp"

#include <asio/post.hpp>

#include <algorithm>
#include <cstddef>
#include <exception>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace parley {
namespace {

constexpr std::size_t crossings_per_turn = 64;

}  // namespace

bool server_loop::has_room(std::size_t bytes) const noexcept {
  const std::size_t waiting = inbox_bytes_.load(std::memory_order_relaxed);
  return waiting == 0 || waiting + bytes <= server_.options().max_posted;
}

void server_loop::put(std::shared_ptr<const crossing> one) {
  inbox_bytes_.fetch_add(one->bytes, std::memory_order_relaxed);
  bool first = false;
  {
    const std::lock_guard lock(inbox_guard_);
    first = inbox_.empty();
    inbox_.push_back(std::move(one));
  }
  // One wake-up for all that come until it is answered. A loop that has ended does not answer.
  if (first)
    asio::post(home_.executor(), [this, weak = server_.weak_from_this()] {
      if (const auto server = weak.lock(); server && next_arrived_ == arrived_.size()) empty_inbox();
    });
}

// A turn at a time: this loop's own clients are served in between.
void server_loop::empty_inbox() {
  if (next_arrived_ == arrived_.size()) {
    arrived_.clear();
    next_arrived_ = 0;
    const std::lock_guard lock(inbox_guard_);
    arrived_.swap(inbox_);
  }
  // One that fails keeps nobody from the others: they were accepted, and nothing wakes this loop for them again.
  std::exception_ptr failed;
  const std::size_t end = std::min(arrived_.size(), next_arrived_ + crossings_per_turn);
  while (next_arrived_ < end) {
    const auto one = std::move(arrived_[next_arrived_++]);
    try {
      deliver_crossed(*one);
    } catch (...) { failed = std::current_exception(); }
    inbox_bytes_.fetch_sub(one->bytes, std::memory_order_relaxed);
  }
  bool more = next_arrived_ < arrived_.size();
  if (!more) {
    const std::lock_guard lock(inbox_guard_);
    more = !inbox_.empty();  // their wake-up may have found this loop at work
  }
  if (more)
    asio::post(home_.executor(), [this, weak = server_.weak_from_this()] {
      if (const auto server = weak.lock()) empty_inbox();
    });
  if (failed) std::rethrow_exception(failed);
}

void server_loop::deliver_crossed(const crossing& c) {
  std::vector<connection_end*> receivers = std::move(receivers_);
  clients_.resolve_present(c.to, c.subject, receivers);
  hand_out(c.what, c.frames, receivers);
  receivers_ = std::move(receivers);
}

}  // namespace parley
