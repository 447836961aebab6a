// A message whose transmission takes longer than the silence limit.
#include "websocket/transport_support.hpp"

#include <parley/conversation/attachment.hpp>
#include <parley/ends/loop_executor.hpp>
#include <parley/loopback.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace parley {
namespace {

using namespace std::chrono_literals;
using raw = transport::testing::raw_client;
using transport::testing::run_until;
using transport::testing::settle;

struct owner final : conversation_owner {
  const wire::envelope_format* format_for(std::string_view) override { return &wire::plain_format(); }
  void opened(conversation&) override {}
  void event_received(conversation&, const wire::envelope&, const invocation&) override {}
  void unknown_event(conversation&, const wire::envelope& e) override { got = e.payload.size(); }
  void call_received(conversation&, incoming_call&) override {}
  void error_received(conversation&, const error&, std::string_view) override {}
  void call_handler_threw(const method&, const std::exception_ptr&) override {}
  void drained(conversation&) override {}
  void closed(conversation&, std::uint16_t code, const error&) override { closed_with = code; }
  std::size_t got = 0;
  std::uint16_t closed_with = 0;
};

class SlowMessage : public testing::Test {
 protected:
  SlowMessage() {
    door->start([this](const std::shared_ptr<transport::request>& ask) { ask->accept("", std::make_shared<attachment>(server, clock)); });
    client.emplace(io, door->port());
    client->upgrade();
    EXPECT_TRUE(run_until(io, [&] { return server->has_session(); }));
  }
  ~SlowMessage() override { server->forget_owner(); }

  void pass(std::chrono::seconds time) {
    clock->advance(time, [&] { settle(io); });
  }

  std::shared_ptr<manual_clock> clock = std::make_shared<manual_clock>();
  asio::io_context io;
  session::contract known;
  owner owner_;
  std::shared_ptr<conversation> server =
      std::make_shared<conversation>(owner_, conversation_setup{.session{.self = side::server}, .contract = &known},
                                     std::make_shared<const loop_executor>(io.get_executor()));
  std::shared_ptr<transport::listener> door = *transport::websocket_listen(io.get_executor(), {});
  std::optional<raw> client;
};

// In one frame, which is read directly into its destination, or in fragments.
TEST_F(SlowMessage, Is_waited_for_while_its_bytes_come) {
  const std::string text = R"({"event_name":"x","payload":")" + std::string(60'000, 'y') + "\"}";
  std::string fragments = raw::frame(0x01, text.substr(0, 20'000)) + raw::frame(0x00, text.substr(20'000, 20'000));
  fragments += raw::frame(0x80, text.substr(40'000));
  for (const std::string& bytes : {raw::text(text), fragments}) {
    owner_.got = 0;
    for (std::size_t at = 0; at < bytes.size(); at += 4'000) {
      ASSERT_EQ(owner_.got, 0u);
      client->write(bytes.substr(at, 4'000));
      settle(io);
      pass(19s);
    }
    EXPECT_EQ(owner_.got, 60'002u);
    EXPECT_EQ(owner_.closed_with, 0);
  }
}

TEST_F(SlowMessage, Is_silence_if_it_comes_byte_by_byte) {
  const std::string bytes = raw::text(std::string(60'000, 'y'));
  for (std::size_t at = 0; at < 5 && owner_.closed_with == 0; ++at) {
    client->write(bytes.substr(at, 1));
    settle(io);
    pass(19s);
  }
  ASSERT_TRUE(run_until(io, [&] { return owner_.closed_with != 0; }));
  EXPECT_EQ(owner_.closed_with, session::close_code::heartbeat_lost);
}

}  // namespace
}  // namespace parley
