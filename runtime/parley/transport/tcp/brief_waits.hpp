// Decides whether a thread that waits for a socket looks for the answer a few times before it sleeps. Private to transport/tcp.
//
// To put a thread to sleep and to wake it takes longer than a peer on the same machine needs for a small answer. If the last waits were
// that short, the thread looks for `most` before it sleeps. A look that finds nothing is repeated less and less often: after 2, 4, 8 and
// at most 1024 waits. So a peer that becomes slow costs next to nothing. One thread at a time.
#pragma once

#include "parley/core/core.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace parley::transport {

class brief_waits {
 public:
  static constexpr std::chrono::microseconds most{40};

  // Asked before each wait.
  bool worth_looking() noexcept {
    if (passed_over_ == 0) return brief_;
    --passed_over_;
    return false;
  }
  // The thread has looked for `most`, or until it found something.
  void looked(bool found) noexcept {
    failures_ = found ? std::uint8_t{0} : std::min<std::uint8_t>(failures_ + 1, 10);
    passed_over_ = found ? std::uint16_t{0} : static_cast<std::uint16_t>(1u << failures_);
  }
  // It has slept without looking before.
  void slept(time_point::duration how_long) noexcept { brief_ = how_long < most; }

 private:
  bool brief_ = false;  // the last sleep was
  std::uint8_t failures_ = 0;
  std::uint16_t passed_over_ = 0;  // waits before the next look
};

}  // namespace parley::transport
