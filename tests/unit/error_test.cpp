// The text of a thrown error.
#include "parley/core/error.hpp"

#include <gtest/gtest.h>

#include <string>

namespace {

using parley::call_failed;
using parley::errc;
using parley::error;

TEST(CallFailed, Names_its_code_once) {
  EXPECT_STREQ(call_failed(error{errc::denied}).what(), "denied");
  EXPECT_STREQ(call_failed(error{errc::denied, "denied"}).what(), "denied");
  EXPECT_STREQ(call_failed(error{errc::denied, "sign in first"}).what(), "sign in first: denied");
  EXPECT_STREQ(call_failed(error{errc::denied, "never undenied"}).what(), "never undenied: denied");
  EXPECT_STREQ(call_failed(error{errc::denied, "denied: denied"}).what(), "denied: denied");
}

TEST(CallFailed, Says_what_the_system_said_once) {
  const std::error_code taken = std::make_error_code(std::errc::address_in_use);
  const std::string said = taken.message();
  EXPECT_EQ(call_failed(error(taken)).what(), said);
  EXPECT_EQ(call_failed(error(taken, "cannot listen on port 80: " + said)).what(), "cannot listen on port 80: " + said);
  EXPECT_EQ(call_failed(error(taken, "cannot listen")).what(), "cannot listen: " + said);
  EXPECT_EQ(call_failed(error(taken, "cannot listen: " + said)).error().message, "cannot listen: " + said);
}

}  // namespace
