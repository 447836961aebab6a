#include "parley/core/allowance.hpp"

#include <gtest/gtest.h>

namespace {

using namespace std::chrono_literals;
using parley::allowance;
using parley::time_point;

constexpr parley::allowance_terms few{.at_once = 3, .per_second = 2, .most = 5};

template <class Of>
int taken(Of& from, time_point now) {
  int count = 0;
  while (count < 100 && from.take(now)) ++count;
  return count;
}

TEST(Allowance, Gives_some_at_once_and_then_so_many_a_second) {
  allowance<few> one;
  const time_point start{1h};
  one.begin(start);
  EXPECT_EQ(taken(one, start), 3);
  EXPECT_EQ(taken(one, start + 499ms), 0);
  EXPECT_EQ(taken(one, start + 500ms), 1);
  EXPECT_EQ(taken(one, start + 1999ms), 2);
  EXPECT_EQ(taken(one, start + 2000ms), 1);
}

TEST(Allowance, Saves_what_is_not_used_up_to_its_bound) {
  allowance<few> one;
  const time_point start{1h};
  one.begin(start);
  EXPECT_EQ(taken(one, start + 2s), 3 + 4);
  EXPECT_EQ(taken(one, start + 1h), 5);
  EXPECT_EQ(taken(one, start + 1h), 0);
  EXPECT_EQ(taken(one, start + 1h + 1s), 2);
}

TEST(Allowance, Gives_nothing_for_a_clock_that_went_back) {
  allowance<few> one;
  const time_point start{1h};
  one.begin(start);
  EXPECT_EQ(taken(one, start), 3);
  EXPECT_EQ(taken(one, start - 1s), 0);
}

}  // namespace
