// Time, as an interface, so that whole systems can run on a clock that a test advances.
#pragma once

#include "parley/core/core.hpp"

#include <asio/any_io_executor.hpp>

#include <functional>
#include <memory>

namespace parley::transport {

class alarm {
 public:
  virtual ~alarm() = default;  // also cancels a pending alarm
  // Calls `ring` once, at `when` or soon after, on the alarm's executor. Replaces an earlier
  // setting. The alarm keeps `ring` until it is replaced, cleared or destroyed, so `ring` must not
  // own the alarm's owner.
  virtual void set(time_point when, std::function<void()> ring) = 0;
  // Sets the alarm again with the last `ring`. Does nothing if there was none. Allocates no memory.
  virtual void set_again(time_point when) = 0;
  virtual void clear() = 0;
};

class clock {
 public:
  virtual ~clock() = default;
  virtual time_point now() const = 0;
  // Up to 10 ms behind now(), and cheaper. For values that are measured with every message.
  virtual time_point roughly_now() const { return now(); }
  virtual std::unique_ptr<alarm> make_alarm(const asio::any_io_executor& on) = 0;
};

// The real clock: std::chrono::steady_clock, with one Asio timer for all alarms of an executor. An
// alarm rings up to 2 ms late and never early. Alarms are used on their executor. An alarm may be
// destroyed after the executor's context. An alarm that is not set may be destroyed on another
// thread.
std::shared_ptr<clock> steady_clock();

}  // namespace parley::transport
