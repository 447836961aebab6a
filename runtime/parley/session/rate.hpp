// Counts events in a window of time. This decides "more than N within T" without storing each
// event.
#pragma once

#include "parley/core/core.hpp"

#include <cstdint>

namespace parley::session {

// Two windows, each weighted by half, would be smoother. A window that restarts is simpler, and
// wrong by at most a factor of two.
class rate {
 public:
  constexpr rate(std::uint32_t allowed, std::chrono::milliseconds window) : allowed_(allowed), window_(window) {}

  // Counts one event. Returns false if there are more than allowed in the window.
  bool count(time_point now) {
    if (seen_ == 0 || now - since_ >= window_) {
      since_ = now;
      seen_ = 0;
    }
    return ++seen_ <= allowed_;
  }

 private:
  std::uint32_t allowed_;
  std::chrono::milliseconds window_;
  std::uint32_t seen_ = 0;
  time_point since_{};
};

}  // namespace parley::session
