// The clocks of the transport interface: the real clock, and the one that tests advance.
#include "parley/loopback.hpp"

#include <asio/io_context.hpp>
#include <asio/strand.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace parley {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

struct manual_clock_alarms : ::testing::Test {
  void settle() {
    io.restart();
    io.poll();
  }
  std::unique_ptr<transport::alarm> alarm() { return clock.make_alarm(io.get_executor()); }
  std::function<void()> note(std::string what) {
    return [this, what] { rung.push_back(what); };
  }

  asio::io_context io;
  manual_clock clock;
  std::vector<std::string> rung;
};

template <class Duration>
void sums_stay_in_bounds(time_point from) {
  EXPECT_EQ(saturating_add(from, Duration::zero()), from);
  EXPECT_EQ(saturating_add(from, Duration{5}), from + Duration{5});
  EXPECT_EQ(saturating_add(from, Duration{-5}), from - Duration{5});
  for (const Duration most : {Duration::max(), Duration::max() - Duration{1}}) {
    EXPECT_GE(saturating_add(from, most), from);
    EXPECT_LE(saturating_add(from, -most), from);
  }
  // The sum stays exact up to the last unit that fits.
  const time_point end = time_point::max();
  const auto left = std::chrono::duration_cast<Duration>(from < time_point{} ? end.time_since_epoch() : end - from);
  EXPECT_EQ(saturating_add(from, left), from + left);
  if (left < Duration::max()) { EXPECT_EQ(saturating_add(from, left + Duration{1}), end); }
}

TEST(SaturatingAdd, Stops_at_what_the_clock_can_count) {
  using std::chrono::milliseconds;
  for (const time_point from : {time_point{}, time_point{1ns}, time_point{} + 24h, time_point{} + 24h * 365 * 200}) {
    sums_stay_in_bounds<steady::duration>(from);
    sums_stay_in_bounds<milliseconds>(from);
    sums_stay_in_bounds<std::chrono::hours>(from);
    EXPECT_EQ(saturating_add(from, milliseconds::max()), time_point::max());
    EXPECT_EQ(saturating_add(from, milliseconds::min()), time_point::min());
    EXPECT_EQ(saturating_add(from, milliseconds(std::int64_t{1} << 32)), from + milliseconds(std::int64_t{1} << 32));
  }
  EXPECT_EQ(saturating_add(time_point::max(), 1ms), time_point::max());
  EXPECT_EQ(saturating_add(time_point::max(), -1ms), time_point::max() - 1ms);
  EXPECT_EQ(saturating_add(time_point::min(), -1ms), time_point::min());
  EXPECT_EQ(saturating_add(time_point::min(), 1ms), time_point::min() + 1ms);
  static_assert(saturating_add(time_point{}, milliseconds::max()) == time_point::max());
}

TEST_F(manual_clock_alarms, ring_in_the_order_of_their_times_however_they_were_set) {
  const auto a = alarm(), b = alarm(), c = alarm(), d = alarm();
  a->set(clock.now() + 3s, note("three"));
  b->set(clock.now() + 1s, note("one"));
  c->set(clock.now() + 2s, note("two, first"));
  d->set(clock.now() + 2s, note("two, second"));
  clock.advance(10s);
  EXPECT_THAT(rung, ElementsAre());  // on the executor, not inside advance()
  settle();
  EXPECT_THAT(rung, ElementsAre("one", "two, first", "two, second", "three"));
}

TEST_F(manual_clock_alarms, ring_when_their_time_has_come_and_not_before) {
  const auto a = alarm();
  a->set(clock.now() + 5s, note("rung"));
  EXPECT_EQ(clock.next(), clock.now() + 5s);
  clock.advance(4999ms, [&] { settle(); });
  EXPECT_THAT(rung, ElementsAre());
  clock.advance(1ms, [&] { settle(); });
  EXPECT_THAT(rung, ElementsAre("rung"));
  EXPECT_EQ(clock.next(), std::nullopt);
}

TEST_F(manual_clock_alarms, that_set_themselves_again_ring_as_often_as_in_real_time) {
  const auto a = alarm();
  std::vector<steady::duration> at;
  const time_point begin = clock.now();
  std::function<void()> again = [&] {
    at.push_back(clock.now() - begin);
    a->set(clock.now() + 2s, again);
  };
  a->set(begin + 2s, again);
  clock.advance(7s, [&] { settle(); });
  EXPECT_THAT(at, ElementsAre(2s, 4s, 6s));
  EXPECT_EQ(clock.now() - begin, 7s);
}

TEST_F(manual_clock_alarms, for_a_time_that_has_passed_ring_in_the_next_turn) {
  const auto a = alarm();
  a->set(clock.now() - 1s, note("late"));
  EXPECT_THAT(rung, ElementsAre());
  settle();
  EXPECT_THAT(rung, ElementsAre("late"));
}

TEST_F(manual_clock_alarms, can_be_taken_back_until_they_ring) {
  const auto cleared = alarm(), replaced = alarm();
  auto destroyed = alarm();
  cleared->set(clock.now() + 1s, note("cleared"));
  replaced->set(clock.now() + 1s, note("replaced"));
  destroyed->set(clock.now() + 1s, note("destroyed"));
  clock.advance(1s);  // all three are in the executor's queue now
  cleared->clear();
  replaced->set(clock.now() + 1s, note("the new one"));
  destroyed.reset();
  settle();
  EXPECT_THAT(rung, ElementsAre());
  clock.advance(1s);
  settle();
  EXPECT_THAT(rung, ElementsAre("the new one"));
}

TEST_F(manual_clock_alarms, may_destroy_their_owner_when_they_ring) {
  auto a = alarm();
  a->set(clock.now(), [&] {
    a.reset();
    rung.push_back("gone");
  });
  settle();
  EXPECT_THAT(rung, ElementsAre("gone"));
}

TEST_F(manual_clock_alarms, can_be_set_again_with_what_they_were_given) {
  const auto a = alarm(), cleared = alarm(), never_set = alarm();
  a->set(clock.now() + 1s, note("rung"));
  cleared->set(clock.now() + 1s, note("cleared"));
  clock.advance(1s, [&] { settle(); });
  EXPECT_THAT(rung, ElementsAre("rung", "cleared"));
  cleared->clear();
  for (const auto& each : {a.get(), cleared.get(), never_set.get()}) each->set_again(clock.now() + 1s);
  clock.advance(10s, [&] { settle(); });
  EXPECT_THAT(rung, ElementsAre("rung", "cleared", "rung"));
}

template <class Clock>
void alarms_outlive_their_context(Clock& clock) {
  const auto held = std::make_shared<int>();
  std::unique_ptr<transport::alarm> a;
  {
    asio::io_context io;
    a = clock.make_alarm(asio::make_strand(asio::any_io_executor(io.get_executor())));
    a->set(clock.now() + 1h, [held] {});
    EXPECT_EQ(held.use_count(), 2);
  }
  EXPECT_EQ(held.use_count(), 1);
  a->clear();
  a->set(clock.now(), [held] {});
  a.reset();
  EXPECT_EQ(held.use_count(), 1);
}

TEST(clock_alarms, may_outlive_the_context_of_their_executor) {
  manual_clock turned;
  alarms_outlive_their_context(turned);
  turned.advance(2h);
  alarms_outlive_their_context(*transport::steady_clock());
}

TEST(clock_alarms, of_the_real_clock_ring_once_in_order_and_can_be_taken_back) {
  asio::io_context io;
  const auto clock = transport::steady_clock();
  std::vector<std::string> rung;
  const auto late = clock->make_alarm(io.get_executor()), soon = clock->make_alarm(io.get_executor()),
             cleared = clock->make_alarm(io.get_executor()), replaced = clock->make_alarm(io.get_executor());
  const time_point begin = clock->now();
  late->set(begin + 20ms, [&] { rung.push_back("late"); });
  soon->set(begin + 5ms, [&] {
    rung.push_back("soon");
    EXPECT_GE(clock->now(), begin + 5ms);
  });
  cleared->set(begin, [&] { rung.push_back("cleared"); });
  cleared->clear();
  replaced->set(begin, [&] { rung.push_back("replaced"); });
  replaced->set(begin + 10ms, [&] { rung.push_back("the new one"); });
  io.run();
  EXPECT_THAT(rung, ElementsAre("soon", "the new one", "late"));
}

TEST(clock_alarms, of_the_real_clock_can_be_set_again_and_changed_while_they_ring) {
  asio::io_context io;
  const auto clock = transport::steady_clock();
  std::vector<std::string> rung;
  const auto again = clock->make_alarm(io.get_executor()), changed = clock->make_alarm(io.get_executor()),
             cleared = clock->make_alarm(io.get_executor()), never_set = clock->make_alarm(io.get_executor());
  auto taken_back = clock->make_alarm(io.get_executor()), destroyed = clock->make_alarm(io.get_executor()),
       itself = clock->make_alarm(io.get_executor());
  const time_point begin = clock->now();
  int times = 0;
  again->set(begin, [&] {
    rung.push_back("again");
    // These two became due in the same turn.
    taken_back->clear();
    destroyed.reset();
    if (++times < 3) again->set_again(clock->now() + 5ms);
  });
  taken_back->set(begin, [&] { rung.push_back("taken back"); });
  destroyed->set(begin, [&] { rung.push_back("destroyed"); });
  changed->set(begin, [&] { changed->set(begin, [&] { rung.push_back("changed"); }); });
  cleared->set(begin, [&] {
    cleared->clear();
    cleared->set_again(begin);
    rung.push_back("cleared");
  });
  itself->set(begin, [&] { itself.reset(); });
  never_set->set_again(begin);
  io.run();
  EXPECT_EQ(itself, nullptr);
  EXPECT_THAT(rung, ElementsAre("again", "cleared", "changed", "again", "again"));
}

// An executor without a set alarm lets its loop end, whatever the alarms of other executors do.
TEST(clock_alarms, of_the_real_clock_belong_to_their_executors) {
  asio::io_context io;
  const auto clock = transport::steady_clock();
  const auto one = asio::any_io_executor(asio::make_strand(io)), other = asio::any_io_executor(asio::make_strand(io));
  const auto first = clock->make_alarm(one), second = clock->make_alarm(other), third = clock->make_alarm(one);
  int rung = 0;
  first->set(clock->now() + 1h, [&] { ++rung; });
  second->set(clock->now() + 1ms, [&] {
    ++rung;
    first->clear();
  });
  third->set(clock->now(), [&] { ++rung; });
  io.run();
  EXPECT_EQ(rung, 2);
}

TEST(clock_alarms, of_the_real_clock_ring_by_the_thousand_in_order) {
  asio::io_context io;
  const auto clock = transport::steady_clock();
  std::vector<std::unique_ptr<transport::alarm>> all;
  std::vector<int> rung;
  const time_point begin = clock->now();
  for (int i = 0; i < 10'000; ++i) {
    all.push_back(clock->make_alarm(io.get_executor()));
    all.back()->set(begin + std::chrono::microseconds((i * 7919) % 10'000 * 5), [&rung, i] { rung.push_back((i * 7919) % 10'000); });
  }
  io.run();
  EXPECT_EQ(rung.size(), 10'000u);
  EXPECT_TRUE(std::is_sorted(rung.begin(), rung.end()));
}

TEST(clock_alarms, may_be_set_and_turned_on_different_threads) {
  manual_clock clock;
  asio::io_context io;
  int rung = 0;
  constexpr int wanted = 50;
  std::thread loop([&] {
    auto a = clock.make_alarm(io.get_executor());
    std::function<void()> again = [&] {
      if (++rung < wanted) a->set(clock.now() + 1ms, again);
      else a.reset();
    };
    a->set(clock.now() + 1ms, again);
    io.run();
    while (a) {
      io.restart();
      io.run_one_for(1ms);
    }
  });
  std::atomic<bool> done = false;
  std::thread turner([&] {
    while (!done) {
      clock.advance(1ms);
      std::this_thread::yield();
    }
  });
  loop.join();
  done = true;
  turner.join();
  EXPECT_EQ(rung, wanted);
}

}  // namespace
}  // namespace parley
