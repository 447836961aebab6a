// Compares the wheel with a list of times, at every distance, in a random walk in which time only
// moves forward.
#include "parley/transport/timer_wheel.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <vector>

namespace {

using parley::transport::timer_wheel;
using tick = timer_wheel::tick;

// The timers that are due until `limit`, with their times.
std::vector<std::pair<tick, timer_wheel::node*>> turn(timer_wheel& wheel, tick limit) {
  std::vector<std::pair<tick, timer_wheel::node*>> rung;
  while (timer_wheel::node* one = wheel.turn(limit)) rung.emplace_back(wheel.now(), one);
  return rung;
}

TEST(TimerWheel, IsEmptyAtFirst) {
  timer_wheel wheel;
  EXPECT_TRUE(wheel.empty());
  EXPECT_EQ(wheel.next(), timer_wheel::never);
  EXPECT_EQ(wheel.turn(1000), nullptr);
  EXPECT_EQ(wheel.now(), 1000u);
}

TEST(TimerWheel, RingsAtTheTickItselfAtEveryDistance) {
  for (const tick start : {tick{0}, tick{1}, tick{31}, tick{1023}, tick{123'456'789}}) {
    for (unsigned power = 0; power < 30; ++power) {
      for (const tick distance : {(tick{1} << power) - 1, tick{1} << power, (tick{1} << power) + 1}) {
        timer_wheel wheel;
        wheel.start_at(start);
        timer_wheel::node one;
        wheel.add(one, start + distance);
        const tick due = start + std::max<tick>(distance, 1);
        EXPECT_LE(wheel.next(), due);
        EXPECT_TRUE(turn(wheel, due - 1).empty());
        const auto rung = turn(wheel, due + 5);
        ASSERT_EQ(rung.size(), 1u) << start << " + " << distance;
        EXPECT_EQ(rung[0].first, due);
        EXPECT_FALSE(one.waits());
        EXPECT_TRUE(wheel.empty());
      }
    }
  }
}

TEST(TimerWheel, HasLittleToDoUntilAFarTimeHasCome) {
  timer_wheel wheel;
  wheel.start_at(777);
  timer_wheel::node one;
  wheel.add(one, 777 + 100'000'000);
  int steps = 0;
  for (tick at = wheel.next(); wheel.turn(at) == nullptr; at = wheel.next()) ++steps;
  EXPECT_EQ(wheel.now(), 777u + 100'000'000);
  EXPECT_LE(steps, 6);
}

TEST(TimerWheel, ForgetsWhatIsTakenOut) {
  timer_wheel wheel;
  std::vector<std::unique_ptr<timer_wheel::node>> nodes;
  for (int i = 0; i < 3; ++i) nodes.push_back(std::make_unique<timer_wheel::node>());
  wheel.add(*nodes[0], 40);
  wheel.add(*nodes[1], 40);
  wheel.add(*nodes[2], 40);
  wheel.remove(*nodes[1]);
  wheel.remove(*nodes[1]);
  EXPECT_EQ(turn(wheel, 100).size(), 2u);
  EXPECT_EQ(wheel.next(), timer_wheel::never);
}

// While timers become due, others are added and removed, including timers that are due.
TEST(TimerWheel, AgreesWithAListOfTimes) {
  std::mt19937_64 random(7);
  const auto below = [&](tick n) { return random() % n; };
  timer_wheel wheel;
  constexpr std::size_t count = 300;
  std::vector<std::unique_ptr<timer_wheel::node>> nodes;
  std::map<timer_wheel::node*, tick> waiting;
  for (std::size_t i = 0; i < count; ++i) nodes.push_back(std::make_unique<timer_wheel::node>());
  tick now = 0;
  std::size_t rung = 0;
  for (int step = 0; step < 30'000; ++step) {
    timer_wheel::node* const one = nodes[below(count)].get();
    if (one->waits()) {
      wheel.remove(*one);
      waiting.erase(one);
    } else {
      const tick when = now + below(tick{1} << (1 + below(22)));
      wheel.add(*one, when);
      waiting[one] = std::max(when, now + 1);
    }
    if (step % 3 != 0) continue;
    now += below(tick{1} << (1 + below(14)));
    tick soonest = timer_wheel::never;
    for (const auto& [node, when] : waiting) soonest = std::min(soonest, when);
    EXPECT_LE(wheel.next(), soonest);
    while (timer_wheel::node* due = wheel.turn(now)) {
      ASSERT_TRUE(waiting.contains(due));
      EXPECT_EQ(waiting[due], wheel.now());
      waiting.erase(due);
      ++rung;
    }
    EXPECT_EQ(wheel.now(), now);
    for (const auto& [node, when] : waiting) EXPECT_GT(when, now);
    EXPECT_EQ(wheel.empty(), waiting.empty());
  }
  EXPECT_GT(rung, 1000u);
}

}  // namespace
