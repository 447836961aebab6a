// The clock every deadline and heartbeat is measured with. Rooms without I/O never read it: they are handed time points.
#pragma once

#include <chrono>
#include <ratio>
#include <type_traits>

namespace parley {

using steady = std::chrono::steady_clock;
using time_point = steady::time_point;

// `from` + `wait`, for every duration that a user chooses. A sum that the clock cannot count becomes time_point::max(), which means for
// ever, or time_point::min(). Plain addition overflows: milliseconds::max() is more than the clock's nanoseconds hold.
template <class Rep, class Period>
constexpr time_point saturating_add(time_point from, std::chrono::duration<Rep, Period> wait) noexcept {
  using wait_type = std::chrono::duration<Rep, Period>;
  static_assert(std::is_integral_v<Rep> && std::ratio_greater_equal_v<Period, time_point::period>, "no coarser than the clock");
  constexpr time_point epoch{};
  // Neither difference overflows: each is taken on the side of the epoch where it fits.
  const auto ahead = from < epoch ? time_point::max() - epoch : time_point::max() - from;
  const auto behind = from > epoch ? time_point::min() - epoch : time_point::min() - from;
  if (wait > std::chrono::duration_cast<wait_type>(ahead)) return time_point::max();
  if (wait < std::chrono::duration_cast<wait_type>(behind)) return time_point::min();
  return from + wait;
}

}  // namespace parley
