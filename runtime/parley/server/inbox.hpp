// The events that other loops of a server have passed to one loop. The events of each of them
// arrive in order. The waiting bytes are limited. Private to the server room.
#pragma once

#include "parley/server/crossing.hpp"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace parley {

class inbox {
 public:
  // `most` limits the waiting bytes. A single event may exceed it.
  explicit inbox(std::size_t most) noexcept : most_(most) {}

  // ---- Any thread.

  // Called for every inbox before an event is put into the first, so that it reaches all of them or
  // none. If several threads ask at the same time, the limit may be exceeded by what each of them
  // puts.
  bool has_room(std::size_t bytes) const noexcept {
    const std::size_t waiting = bytes_.load(std::memory_order_relaxed);
    return waiting == 0 || waiting + bytes <= most_;
  }
  // If the result is true, the loop must be woken. It then calls empty(), unless it is at_work().
  [[nodiscard]] bool put(std::shared_ptr<const crossing> one) {
    bytes_.fetch_add(one->bytes, std::memory_order_relaxed);
    const std::lock_guard lock(guard_);
    coming_.push_back(std::move(one));
    return coming_.size() == 1;
  }

  // ---- The loop.

  // Whether the last turn left events for the next turn, which again() has requested.
  bool at_work() const noexcept { return next_ < arrived_.size(); }

  // Delivers the waiting events, but not more than fit into one turn, so that the loop also serves
  // its own clients. If more events wait, it calls again(), and the loop must then call empty() in
  // a later turn. If deliver() throws, the other events are still delivered, because they were
  // accepted and nothing wakes the loop for them again. The last exception is thrown at the end.
  template <class Deliver, class Again>
  void empty(Deliver deliver, Again again) {
    if (!at_work()) refill();
    std::exception_ptr failed;
    const std::size_t end = std::min(arrived_.size(), next_ + events_per_turn);
    while (next_ < end) {
      const std::shared_ptr<const crossing> one = std::move(arrived_[next_++]);
      try {
        deliver(*one);
      } catch (...) { failed = std::current_exception(); }
      bytes_.fetch_sub(one->bytes, std::memory_order_relaxed);
    }
    if (at_work() || has_coming()) again();
    if (failed) std::rethrow_exception(failed);
  }

  static constexpr std::size_t events_per_turn = 64;

 private:
  void refill() {
    arrived_.clear();
    next_ = 0;
    const std::lock_guard lock(guard_);
    arrived_.swap(coming_);
  }
  // Whether more events have arrived. The loop may not have been woken for them, because it was at
  // work.
  bool has_coming() {
    const std::lock_guard lock(guard_);
    return !coming_.empty();
  }

  const std::size_t most_;
  std::atomic<std::size_t> bytes_ = 0;
  std::mutex guard_;
  std::vector<std::shared_ptr<const crossing>> coming_;   // under the mutex
  std::vector<std::shared_ptr<const crossing>> arrived_;  // used by the loop; those before next_ are delivered
  std::size_t next_ = 0;
};

}  // namespace parley
