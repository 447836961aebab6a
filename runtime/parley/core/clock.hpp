// The clock for all deadlines and heartbeats. Code without I/O never reads it, but receives time
// points.
#pragma once

#include <chrono>
#include <ratio>
#include <type_traits>

namespace parley {

using steady = std::chrono::steady_clock;
using time_point = steady::time_point;

// `from` + `wait`, for any duration that a user chooses. A sum that the clock cannot represent
// becomes time_point::max(), which means forever, or time_point::min(). Plain addition would
// overflow, because milliseconds::max() exceeds the range of the clock's nanoseconds.
template <class Rep, class Period>
constexpr time_point saturating_add(time_point from, std::chrono::duration<Rep, Period> wait) noexcept {
  using wait_type = std::chrono::duration<Rep, Period>;
  static_assert(std::is_integral_v<Rep> && std::ratio_greater_equal_v<Period, time_point::period>, "no coarser than the clock");
  constexpr time_point epoch{};
  // Neither difference overflows. Each is taken on the side of the epoch where it fits.
  const auto ahead = from < epoch ? time_point::max() - epoch : time_point::max() - from;
  const auto behind = from > epoch ? time_point::min() - epoch : time_point::min() - from;
  if (wait > std::chrono::duration_cast<wait_type>(ahead)) return time_point::max();
  if (wait < std::chrono::duration_cast<wait_type>(behind)) return time_point::min();
  return from + wait;
}

}  // namespace parley
