// The limit on failed checks of one address.
#include "parley/server/failed_checks.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace parley {
namespace {

using namespace std::chrono_literals;

TEST(FailedChecks, Of_one_address_are_ten_a_minute) {
  failed_checks checks(1);
  time_point now{1h};
  for (int i = 0; i < 10; ++i) {
    EXPECT_FALSE(checks.is_barred("192.0.2.1", now)) << i;
    checks.count("192.0.2.1", now);
  }
  EXPECT_TRUE(checks.is_barred("192.0.2.1", now));
  EXPECT_FALSE(checks.is_barred("192.0.2.2", now));
  now += 6s;
  EXPECT_FALSE(checks.is_barred("192.0.2.1", now));
  checks.count("192.0.2.1", now);
  EXPECT_TRUE(checks.is_barred("192.0.2.1", now));
  now += 1min;
  for (int i = 0; i < 10; ++i) checks.count("192.0.2.1", now);
  EXPECT_TRUE(checks.is_barred("192.0.2.1", now));
}

TEST(FailedChecks, That_go_on_bar_the_address_for_no_longer_than_they_are_many) {
  failed_checks checks(1);
  const time_point now{1h};
  for (int i = 0; i < 20; ++i) checks.count("192.0.2.1", now);
  EXPECT_TRUE(checks.is_barred("192.0.2.1", now + 65s));
  EXPECT_FALSE(checks.is_barred("192.0.2.1", now + 66s));
}

TEST(FailedChecks, Of_many_addresses_need_no_more_memory_and_are_spread) {
  failed_checks checks(0x1234567890abcdef);
  const time_point now{1h};
  for (int i = 0; i < 10; ++i) checks.count("192.0.2.1", now);
  int barred = 0;
  for (int i = 0; i < 10'000; ++i)
    barred += checks.is_barred("10.0." + std::to_string(i / 256) + '.' + std::to_string(i % 256), now) ? 1 : 0;
  EXPECT_LT(barred, 30);
}

}  // namespace
}  // namespace parley
