// What becomes of calls and events when a client loses its connection. In memory: one loop, a clock
// that the test advances, and either a server that the test plays frame by frame, or a real one.
#include "talk.client.hpp"
#include "talk.server.hpp"

#include "websocket/transport_recorder.hpp"

#include <parley/client.hpp>
#include <parley/loopback.hpp>
#include <parley/server.hpp>
#include <parley/wire/hello.hpp>

#include <asio/bind_executor.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/io_context.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using namespace talk::v1;
using parley::errc;
using parley::link_state;
using parley::link_status;
using parley::transport::testing::recorder;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::chrono::seconds any_pause{2};

struct Work : testing::Test {
  // The texts of the frames that arrived at the server on one connection, after the hello.
  struct visit : recorder {
    std::vector<std::string> frames;
  };

  void settle() {
    io.restart();
    io.poll();
  }
  void turn(parley::steady::duration by) {
    clock->advance(by, [this] { settle(); });
  }
  parley::client_options options() {
    parley::client_options chosen;
    chosen.encoding = parley::encoding::json;
    chosen.reconnect.pause = chosen.reconnect.longest = 1s;
    chosen.loopback = &network;
    chosen.clock = clock;
    return chosen;
  }

  asio::io_context io;
  parley::loopback network;
  std::shared_ptr<parley::manual_clock> clock = std::make_shared<parley::manual_clock>();
};

// --- A server that the test plays.

struct Played : Work {
  Played() { open_house(); }

  void open_house() {
    door = network.listen(io.get_executor(), {}, "talk");
    door->start([this](std::shared_ptr<parley::transport::request> ask) {
      server = std::make_shared<visit>();
      server->when_message = [here = server.get()](const recorder::message& m) {
        if (m.content.find("\"$hello\"") == std::string::npos) return here->frames.push_back(m.content);
        here->link->send(parley::buffer(std::string(R"({"event_name":"$welcome","payload":{"revision":1,"client_id":")") +
                                        parley::wire::make_client_id(1) + R"(","outcome":"new","policy":"degrade"}})"),
                         parley::transport::opcode::text);
      };
      ask->accept("parley.v1.json", server);
    });
  }
  void connect(parley::client_options chosen) {
    link.emplace(io.get_executor(), "mem://talk/ws", std::move(chosen));
    talk.emplace(*link);
    link->on_status([this](const link_status& s) {
      if (s.state == link_state::open) opened.push_back(s);
    });
    link->async_connect([](const parley::result<>& outcome) { EXPECT_TRUE(outcome); });
    settle();
    ASSERT_TRUE(link->connected());
  }
  void connect() { connect(options()); }
  void lose() {
    server->link->abort();
    settle();
  }
  void say(const std::string& frame) {
    server->send(frame);
    settle();
  }
  void answer(std::uint64_t call, double value) {
    say(R"({"event_name":"Talk.Later","payload":{"value":)" + std::to_string(value) + R"(},"re":)" + std::to_string(call) + "}");
  }
  auto keep(std::optional<parley::result<Sum>>& where) {
    return asio::bind_executor(io, [&where](parley::result<Sum> outcome) { where = std::move(outcome); });
  }

  std::shared_ptr<parley::transport::listener> door;
  std::shared_ptr<visit> server;
  std::vector<link_status> opened;
  std::optional<parley::client> link;
  std::optional<TalkClient> talk;
};

TEST_F(Played, A_call_waits_for_the_next_connection) {
  connect();
  lose();
  std::optional<parley::result<Sum>> got;
  talk->async_later({.numbers = {1}}, keep(got));
  turn(any_pause);
  ASSERT_THAT(server->frames, ElementsAre(HasSubstr("Talk.Later")));
  EXPECT_FALSE(got);
  answer(1, 5);
  ASSERT_TRUE(got && *got);
  EXPECT_EQ((*got)->value, 5);
}

TEST_F(Played, A_call_waits_no_longer_than_its_deadline) {
  connect();
  door->stop();
  lose();
  std::optional<parley::result<Sum>> got;
  talk->with({.deadline = 5s}).async_later({}, keep(got));
  turn(4999ms);
  EXPECT_FALSE(got);
  turn(1ms);
  ASSERT_TRUE(got);
  EXPECT_EQ(got->error().code, errc::deadline_exceeded);
  EXPECT_FALSE(got->error().maybe_done);
  EXPECT_EQ(got->error(), parley::condition::retryable);
}

TEST_F(Played, A_call_that_was_sent_is_lost_with_its_connection) {
  connect();
  std::optional<parley::result<Sum>> got;
  talk->async_later({}, keep(got));
  settle();
  lose();
  ASSERT_TRUE(got);
  EXPECT_EQ(got->error().code, errc::disconnected);
  EXPECT_TRUE(got->error().maybe_done);
  EXPECT_FALSE(got->error().safe_to_repeat());
  turn(any_pause);
  ASSERT_THAT(opened, SizeIs(2));
  EXPECT_EQ(opened[1].calls_lost, 1u);
  EXPECT_THAT(server->frames, IsEmpty());
}

TEST_F(Played, A_call_that_may_run_twice_is_sent_again_three_times) {
  connect();
  std::optional<parley::result<Sum>> got;
  talk->with({.deadline = 1h}).async_look({.numbers = {7}}, keep(got));
  settle();
  for (int i = 0; i < 3; ++i) {
    lose();
    turn(any_pause);
    ASSERT_THAT(server->frames, ElementsAre(testing::AllOf(HasSubstr("Talk.Look"), HasSubstr("[7]"))));
    EXPECT_FALSE(got);
  }
  EXPECT_EQ(opened.back().calls_lost, 0u);
  lose();
  ASSERT_TRUE(got);
  EXPECT_EQ(got->error().code, errc::disconnected);
  EXPECT_TRUE(got->error().maybe_done);
  EXPECT_TRUE(got->error().repeatable);
}

TEST_F(Played, A_call_that_was_sent_again_is_answered_once) {
  connect();
  std::optional<parley::result<Sum>> got;
  talk->async_look({}, keep(got));
  settle();
  lose();
  turn(any_pause);
  say(R"({"event_name":"Talk.Look","payload":{"value":3},"re":1})");
  ASSERT_TRUE(got && *got);
  EXPECT_EQ((*got)->value, 3);
}

TEST_F(Played, A_call_that_was_sent_may_have_run_although_it_waits_again) {
  connect();
  door->stop();
  std::optional<parley::result<Sum>> late, cancelled;
  asio::cancellation_signal stop;
  talk->with({.deadline = 5s}).async_look({}, keep(late));
  talk->async_look({}, asio::bind_cancellation_slot(stop.slot(), keep(cancelled)));
  settle();
  lose();
  stop.emit(asio::cancellation_type::terminal);
  settle();
  ASSERT_TRUE(cancelled);
  EXPECT_EQ(cancelled->error().code, errc::cancelled);
  EXPECT_TRUE(cancelled->error().maybe_done);
  turn(5s);
  ASSERT_TRUE(late);
  EXPECT_EQ(late->error().code, errc::deadline_exceeded);
  EXPECT_TRUE(late->error().maybe_done);
  EXPECT_TRUE(late->error().repeatable);
}

TEST_F(Played, Without_reconnecting_no_call_is_sent_again) {
  parley::client_options chosen = options();
  chosen.reconnect.attempts = 0;
  connect(chosen);
  std::optional<parley::result<Sum>> got;
  talk->async_look({}, keep(got));
  settle();
  lose();
  ASSERT_TRUE(got);
  EXPECT_EQ(got->error().code, errc::disconnected);
}

TEST_F(Played, What_was_kept_fails_when_the_link_is_given_up) {
  parley::client_options chosen = options();
  chosen.reconnect.attempts = 1;
  connect(chosen);
  std::optional<parley::result<Sum>> sent, waiting;
  talk->async_look({}, keep(sent));
  settle();
  door->stop();
  lose();
  talk->async_look({}, keep(waiting));
  turn(any_pause);
  ASSERT_TRUE(sent && waiting);
  EXPECT_TRUE(sent->error().maybe_done);
  EXPECT_FALSE(waiting->error().maybe_done);
  EXPECT_EQ(talk->say({}), parley::sent::closed);
}

TEST_F(Played, Events_wait_in_their_order_within_max_queue) {
  parley::client_options chosen = options();
  chosen.max_queue = 1000;
  connect(chosen);
  lose();
  int queued = 0;
  for (; talk->say({.text = "line " + std::to_string(queued)}) == parley::sent::queued; ++queued) ASSERT_LT(queued, 100);
  EXPECT_GT(queued, 5);
  turn(any_pause);
  ASSERT_THAT(server->frames, SizeIs(queued));
  for (int i = 0; i < queued; ++i) EXPECT_THAT(server->frames[static_cast<std::size_t>(i)], HasSubstr("line " + std::to_string(i) + "\""));
}

TEST_F(Played, What_the_transport_did_not_take_is_sent_on_the_next_connection) {
  connect();
  network.hold();
  const std::string large(10'000, 'x');
  for (int i = 0; i < 20; ++i) EXPECT_EQ(talk->say({.text = large, .number = static_cast<std::uint64_t>(i)}), parley::sent::queued);
  std::optional<parley::result<Sum>> got;
  talk->async_later({}, keep(got));
  settle();
  const auto before = server;
  server->link->abort();
  network.release();
  settle();
  turn(any_pause);
  ASSERT_THAT(opened, SizeIs(2));
  ASSERT_THAT(server->frames, testing::Not(IsEmpty()));
  EXPECT_EQ(opened[1].unconfirmed, 21 - server->frames.size()) << "each event left once";
  EXPECT_THAT(server->frames.back(), HasSubstr("Talk.Later")) << "the call came last";
  EXPECT_THAT(server->frames[server->frames.size() - 2], HasSubstr("\"19\""));
  EXPECT_FALSE(got);
  EXPECT_EQ(opened[1].calls_lost, 0u);
}

TEST_F(Played, Counts_the_events_that_no_answer_has_confirmed) {
  connect();
  std::optional<parley::result<Sum>> got;
  for (int i = 0; i < 3; ++i) talk->report({});
  talk->async_later({}, keep(got));
  for (int i = 0; i < 2; ++i) talk->report({});
  settle();
  answer(1, 0);
  ASSERT_TRUE(got);
  lose();
  turn(any_pause);
  EXPECT_EQ(opened.back().unconfirmed, 2u);
  talk->async_later({}, keep(got));
  talk->report({});
  talk->async_later({}, keep(got));
  settle();
  answer(1, 0);
  answer(2, 0);
  lose();
  turn(any_pause);
  EXPECT_EQ(opened.back().unconfirmed, 0u);
}

// --- A server that goes away.

TEST_F(Played, After_a_goaway_new_work_waits_and_old_work_ends) {
  connect();
  std::optional<parley::result<Sum>> running, later;
  talk->async_later({}, keep(running));
  settle();
  say(R"({"event_name":"$goaway","payload":{"reason":"restart","retry_ms":5000,"last_id":1,"text":"see you"}})");
  EXPECT_TRUE(link->connected());
  talk->async_later({}, keep(later));
  EXPECT_EQ(talk->report({}), parley::sent::queued);
  settle();
  EXPECT_THAT(server->frames, SizeIs(1));
  answer(1, 4);
  ASSERT_TRUE(running && *running);
  turn(1s);
  server->link->close(1012, "");
  settle();
  EXPECT_FALSE(later);
  EXPECT_GE(link->status().next_try, clock->now() + 4s) << "not before the time that the server named";
  turn(6s);
  ASSERT_TRUE(link->connected());
  EXPECT_THAT(server->frames, ElementsAre(HasSubstr("Talk.Later"), HasSubstr("Talk.Report")));
  answer(1, 5);
  ASSERT_TRUE(later && *later);
}

TEST_F(Played, A_goaway_names_the_calls_that_will_not_run) {
  connect();
  std::optional<parley::result<Sum>> first, once, twice;
  talk->async_later({}, keep(first));
  talk->async_later({}, keep(once));
  talk->async_look({}, keep(twice));
  settle();
  say(R"({"event_name":"$goaway","payload":{"reason":"shutdown","last_id":1}})");
  EXPECT_FALSE(first);
  ASSERT_TRUE(once);
  EXPECT_EQ(once->error().code, errc::disconnected);
  EXPECT_FALSE(once->error().maybe_done) << "safe to repeat";
  EXPECT_FALSE(twice) << "kept, so it moves by itself";
  server->link->close(1001, "");
  settle();
  turn(any_pause);
  ASSERT_TRUE(link->connected());
  EXPECT_THAT(server->frames, ElementsAre(HasSubstr("Talk.Look")));
  ASSERT_TRUE(first);
  EXPECT_TRUE(first->error().maybe_done);
  EXPECT_EQ(opened.back().calls_lost, 1u);
}

TEST_F(Played, A_goaway_that_cannot_be_read_ends_the_connection) {
  connect();
  say(R"({"event_name":"$goaway","payload":{"retry_ms":"soon"}})");
  EXPECT_EQ(link->status().state, link_state::waiting);
  EXPECT_EQ(link->status().why->close_code, 4001);
}

TEST_F(Played, What_waits_after_a_goaway_leaves_before_a_close) {
  connect();
  say(R"({"event_name":"$goaway","payload":{"reason":"restart","last_id":0}})");
  EXPECT_EQ(talk->report({.text = "last words"}), parley::sent::queued);
  link->close();
  settle();
  EXPECT_THAT(server->frames, ElementsAre(HasSubstr("last words")));
}

// --- Plain mode, where calls wait for each other.

TEST_F(Work, Plain_calls_that_wait_for_another_move_to_the_next_connection) {
  std::vector<std::shared_ptr<recorder>> visits;
  const auto door = network.listen(io.get_executor(), {}, "talk");
  door->start(
      [&](const std::shared_ptr<parley::transport::request>& ask) { ask->accept("", visits.emplace_back(std::make_shared<recorder>())); });
  parley::client_options chosen = options();
  chosen.encoding = parley::encoding::plain;
  parley::client link{io.get_executor(), "mem://talk/ws", std::move(chosen)};
  TalkClient talk{link};
  std::optional<parley::result<Sum>> first, second;
  talk.async_later({}, asio::bind_executor(io, [&](parley::result<Sum> outcome) { first = std::move(outcome); }));
  talk.async_later({}, asio::bind_executor(io, [&](parley::result<Sum> outcome) { second = std::move(outcome); }));
  settle();
  ASSERT_THAT(visits, SizeIs(1));
  EXPECT_THAT(visits[0]->messages, SizeIs(1));
  visits[0]->link->abort();
  settle();
  ASSERT_TRUE(first);
  EXPECT_TRUE(first->error().maybe_done);
  EXPECT_FALSE(second);
  turn(any_pause);
  ASSERT_THAT(visits, SizeIs(2));
  EXPECT_THAT(visits[1]->messages, SizeIs(1));
  visits[1]->send(R"({"event_name":"Talk.Later","payload":{"value":9},"from_id":"server","to":"me","message":null})");
  settle();
  ASSERT_TRUE(second && *second);
  EXPECT_EQ((*second)->value, 9);
}

// --- A real server, and a fault at every operation of the network.

struct Counting final : TalkHandler {
  explicit Counting(parley::server&) {}
  parley::reply<Sum> look(const Numbers& n, parley::call&) override {
    return Sum{.value = std::accumulate(n.numbers.begin(), n.numbers.end(), 0.0)};
  }
  void report(const Line& line, parley::event&) override { reports.push_back(line.number); }
  std::vector<std::uint64_t> reports;
};

struct Cut : Work, testing::WithParamInterface<parley::encoding> {};
INSTANTIATE_TEST_SUITE_P(In, Cut, testing::Values(parley::encoding::binary, parley::encoding::json));

TEST_P(Cut, At_every_operation_loses_no_call_and_no_event_that_had_not_left) {
  for (std::size_t n = 0;; ++n) {
    ASSERT_LT(n, 200u);
    parley::server server{io.get_executor(), {.loopback = &network, .clock = clock}};
    Counting handler{server};
    server.add(handler);
    server.start();
    parley::client_options chosen = options();
    chosen.encoding = GetParam();
    chosen.reconnect.first_too = true;
    std::optional<parley::client> link(std::in_place, io.get_executor(), "mem://talk/ws", chosen);
    TalkClient talk{*link};
    std::uint64_t unconfirmed = 0;
    link->on_status([&](const link_status& s) {
      if (s.state == link_state::open) unconfirmed += s.unconfirmed;
    });
    const std::size_t before = network.operations();
    network.fail_operation(n);
    link->async_connect([](const parley::result<>&) {});
    int answered = 0;
    for (std::uint64_t i = 0; i < 4; ++i) {
      EXPECT_EQ(talk.report({.number = i}), parley::sent::queued);
      talk.async_look({.numbers = {1, 2}}, asio::bind_executor(io, [&](const parley::result<Sum>& outcome) {
                        EXPECT_TRUE(outcome) << outcome.error().message;
                        ++answered;
                      }));
      settle();
    }
    turn(10s);
    EXPECT_EQ(answered, 4) << "fault " << n;
    EXPECT_LE(handler.reports.size(), 4u);
    EXPECT_GE(handler.reports.size() + unconfirmed, 4u) << "fault " << n;
    EXPECT_TRUE(std::is_sorted(handler.reports.begin(), handler.reports.end()));
    EXPECT_EQ(std::adjacent_find(handler.reports.begin(), handler.reports.end()), handler.reports.end()) << "an event came twice";
    const bool past_the_end = network.operations() - before <= n;
    link.reset();
    server.stop();
    settle();
    if (past_the_end) break;
  }
}

}  // namespace
