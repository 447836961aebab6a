// Determines when the frames of a dialect may be sent: at its pace, and, if the dialect requires
// it, not before the other end has sent a message. Without a clock. Private to conversation.
//
//   pacing pace(dialect);
//   if (pace.holds_back()) wait();                  // nothing may be sent now
//   send(frame); set_alarm(pace.sent(now));         // time_point::max(): the next frame may follow at once
//   pace.go_on();                                   // the alarm rang
#pragma once

#include "parley/conversation/dialect.hpp"
#include "parley/core/core.hpp"

#include <chrono>

namespace parley {

class pacing {
 public:
  // `self` is the sending end. Only a server has a quiet start.
  pacing(const dialect& d, side self) noexcept : gap_(d.gap), quiet_start_(self == side::server ? d.quiet_start : d.quiet_start.zero()) {}

  static bool wanted(const dialect& d, side self) noexcept {
    return d.gap > d.gap.zero() || (self == side::server && d.quiet_start > d.quiet_start.zero());
  }

  // Both functions hold back frames until the returned time. time_point::max(): frames are not held
  // back.
  time_point opened(time_point now) noexcept {
    if (quiet_start_ <= quiet_start_.zero()) return time_point::max();
    awaits_a_word_ = true;
    return hold_back(now, quiet_start_);
  }
  time_point sent(time_point now) noexcept { return gap_ > gap_.zero() ? hold_back(now, gap_) : time_point::max(); }

  bool holds_back() const noexcept { return holds_back_; }
  // Whether frames are held back until the first message of the other end.
  bool awaits_a_word() const noexcept { return awaits_a_word_; }
  void go_on() noexcept { holds_back_ = awaits_a_word_ = false; }

 private:
  time_point hold_back(time_point now, std::chrono::milliseconds time) noexcept {
    holds_back_ = true;
    return saturating_add(now, time);
  }

  std::chrono::milliseconds gap_;
  std::chrono::milliseconds quiet_start_;
  bool holds_back_ = false;
  bool awaits_a_word_ = false;
};

}  // namespace parley
