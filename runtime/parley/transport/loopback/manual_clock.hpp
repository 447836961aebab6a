// A clock for tests. It only moves when the test advances it.
//
//   auto clock = std::make_shared<parley::manual_clock>();
//   parley::client link{executor, "mem://lobby", {.clock = clock}};
//   clock->advance(20s, [&] { loop.poll(); });
#pragma once

#include "parley/transport/clock.hpp"

#include <functional>
#include <memory>
#include <optional>

namespace parley {

// Any thread. Alarms ring on their executors, in the order of their times. Alarms of the same time
// ring in the order in which they were set.
class manual_clock final : public transport::clock {
 public:
  manual_clock();
  ~manual_clock() override;

  time_point now() const override;
  std::unique_ptr<transport::alarm> make_alarm(const asio::any_io_executor& on) override;

  // Advances from alarm to alarm. `settle`, if given, runs the ready handlers before the first
  // alarm and after each one. An alarm that sets itself again therefore rings as often as in real
  // time.
  void advance(steady::duration by, const std::function<void()>& settle = {});
  // The time of the next alarm.
  std::optional<time_point> next() const;

 private:
  struct state;
  class one;
  const std::shared_ptr<state> state_;
};

}  // namespace parley
