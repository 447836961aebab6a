// A rate with a burst, by the generic cell rate algorithm (ITU-T I.371): the state is one time point,
// and taking costs an addition and a comparison. Without a clock of its own.
#pragma once

#include "parley/core/clock.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace parley {

// So many in each second, and so many at once after a rest. per_second 0: no limit.
struct rate_limit {
  double per_second = 0;
  double burst = 0;
};

class cell_rate {
 public:
  cell_rate() = default;
  explicit cell_rate(rate_limit terms) noexcept
      : cost_(terms.per_second > 0 ? std::min(1e9 / terms.per_second, most) : 0),
        room_(static_cast<std::int64_t>(std::min(std::max(terms.burst, 1.0) * cost_, most))) {}

  bool limits() const noexcept { return cost_ > 0; }

  // Takes `amount`, and returns when this is within the rate: `now`, or later. `filled` is the state,
  // and begins with time_point().
  time_point take(time_point& filled, time_point now, double amount = 1) const noexcept {
    filled = std::max(filled, now) + duration_of(amount);
    return std::max(filled - std::chrono::nanoseconds(room_), now);
  }
  // Takes one if it is within the rate, and returns `now`. Otherwise takes nothing, and returns when
  // one will be within the rate.
  time_point try_take(time_point& filled, time_point now) const noexcept {
    time_point next = filled;
    const time_point inside = take(next, now);
    if (inside == now) filled = next;
    return inside;
  }

 private:
  // Longer than any server runs, and no sum of two of them overflows.
  static constexpr double most = 1e17;

  std::chrono::nanoseconds duration_of(double amount) const noexcept {
    return std::chrono::nanoseconds(static_cast<std::int64_t>(std::min(amount * cost_, most)));
  }

  double cost_ = 0;        // nanoseconds for each
  std::int64_t room_ = 0;  // nanoseconds
};

}  // namespace parley
