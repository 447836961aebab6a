// A client in memory, with one loop, a clock that the test advances, and a server that the test
// plays.
#include "websocket/transport_recorder.hpp"

#include <parley/client.hpp>
#include <parley/loopback.hpp>

#include <asio/io_context.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using parley::errc;
using parley::transport::testing::recorder;

struct ClientInMemory : testing::Test {
  ClientInMemory() {
    door = network.listen(io.get_executor(), {}, "house");
    door->start([this](std::shared_ptr<parley::transport::request> ask) {
      server = std::make_shared<recorder>();
      if (!mute) ask->accept(ask->subprotocols.empty() ? "" : ask->subprotocols.back(), server);
      else kept = std::move(ask);
    });
  }
  void settle() {
    io.restart();
    io.poll();
  }
  void turn(parley::steady::duration by) {
    clock->advance(by, [this] { settle(); });
  }
  parley::client& connecting(parley::client_options options) {
    options.loopback = &network;
    options.clock = clock;
    parley::client& made = link.emplace(io.get_executor(), "mem://house/ws", std::move(options));
    made.on_disconnected([this](const parley::error& why) { lost.push_back(why); });
    made.async_connect([this](parley::result<> outcome) { told.push_back(std::move(outcome)); });
    settle();
    return made;
  }

  asio::io_context io;
  parley::loopback network;
  std::shared_ptr<parley::manual_clock> clock = std::make_shared<parley::manual_clock>();
  std::shared_ptr<parley::transport::listener> door;
  std::shared_ptr<recorder> server;
  std::shared_ptr<parley::transport::request> kept;
  bool mute = false;
  std::vector<parley::result<>> told;
  std::vector<parley::error> lost;
  std::optional<parley::client> link;
};

TEST_F(ClientInMemory, Gives_a_server_that_never_greets_up_when_connecting_may_last_no_longer) {
  connecting({.connect_timeout = 500ms});
  ASSERT_EQ(server->messages.size(), 1u) << "no hello";
  turn(499ms);
  EXPECT_TRUE(told.empty());
  turn(1ms);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].error().code, errc::deadline_exceeded);
  EXPECT_NE(told[0].error().message.find("connect_timeout"), std::string::npos) << told[0].error().message;
  ASSERT_EQ(lost.size(), 1u);
  EXPECT_EQ(lost[0].code, errc::deadline_exceeded);
  EXPECT_EQ(server->closed, 1) << "the connection was not dropped";
  EXPECT_FALSE(link->connected());
}

TEST_F(ClientInMemory, Gives_a_server_that_does_not_answer_the_upgrade_up_likewise) {
  mute = true;
  connecting({.connect_timeout = 500ms});
  ASSERT_TRUE(kept);
  turn(499ms);
  EXPECT_TRUE(told.empty());
  turn(1ms);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].error().code, errc::deadline_exceeded);
}

TEST_F(ClientInMemory, Waits_for_ever_where_that_is_asked_for) {
  connecting({.connect_timeout = std::chrono::milliseconds::max()});
  turn(24h);
  EXPECT_TRUE(told.empty());
  EXPECT_EQ(server->closed, 0);
}

TEST_F(ClientInMemory, May_try_again_after_it_has_given_up) {
  connecting({.encoding = parley::encoding::plain, .connect_timeout = 500ms});
  ASSERT_EQ(told.size(), 1u);
  EXPECT_TRUE(told[0]) << told[0].error().message;
  turn(1s);
  EXPECT_TRUE(link->connected()) << "time that passes after the connect closes nothing";
}

TEST_F(ClientInMemory, Notices_a_stopped_server_in_the_time_it_was_given) {
  parley::client& made = connecting({.encoding = parley::encoding::plain, .max_silence = 3s});
  ASSERT_TRUE(made.connected());
  turn(10s);
  EXPECT_TRUE(made.connected()) << "a server that answers pings is not lost";
  network.hold();
  turn(3s);
  turn(1s);  // the close is not answered either
  ASSERT_EQ(lost.size(), 1u);
  EXPECT_EQ(lost[0].code, errc::disconnected);
  EXPECT_NE(lost[0].message.find("heartbeat"), std::string::npos) << lost[0].message;
}

TEST_F(ClientInMemory, Without_the_option_bears_two_heartbeats) {
  connecting({.encoding = parley::encoding::plain, .heartbeat = 5s});
  network.hold();
  turn(9999ms);
  EXPECT_TRUE(lost.empty());
  turn(1001ms);
  ASSERT_EQ(lost.size(), 1u);
}

}  // namespace
