// Counts what many queues hold together, against one limit.
#pragma once

#include <atomic>
#include <cstddef>

namespace parley {

// The cost of a waiting message in addition to its bytes: its place in a queue and the header of
// its memory. Every queue counts it, so that many small or empty messages are limited too.
inline constexpr std::size_t message_room = 64;
constexpr std::size_t cost_of(std::size_t bytes) noexcept { return bytes + message_room; }

// Any thread. The count is exact. Because `left` is read before the bytes are added, the limit may
// be exceeded by one message for each thread.
class account {
 public:
  explicit account(std::size_t most) noexcept : most_(most) {}
  account(const account&) = delete;
  account& operator=(const account&) = delete;

  void add(std::size_t bytes) noexcept {
    const std::size_t now = used_.fetch_add(bytes, std::memory_order_relaxed) + bytes;
    if (now > peak_.load(std::memory_order_relaxed)) peak_.store(now, std::memory_order_relaxed);
  }
  void remove(std::size_t bytes) noexcept { used_.fetch_sub(bytes, std::memory_order_relaxed); }

  std::size_t most() const noexcept { return most_; }
  std::size_t used() const noexcept { return used_.load(std::memory_order_relaxed); }
  std::size_t left() const noexcept {
    const std::size_t now = used();
    return now < most_ ? most_ - now : 0;
  }

  // Returns true once after each peak of at least `much`, when less than an eighth of the peak is
  // left.
  bool peak_is_over(std::size_t much) noexcept {
    std::size_t peak = peak_.load(std::memory_order_relaxed);
    const std::size_t now = used();
    return peak >= much && now < peak / 8 && peak_.compare_exchange_strong(peak, now, std::memory_order_relaxed);
  }

 private:
  const std::size_t most_;
  std::atomic<std::size_t> used_ = 0;
  std::atomic<std::size_t> peak_ = 0;
};

}  // namespace parley
