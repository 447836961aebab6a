// How much of something a peer may send: a number at once, and a number in each second. It has no
// clock of its own.
#pragma once

#include "parley/core/clock.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace parley {

struct allowance_terms {
  std::uint32_t at_once;
  std::uint32_t per_second;
  std::uint32_t most;  // the most that can accumulate
};

// Unused allowance accumulates. Frames that waited in a socket while this end did not read, or in
// the network while it carried nothing, arrive together and are not a flood.
template <allowance_terms Terms>
class allowance {
 public:
  // The allowance accumulates from `now` on.
  void begin(time_point now) noexcept { since_ = now; }

  // Takes one. Returns false if none is left.
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
