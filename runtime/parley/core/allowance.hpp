// How much of something a peer may send: a few at once, and so many more in each second. No clock of its own.
#pragma once

#include "parley/core/clock.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace parley {

struct allowance_terms {
  std::uint32_t at_once;
  std::uint32_t per_second;
  std::uint32_t most;  // that can be saved
};

// What a quiet peer does not use is saved: frames that waited in a socket while this end did not read, or on the way while the network did
// not carry them, come at once and are not a flood.
template <allowance_terms Terms>
class allowance {
 public:
  // Earning begins with `now`.
  void begin(time_point now) noexcept { since_ = now; }

  // Takes one; false if there is none.
  bool take(time_point now) noexcept {
    if (left_ == 0) earn(now);
    if (left_ == 0) return false;
    --left_;
    return true;
  }

 private:
  void earn(time_point now) noexcept {
    constexpr std::chrono::nanoseconds each = std::chrono::nanoseconds(std::chrono::seconds(1)) / Terms.per_second;
    const time_point::rep earned = (now - since_) / each;
    if (earned <= 0) return;
    left_ = static_cast<std::uint32_t>(std::min<time_point::rep>(earned, Terms.most));
    since_ = earned > Terms.most ? now : since_ + each * earned;
  }

  std::uint32_t left_ = Terms.at_once;
  time_point since_{};
};

}  // namespace parley
