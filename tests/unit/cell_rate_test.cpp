// Rates, the keyed hash, and the speed of one client, by tables and against simple models.
#include "parley/core/cell_rate.hpp"

#include "parley/core/keyed_hash.hpp"
#include "parley/ends/speed_limit.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <limits>
#include <random>

namespace parley {
namespace {

using namespace std::chrono_literals;

const time_point start = time_point() + 1000s;

TEST(CellRate, Lets_a_burst_through_and_then_the_rate) {
  const cell_rate rate({.per_second = 10, .burst = 3});
  time_point filled{};
  for (int i = 0; i < 3; ++i) EXPECT_EQ(rate.take(filled, start), start);
  EXPECT_EQ(rate.take(filled, start), start + 100ms);
  EXPECT_EQ(rate.take(filled, start), start + 200ms);
  EXPECT_EQ(rate.take(filled, start + 200ms), start + 300ms);
  // After a rest there is a burst again, and no more than that.
  for (int i = 0; i < 3; ++i) EXPECT_EQ(rate.take(filled, start + 1h), start + 1h);
  EXPECT_GT(rate.take(filled, start + 1h), start + 1h);
}

TEST(CellRate, Takes_nothing_that_is_refused) {
  const cell_rate rate({.per_second = 1, .burst = 2});
  time_point filled{};
  EXPECT_EQ(rate.try_take(filled, start), start);
  EXPECT_EQ(rate.try_take(filled, start), start);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(rate.try_take(filled, start), start + 1s);
  EXPECT_EQ(rate.try_take(filled, start + 1s), start + 1s);
}

TEST(CellRate, Of_zero_limits_nothing_and_extremes_do_not_overflow) {
  time_point filled{};
  const cell_rate none(rate_limit{});
  EXPECT_FALSE(none.limits());
  EXPECT_FALSE(cell_rate().limits());
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(none.take(filled, start, 1e18), start);
  for (const double per_second : {1e-300, 1e-9, 1e300})
    for (const double burst : {0.0, 1.0, 1e300}) {
      const cell_rate rate({.per_second = per_second, .burst = burst});
      time_point state{};
      for (int i = 0; i < 50; ++i) EXPECT_GE(rate.take(state, start + i * 1s, 1e300), start + i * 1s);
    }
}

// A bucket that loses a fixed amount each millisecond is the other usual description of the same rule.
TEST(CellRate, Agrees_with_a_leaking_bucket) {
  std::mt19937 random(20261129);
  for (int round = 0; round < 200; ++round) {
    const int per_ms = 1 + static_cast<int>(random() % 20);
    const int burst = 1 + static_cast<int>(random() % 200);
    const cell_rate rate({.per_second = per_ms * 1000.0, .burst = static_cast<double>(burst)});
    time_point filled{}, now = start;
    std::int64_t level = 0;
    for (int step = 0; step < 500; ++step) {
      const int pause = static_cast<int>(random() % 4);
      now += std::chrono::milliseconds(pause);
      level = std::max<std::int64_t>(0, level - std::int64_t{pause} * per_ms);
      const int amount = 1 + static_cast<int>(random() % 30);
      level += amount;
      const time_point inside = rate.take(filled, now, amount);
      // The division of nanoseconds is rounded.
      const double late = std::chrono::duration<double, std::milli>(inside - now).count();
      EXPECT_NEAR(late, std::max(0.0, static_cast<double>(level - burst) / per_ms), 0.001);
    }
  }
}

TEST(KeyedHash, Is_siphash_2_4) {
  // The vector of the paper's reference implementation for 16 bytes.
  const hash_key key{0x0706050403020100U, 0x0f0e0d0c0b0a0908U};
  std::array<std::uint8_t, 16> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i);
  EXPECT_EQ(keyed_hash(key, bytes), 0x3f2acc7f57c29bdbU);
}

struct sender {
  explicit sender(const limit_options& options) : terms(options), speed(terms) {}
  speed_terms terms;
  speed_limit speed;
};
using verdict = speed_limit::verdict;

TEST(SpeedLimit, Pauses_until_the_slower_of_both_limits_is_kept) {
  sender one({.messages = {10, 2}, .bytes = {100, 50}});
  EXPECT_EQ(one.speed.count(start, 10), verdict::go_on);
  EXPECT_EQ(one.speed.count(start, 10), verdict::go_on);
  EXPECT_EQ(one.speed.count(start, 10), verdict::pause);
  EXPECT_EQ(one.speed.resumes_at(), start + 100ms);
  EXPECT_TRUE(one.speed.too_many_messages());
  EXPECT_EQ(one.speed.count(start + 100ms, 80), verdict::pause);
  EXPECT_EQ(one.speed.resumes_at(), start + 600ms);
  EXPECT_FALSE(one.speed.too_many_messages());
  EXPECT_EQ(one.speed.count(start + 10s, 50), verdict::go_on);
}

TEST(SpeedLimit, Closes_a_client_that_never_rests_and_no_other) {
  struct row {
    const char* name;
    std::chrono::milliseconds rest;  // after each pause
    std::chrono::seconds close_after;
    bool closes;
  };
  const row rows[] = {{"without a rest", 0ms, 30s, true},
                      {"with the lateness of an alarm", 40ms, 30s, true},
                      {"with a rest", 1001ms, 30s, false},
                      {"never closes", 0ms, 0s, false}};
  for (const row& r : rows) {
    sender one({.messages = {1000, 1000}, .bytes = {}, .close_after = r.close_after});
    time_point now = start;
    verdict last = verdict::go_on;
    while (now < start + 100s && last != verdict::close) {
      last = one.speed.count(now, 1);
      if (last == verdict::pause) now = one.speed.resumes_at() + r.rest;
    }
    EXPECT_EQ(last == verdict::close, r.closes) << r.name;
    if (!r.closes) continue;
    EXPECT_LT(now, start + 32s) << r.name;
    EXPECT_GE(now, start + 30s) << r.name;
  }
}

TEST(SpeedLimit, Counts_one_long_pause_as_being_too_fast) {
  sender one({.messages = {}, .bytes = {1000, 1000}, .close_after = 30s});
  EXPECT_EQ(one.speed.count(start, 66'000), verdict::pause);
  EXPECT_EQ(one.speed.resumes_at(), start + 65s);
  EXPECT_EQ(one.speed.count(start + 65s, 1), verdict::close);
}

// A client below its rate is never paused, whatever it sends when.
TEST(SpeedLimit, Does_not_touch_clients_within_their_limits) {
  std::mt19937 random(7);
  sender one({.messages = {1000, 100}, .bytes = {1e6, 1e5}});
  time_point now = start;
  for (int i = 0; i < 100'000; ++i) {
    const std::size_t bytes = random() % 900;
    EXPECT_EQ(one.speed.count(now, bytes), verdict::go_on);
    now += 1ms;
  }
}

}  // namespace
}  // namespace parley
