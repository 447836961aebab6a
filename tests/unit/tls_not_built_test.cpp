// Parley without TLS: the options exist, and using them is an error with a text of its own.
#include "websocket/transport_recorder.hpp"

#include "parley/transport/tls/context.hpp"
#include "parley/transport/websocket.hpp"

#include <gtest/gtest.h>

#include <memory>

namespace parley::transport::testing {
namespace {

TEST(WithoutTls, Options_cannot_be_loaded) {
  const auto server = load_tls(server_tls{});
  const auto client = load_tls(client_tls{});
  ASSERT_FALSE(server || client);
  EXPECT_EQ(server.error().code, errc::unimplemented);
  EXPECT_EQ(client.error().message, "built without TLS");
}

TEST(WithoutTls, Connecting_fails) {
  asio::io_context io;
  const auto end = std::make_shared<recorder>();
  websocket_connect(io.get_executor(), {.url = "wss://127.0.0.1:1/"}, end);
  ASSERT_TRUE(run_until(io, [&] { return end->closed == 1; }));
  EXPECT_EQ(end->how.code, errc::unimplemented);
  EXPECT_EQ(end->how.message, "built without TLS");
}

}  // namespace
}  // namespace parley::transport::testing
