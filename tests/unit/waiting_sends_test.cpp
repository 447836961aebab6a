#include "parley/client/waiting_sends.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <random>

namespace parley {
namespace {

using namespace std::chrono_literals;

waiting_send one_of(core::ticket of, time_point deadline = time_point::max()) {
  waiting_send one;
  one.of = of;
  one.deadline = deadline;
  return one;
}

TEST(WaitingSends, LeaveInTheOrderInWhichTheyWereAskedFor) {
  waiting_sends all;
  for (const core::ticket of : {3u, 1u, 2u}) all.add(one_of(of));
  EXPECT_EQ(all.size(), 3u);
  EXPECT_EQ(all.first()->of, 3u);
  for (const core::ticket of : {3u, 1u, 2u}) EXPECT_EQ(all.take_first()->of, of);
  EXPECT_TRUE(all.empty());
  EXPECT_EQ(all.first(), nullptr);
  EXPECT_FALSE(all.take_first());
  EXPECT_TRUE(all.take_all().empty());
}

TEST(WaitingSends, AreFoundByTicketAndByDeadline) {
  const time_point start{1h};
  waiting_sends all;
  all.add(one_of(1, start + 3s));
  all.add(one_of(2, start + 1s));
  all.add(one_of(3));
  all.add(one_of(4, start + 1s));
  EXPECT_EQ(all.next_deadline(), start + 1s);
  EXPECT_FALSE(all.take_due(start));
  EXPECT_EQ(all.take_due(start + 1s)->of, 2u);
  EXPECT_EQ(all.take_due(start + 1s)->of, 4u);
  EXPECT_FALSE(all.take_due(start + 1s));
  EXPECT_EQ(all.take(1)->of, 1u);
  EXPECT_FALSE(all.take(1));
  EXPECT_EQ(all.next_deadline(), time_point::max());
  EXPECT_EQ(all.take_all().size(), 1u);
}

TEST(WaitingSends, AreThoseOfAPlainListThroughARandomWalk) {
  std::mt19937 random(39);
  waiting_sends all;
  std::deque<waiting_send> model;
  const time_point start{1h};
  core::ticket last = 0;
  for (int step = 0; step < 20'000; ++step) {
    const auto kind = random() % 8;
    if (kind < 4) {
      const time_point deadline = kind == 0 ? time_point::max() : start + std::chrono::seconds(random() % 1000);
      all.add(one_of(++last, deadline));
      model.push_back(one_of(last, deadline));
    } else if (kind == 4) {
      const core::ticket of = random() % (last + 2);
      const auto found = std::find_if(model.begin(), model.end(), [&](const waiting_send& one) { return one.of == of; });
      EXPECT_EQ(all.take(of).has_value(), found != model.end());
      if (found != model.end()) model.erase(found);
    } else if (kind == 5) {
      const auto due = std::min_element(model.begin(), model.end(), [](const auto& a, const auto& b) { return a.deadline < b.deadline; });
      const time_point now = start + 500s;
      const auto taken = all.take_due(now);
      ASSERT_EQ(taken.has_value(), due != model.end() && due->deadline <= now);
      if (!taken) continue;
      EXPECT_EQ(taken->of, due->of);
      model.erase(due);
    } else {
      const auto taken = all.take_first();
      ASSERT_EQ(taken.has_value(), !model.empty());
      if (!taken) continue;
      EXPECT_EQ(taken->of, model.front().of);
      model.pop_front();
    }
    ASSERT_EQ(all.size(), model.size());
  }
  const auto left = all.take_all();
  ASSERT_EQ(left.size(), model.size());
  for (std::size_t i = 0; i < left.size(); ++i) EXPECT_EQ(left[i].of, model[i].of);
}

}  // namespace
}  // namespace parley
