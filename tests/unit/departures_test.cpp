// When clients that are sent away leave: a table, and a random walk against a simple model.
#include "parley/server/departures.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <random>
#include <set>
#include <vector>

namespace parley {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

const time_point start = time_point() + 1000s;
constexpr auto all_idle = [](int) { return true; };
constexpr auto all_busy = [](int) { return false; };

TEST(Departures, Happen_when_they_are_due_and_the_client_is_idle) {
  departures<int> one;
  EXPECT_EQ(one.next(), time_point::max());
  one.add(1, start + 2s, start + 9s);
  one.add(2, start + 1s, start + 9s);
  EXPECT_EQ(one.next(), start + 1s);
  EXPECT_THAT(one.take(start, all_idle), IsEmpty());
  EXPECT_THAT(one.take(start + 1s, all_idle), ElementsAre(2));
  EXPECT_EQ(one.next(), start + 2s);
  EXPECT_THAT(one.take(start + 2s, all_busy), IsEmpty());
  EXPECT_EQ(one.next(), start + 2050ms);
  EXPECT_THAT(one.take(start + 2050ms, all_idle), ElementsAre(1));
  EXPECT_EQ(one.next(), time_point::max());
}

TEST(Departures, Of_busy_clients_happen_at_the_latest_time) {
  departures<int> one;
  one.add(1, start, start + 120ms);
  EXPECT_THAT(one.take(start, all_busy), IsEmpty());
  EXPECT_THAT(one.take(start + 50ms, all_busy), IsEmpty());
  EXPECT_THAT(one.take(start + 100ms, all_busy), IsEmpty());
  EXPECT_EQ(one.next(), start + 120ms);
  EXPECT_THAT(one.take(start + 120ms, all_busy), ElementsAre(1));
}

TEST(Departures, Are_forgotten_with_their_client_and_counted_once) {
  departures<int> one;
  one.add(1, start, start + 1s);
  one.add(1, start + 5s, start + 9s);
  EXPECT_TRUE(one.contains(1));
  one.add(2, start, start + 1s);
  one.remove(1);
  one.remove(1);
  one.remove(7);
  EXPECT_FALSE(one.contains(1));
  EXPECT_THAT(one.take(start + 10s, all_idle), ElementsAre(2));
  one.add(1, start + 5s, start + 2s);  // due after the latest time
  EXPECT_EQ(one.next(), start + 2s);
}

TEST(Departures, Can_be_hurried) {
  departures<int> one;
  one.add(1, start + 8s, start + 9s);
  one.add(2, start, start + 9s);
  one.hurry(start + 1s);
  EXPECT_THAT(one.take(start + 999ms, all_busy), IsEmpty());
  EXPECT_THAT(one.take(start + 1s, all_busy), UnorderedElementsAre(1, 2));
}

TEST(Departures, Agree_with_a_model_on_random_walks) {
  struct planned {
    time_point due, latest;
  };
  std::mt19937 random(20261129);
  for (int round = 0; round < 100; ++round) {
    departures<int> tested;
    std::map<int, planned> model;
    std::set<int> busy;
    time_point now = start;
    for (int step = 0; step < 300; ++step) {
      const int who = static_cast<int>(random() % 20);
      const auto within = [&](int most) { return std::chrono::milliseconds(random() % static_cast<unsigned>(most)); };
      switch (random() % 5) {
        case 0: {
          const planned one{now + within(300), now + within(1000)};
          tested.add(who, one.due, one.latest);
          model.emplace(who, planned{std::min(one.due, one.latest), one.latest});
          break;
        }
        case 1:
          tested.remove(who);
          model.erase(who);
          break;
        case 2:
          if (!busy.erase(who)) busy.insert(who);
          break;
        case 3:
          if (random() % 20 == 0) {
            const time_point latest = now + within(500);
            tested.hurry(latest);
            for (auto& [key, one] : model) one = {std::min(one.due, latest), std::min(one.latest, latest)};
          }
          break;
        default:
          now += within(60);
      }
      const auto left = tested.take(now, [&](int one) { return !busy.contains(one); });
      for (const int one : left) {
        // Nobody leaves before it is due, and nobody leaves busy before its latest time.
        ASSERT_TRUE(model.contains(one));
        EXPECT_LE(model[one].due, now);
        EXPECT_TRUE(!busy.contains(one) || model[one].latest <= now);
        model.erase(one);
      }
      for (const auto& [key, one] : model) {
        EXPECT_TRUE(tested.contains(key));
        EXPECT_GT(one.latest, now) << "a client has stayed too long";
        // An idle client that is due leaves with the next look, at most 50 ms later.
        EXPECT_TRUE(busy.contains(key) || one.due > now || tested.next() <= now + 50ms);
      }
      EXPECT_EQ(tested.next() == time_point::max(), model.empty());
    }
  }
}

}  // namespace
}  // namespace parley
