// The network that a url selects, and the meaning of an HTTP status there.
#include "parley/transport/loopback.hpp"
#include "parley/transport/network.hpp"
#include "parley/transport/status.hpp"
#include "parley/transport/websocket.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace parley::transport {
namespace {

using ::testing::HasSubstr;

TEST(Network, Is_selected_by_the_url_unless_a_loopback_is_given) {
  const loopback memory;
  EXPECT_EQ(&network_for("ws://localhost", nullptr), &websocket_network());
  EXPECT_EQ(&network_for("ws+unix:///run/p", nullptr), &websocket_network());
  EXPECT_EQ(&network_for("mem://lobby", &memory), &memory.network());
  EXPECT_EQ(&network_for("ws://localhost", &memory), &memory.network());
  EXPECT_EQ(&network_for("127.0.0.1", nullptr), &websocket_network());
  EXPECT_EQ(&network_for("unix:/run/p", nullptr), &websocket_network());
  EXPECT_EQ(&network_for("127.0.0.1", &memory), &memory.network());
}

TEST(Network, In_memory_has_no_addresses_and_takes_any_url) {
  const loopback memory;
  EXPECT_FALSE(memory.network().has_addresses());
  EXPECT_TRUE(memory.network().check("anything", ""));
  EXPECT_FALSE(memory.network().check("mem://lobby", "not a proxy"));
  EXPECT_TRUE(websocket_network().has_addresses());
}

TEST(Network, Names_the_schemes_there_are_for_a_url_of_none) {
  const auto wrong = network_for("ftp://host", nullptr).check("ftp://host", "");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, errc::invalid);
  EXPECT_THAT(wrong.error().message, HasSubstr("ws://, wss:// or ws+unix://"));
}

TEST(HttpStatus, Means_the_same_wherever_it_comes_from_as_far_as_the_table_says) {
  struct row {
    int status;
    errc server, proxy;
  };
  const row rows[] = {
      {401, errc::unauthenticated, errc::unauthenticated},
      {407, errc::disconnected, errc::unauthenticated},
      {403, errc::denied, errc::denied},
      {404, errc::unimplemented, errc::disconnected},
      {405, errc::unimplemented, errc::unimplemented},
      {501, errc::disconnected, errc::unimplemented},
      {400, errc::version_mismatch, errc::disconnected},
      {426, errc::version_mismatch, errc::disconnected},
      {429, errc::overloaded, errc::overloaded},
      {503, errc::overloaded, errc::overloaded},
      {302, errc::disconnected, errc::disconnected},
      {500, errc::disconnected, errc::disconnected},
  };
  for (const row& one : rows) {
    EXPECT_EQ(meaning_of(one.status, refuser::server), one.server) << one.status;
    EXPECT_EQ(meaning_of(one.status, refuser::proxy), one.proxy) << one.status;
  }
}

}  // namespace
}  // namespace parley::transport
