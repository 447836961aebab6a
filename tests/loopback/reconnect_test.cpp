// How a client keeps its link, in memory: one loop, a clock that the test advances, and a server
// that the test plays.
#include "websocket/transport_recorder.hpp"

#include <parley/by_name.hpp>
#include <parley/client.hpp>
#include <parley/loopback.hpp>

#include <asio/bind_executor.hpp>
#include <asio/io_context.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using parley::errc;
using parley::link_state;
using parley::link_status;
using parley::outcome;
using parley::transport::testing::recorder;
using testing::ElementsAre;
using testing::HasSubstr;

// Long enough for any pause of these tests, which is at most a second.
constexpr std::chrono::seconds any_pause{2};

struct Reconnect : testing::Test {
  Reconnect() { open_house(); }

  void open_house(const std::string& name = "house") {
    door = network.listen(io.get_executor(), {}, name);
    door->start([this, name](std::shared_ptr<parley::transport::request> ask) {
      visits.push_back(name);
      if (refuse_with != 0) return ask->reject(refuse_with, "");
      server = std::make_shared<recorder>();
      ask->accept(ask->subprotocols.empty() ? "" : ask->subprotocols.back(), server);
    });
  }
  void settle() {
    io.restart();
    io.poll();
  }
  void turn(parley::steady::duration by) {
    clock->advance(by, [this] { settle(); });
  }
  parley::client& make(parley::client_options options = {}) {
    options.encoding = parley::encoding::plain;
    options.loopback = &network;
    options.clock = clock;
    if (options.reconnect.pause == parley::reconnect_options{}.pause) options.reconnect.pause = options.reconnect.longest = 1s;
    parley::client& made = link.emplace(io.get_executor(), "mem://house/ws", std::move(options));
    made.on_disconnected([this](const parley::error& why) { lost.push_back(why); });
    made.on_status([this](const link_status& s) {
      states.push_back(s.state);
      last = s;
    });
    return made;
  }
  parley::client& connected(parley::client_options options = {}) {
    parley::client& made = make(std::move(options));
    connect();
    EXPECT_TRUE(made.connected());
    states.clear();
    return made;
  }
  void connect() {
    link->async_connect(asio::bind_executor(io, [this](parley::result<> outcome) { told.push_back(std::move(outcome)); }));
    settle();
  }
  void lose() {
    server->link->abort();
    settle();
  }
  void close(std::uint16_t code) {
    server->link->close(code, "");
    settle();
  }

  asio::io_context io;
  parley::loopback network;
  std::shared_ptr<parley::manual_clock> clock = std::make_shared<parley::manual_clock>();
  std::shared_ptr<parley::transport::listener> door;
  std::shared_ptr<recorder> server;
  int refuse_with = 0;
  std::vector<std::string> visits;
  std::vector<parley::result<>> told;
  std::vector<parley::error> lost;
  std::vector<link_state> states;
  link_status last;
  std::optional<parley::client> link;
};

TEST_F(Reconnect, Connects_again_by_itself_and_says_so) {
  make();
  EXPECT_EQ(link->status().state, link_state::idle);
  connect();
  EXPECT_THAT(states, ElementsAre(link_state::connecting, link_state::open));
  EXPECT_EQ(link->status().state, link_state::open);
  EXPECT_EQ(last.outcome, outcome::first);
  states.clear();
  lose();
  EXPECT_THAT(states, ElementsAre(link_state::waiting));
  EXPECT_EQ(last.attempt, 1u);
  EXPECT_LE(last.next_try, clock->now() + 1s);
  ASSERT_TRUE(last.why);
  EXPECT_EQ(last.why->code, errc::disconnected);
  EXPECT_EQ(last.why->close_code, 1006);
  ASSERT_EQ(lost.size(), 1u);
  EXPECT_FALSE(link->connected());
  turn(any_pause);
  EXPECT_THAT(states, ElementsAre(link_state::waiting, link_state::connecting, link_state::open));
  EXPECT_EQ(last.outcome, outcome::fresh);
  EXPECT_FALSE(last.why);
  EXPECT_TRUE(link->connected());
  EXPECT_EQ(lost.size(), 1u);
}

TEST_F(Reconnect, Reports_one_loss_however_many_attempts_fail) {
  connected();
  door->stop();
  lose();
  for (int i = 0; i < 5; ++i) turn(any_pause);
  EXPECT_GE(link->status().attempt, 5u);
  EXPECT_EQ(lost.size(), 1u);
  open_house();
  turn(any_pause);
  EXPECT_TRUE(link->connected());
}

TEST_F(Reconnect, Fails_the_first_connect_at_once) {
  door->stop();
  make();
  connect();
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].error().code, errc::disconnected);
  EXPECT_THAT(states, ElementsAre(link_state::connecting, link_state::closed));
  EXPECT_EQ(lost.size(), 1u);
  turn(1h);
  EXPECT_EQ(states.size(), 2u);
  open_house();
  connect();
  EXPECT_TRUE(link->connected()) << "connect() begins again";
  EXPECT_EQ(last.outcome, outcome::first);
}

TEST_F(Reconnect, Waits_for_the_first_connection_if_that_is_asked_for) {
  door->stop();
  make({.reconnect = {.first_too = true}});
  connect();
  for (int i = 0; i < 3; ++i) turn(any_pause);
  EXPECT_TRUE(told.empty());
  EXPECT_TRUE(lost.empty());
  open_house();
  turn(any_pause);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_TRUE(told[0]);
}

TEST_F(Reconnect, Gives_up_after_its_attempts) {
  connected({.reconnect = {.attempts = 2}});
  door->stop();
  lose();
  turn(any_pause);
  turn(any_pause);
  EXPECT_EQ(link->status().state, link_state::closed);
  EXPECT_EQ(lost.size(), 2u) << "the loss, and the end";
  turn(1h);
  EXPECT_EQ(states.back(), link_state::closed);
}

TEST_F(Reconnect, Without_attempts_a_lost_link_stays_lost) {
  connected({.reconnect = {.attempts = 0}});
  lose();
  EXPECT_EQ(link->status().state, link_state::closed);
  EXPECT_EQ(lost.size(), 1u);
  parley::by_name names{*link};
  EXPECT_EQ(names.send({.name = "hello"}).error().code, errc::disconnected);
  connect();
  EXPECT_TRUE(link->connected());
}

TEST_F(Reconnect, Tries_now_when_connect_is_called_and_waits_for_that_attempt) {
  connected();
  door->stop();
  lose();
  told.clear();
  connect();
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].error().code, errc::disconnected);
  EXPECT_EQ(link->status().state, link_state::waiting) << "further attempts follow";
  open_house();
  connect();
  EXPECT_TRUE(link->connected());
  EXPECT_TRUE(told.back());
}

TEST_F(Reconnect, Tries_now_when_it_is_told_to) {
  connected();
  lose();
  link->reconnect_now();
  settle();
  EXPECT_TRUE(link->connected());
}

TEST_F(Reconnect, Asks_an_open_link_whether_it_still_is) {
  connected();
  link->reconnect_now();
  settle();
  turn(4s);
  EXPECT_TRUE(link->connected()) << "the pong came";
  network.hold();
  link->reconnect_now();
  settle();
  turn(2999ms);
  EXPECT_TRUE(lost.empty());
  turn(1ms);
  network.release();
  settle();
  ASSERT_EQ(lost.size(), 1u);
  EXPECT_EQ(lost[0].close_code, 4011);
  turn(any_pause);
  EXPECT_TRUE(link->connected());
}

TEST_F(Reconnect, Stays_away_if_the_server_says_so) {
  for (const std::uint16_t code : std::initializer_list<std::uint16_t>{1000, 1003, 4003, 4004, 4010, 4012}) {
    connected();
    close(code);
    EXPECT_EQ(link->status().state, link_state::closed) << code;
    EXPECT_EQ(link->status().why->close_code, code);
  }
  for (const int status : {400, 401, 403, 404, 426}) {
    connected();
    refuse_with = status;
    lose();
    turn(any_pause);
    EXPECT_EQ(link->status().state, link_state::closed) << status;
    refuse_with = 0;
  }
}

TEST_F(Reconnect, Comes_back_after_every_other_close) {
  for (const std::uint16_t code : std::initializer_list<std::uint16_t>{1001, 1011, 1012, 1013, 4001, 4002, 4009, 4011, 1008}) {
    connected();
    close(code);
    EXPECT_EQ(link->status().state, link_state::waiting) << code;
    const auto wait = link->status().next_try - clock->now();
    EXPECT_GE(wait, code == 1008 ? 5s : code == 4001 ? 1s : 0s) << code;
    turn(7s);
    EXPECT_TRUE(link->connected()) << code;
  }
}

TEST_F(Reconnect, Comes_back_to_a_busy_server) {
  connected();
  refuse_with = 503;
  lose();
  turn(any_pause);
  EXPECT_EQ(link->status().state, link_state::waiting);
  EXPECT_EQ(link->status().why->code, errc::overloaded);
  refuse_with = 0;
  turn(any_pause);
  EXPECT_TRUE(link->connected());
}

TEST_F(Reconnect, Goes_round_its_urls) {
  connected({.more_urls = {"mem://shed/ws", "mem://barn/ws"}});
  visits.clear();
  door->stop();
  lose();
  turn(any_pause);
  EXPECT_THAT(visits, ElementsAre()) << "the house is closed";
  open_house("shed");
  turn(any_pause);
  EXPECT_TRUE(link->connected());
  EXPECT_THAT(visits, ElementsAre("shed"));
  lose();
  turn(any_pause);
  EXPECT_THAT(visits, ElementsAre("shed", "shed"));
}

TEST_F(Reconnect, Refuses_a_wrong_url_among_several) {
  EXPECT_THROW(parley::client(io.get_executor(), "ws://house/ws", {.more_urls = {"ws://shed/ws", "nonsense"}}), std::invalid_argument);
}

TEST_F(Reconnect, Ends_with_close_while_it_waits) {
  connected();
  lose();
  link->close();
  settle();
  EXPECT_EQ(link->status().state, link_state::closed);
  EXPECT_EQ(link->status().why->code, errc::cancelled);
  turn(1h);
  EXPECT_EQ(visits.size(), 1u);
  connect();
  ASSERT_EQ(told.size(), 2u);
  EXPECT_EQ(told[1].error().code, errc::cancelled) << "close() is final";
}

TEST_F(Reconnect, May_be_closed_and_connected_by_its_handlers) {
  connected();
  link->on_disconnected([this](const parley::error&) { link->async_connect([](const parley::result<>&) {}); });
  lose();
  settle();
  EXPECT_TRUE(link->connected()) << "connected by the handler, without a pause";
  link->on_status([this](const link_status& s) {
    if (s.state == link_state::waiting) link->close();
  });
  link->on_disconnected({});
  lose();
  settle();
  EXPECT_EQ(link->status().state, link_state::closed);
}

TEST_F(Reconnect, Bears_handlers_that_throw) {
  std::vector<std::string> log;
  connected({.log = [&](parley::log_level, std::string_view line) { log.emplace_back(line); }});
  link->on_status([](const link_status&) { throw std::runtime_error("oops"); });
  lose();
  turn(any_pause);
  EXPECT_TRUE(link->connected());
  EXPECT_THAT(log, testing::Contains(HasSubstr("on_status failed")));
}

TEST_F(Reconnect, Keeps_what_its_handlers_remember) {
  connected();
  std::vector<int> counts;
  link->on_status([&counts, count = 0](const link_status&) mutable { counts.push_back(++count); });
  link->on_disconnected([&counts, count = 10](const parley::error&) mutable { counts.push_back(++count); });
  lose();
  turn(any_pause);
  lose();
  EXPECT_THAT(counts, ElementsAre(11, 1, 2, 3, 12, 4));
}

TEST_F(Reconnect, May_be_destroyed_in_every_state) {
  make();
  link.reset();
  make();
  link->async_connect([](const parley::result<>&) {});
  link.reset();
  connected();
  link.reset();
  connected();
  lose();
  link.reset();
  settle();
  turn(1h);
}

}  // namespace
