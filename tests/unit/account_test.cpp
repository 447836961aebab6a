#include "parley/core/account.hpp"

#include <gtest/gtest.h>

namespace {

using parley::account;

TEST(Account, SaysWhatIsUsedAndLeft) {
  account all(100);
  EXPECT_EQ(all.left(), 100u);
  all.add(30);
  EXPECT_EQ(all.used(), 30u);
  EXPECT_EQ(all.left(), 70u);
  all.add(200);
  EXPECT_EQ(all.left(), 0u);
  all.remove(230);
  EXPECT_EQ(all.left(), 100u);
}

TEST(Account, TellsOnceThatAPeakIsOver) {
  account all(1000);
  EXPECT_FALSE(all.peak_is_over(80));
  all.add(79);
  all.remove(79);
  EXPECT_FALSE(all.peak_is_over(80));  // the peak was too low to count
  all.add(80);
  EXPECT_FALSE(all.peak_is_over(80));
  all.remove(70);
  EXPECT_FALSE(all.peak_is_over(80));  // an eighth is left
  all.remove(1);
  EXPECT_TRUE(all.peak_is_over(80));
  EXPECT_FALSE(all.peak_is_over(80));
  all.add(800);
  all.remove(800);
  EXPECT_TRUE(all.peak_is_over(80));
}

}  // namespace
