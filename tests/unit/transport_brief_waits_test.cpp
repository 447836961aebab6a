// When a thread looks for an answer before it sleeps.
#include "parley/transport/tcp/brief_waits.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace {

using namespace std::chrono_literals;
using parley::transport::brief_waits;

constexpr auto brief = brief_waits::most - 1us;

TEST(BriefWaits, AreExpectedAfterABriefOneOnly) {
  brief_waits waits;
  EXPECT_FALSE(waits.worth_looking());
  waits.slept(brief_waits::most);
  EXPECT_FALSE(waits.worth_looking());
  waits.slept(brief);
  EXPECT_TRUE(waits.worth_looking());
  waits.looked(true);
  EXPECT_TRUE(waits.worth_looking());
  waits.looked(true);
  EXPECT_TRUE(waits.worth_looking());
}

TEST(BriefWaits, AreLookedForLessAndLessOftenInVain) {
  brief_waits waits;
  waits.slept(brief);
  int between = 0;
  for (const int expected : {0, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 1024, 1024}) {
    for (between = 0; !waits.worth_looking(); ++between) waits.slept(brief);
    EXPECT_EQ(between, expected);
    waits.looked(false);
  }
  for (; !waits.worth_looking();) waits.slept(brief);
  waits.looked(true);  // it is quick again
  EXPECT_TRUE(waits.worth_looking());
  waits.looked(false);
  EXPECT_FALSE(waits.worth_looking());
  EXPECT_FALSE(waits.worth_looking());
  EXPECT_TRUE(waits.worth_looking());
}

TEST(BriefWaits, AreNotLookedForOnceTheyAreLong) {
  brief_waits waits;
  waits.slept(brief);
  EXPECT_TRUE(waits.worth_looking());
  waits.looked(false);
  for (int i = 0; i < 5000; ++i) {
    ASSERT_FALSE(waits.worth_looking());
    waits.slept(1ms);
  }
}

}  // namespace
