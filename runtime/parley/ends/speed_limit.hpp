// The speed at which one client sends: when to stop reading from it, and when to close it. It has no
// clock and no connection of its own. Not installed.
#pragma once

#include "parley/core/cell_rate.hpp"
#include "parley/core/core.hpp"
#include "parley/ends/limits.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace parley {

// What limits the connections of one server. Must outlive them.
struct speed_terms {
  explicit speed_terms(const limit_options& options) : messages(options.messages), bytes(options.bytes), close_after(options.close_after) {}

  bool limits() const noexcept { return messages.limits() || bytes.limits(); }

  cell_rate messages;
  cell_rate bytes;
  std::chrono::nanoseconds close_after;
};

class speed_limit {
 public:
  explicit speed_limit(const speed_terms& terms) noexcept : terms_(terms) {}

  enum class verdict : std::uint8_t {
    go_on,
    pause,  // until resumes_at()
    close,  // it was too fast for close_after
  };

  // Counts a message that was received.
  verdict count(time_point now, std::size_t bytes) noexcept {
    const time_point by_messages = terms_.messages.take(messages_, now);
    const time_point by_bytes = terms_.bytes.take(bytes_, now, static_cast<double>(bytes));
    if (by_messages <= now && by_bytes <= now) return verdict::go_on;
    // Pauses of a client that sends without a rest follow each other at once.
    if (resumes_at_ == time_point() || now - resumes_at_ > rest) too_fast_since_ = now;
    too_many_messages_ = by_messages >= by_bytes;
    resumes_at_ = too_many_messages_ ? by_messages : by_bytes;
    const bool for_too_long = terms_.close_after.count() > 0 && now - too_fast_since_ >= terms_.close_after;
    return for_too_long ? verdict::close : verdict::pause;
  }

  time_point resumes_at() const noexcept { return resumes_at_; }
  // Which of the limits the last pause is for.
  bool too_many_messages() const noexcept { return too_many_messages_; }

 private:
  static constexpr std::chrono::seconds rest{1};

  const speed_terms& terms_;
  time_point messages_{};
  time_point bytes_{};
  time_point too_fast_since_{};
  time_point resumes_at_{};  // of the last pause; time_point() if there was none
  bool too_many_messages_ = false;
};

}  // namespace parley
