// Connections without a schema in memory: one loop, a clock turned by hand, and everything happens when the test says so.
#include "websocket/transport_recorder.hpp"

#include <parley/loopback.hpp>
#include <parley/raw.hpp>

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/detached.hpp>
#include <asio/experimental/awaitable_operators.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/use_future.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace raw_tests {
namespace {

using namespace std::chrono_literals;
using parley::errc;
using parley::raw_connection;
using parley::raw_message;
using parley::raw_options;
using parley::result;
using parley::transport::testing::recorder;

// What an operation told: how often, and what last.
template <class T>
struct told {
  auto token() {
    return [this](result<T> outcome) {
      ++times;
      last = std::move(outcome);
    };
  }
  bool is(errc code) const { return times == 1 && !last && last.error().code == code; }

  int times = 0;
  result<T> last;
};

struct RawInMemory : testing::Test {
  RawInMemory() {
    door = network.listen(io.get_executor(), {.max_message = 64 * 1024 * 1024}, "house");
    door->start([this](std::shared_ptr<parley::transport::request> ask) {
      server = std::make_shared<recorder>();
      ask->accept("", server);
    });
  }
  void settle() {
    io.restart();
    io.poll();
  }
  void turn(parley::steady::duration by) {
    clock->advance(by, [this] { settle(); });
  }
  raw_connection& make(raw_options options = {}) {
    options.loopback = &network;
    options.clock = clock;
    return ws.emplace(io.get_executor(), "mem://house/ws", std::move(options));
  }
  raw_connection& opened(raw_options options = {}) {
    auto& made = make(std::move(options));
    made.async_connect(asio::detached);
    settle();
    EXPECT_TRUE(made.open());
    return made;
  }

  asio::io_context io;
  parley::loopback network;
  std::shared_ptr<parley::manual_clock> clock = std::make_shared<parley::manual_clock>();
  std::shared_ptr<parley::transport::listener> door;
  std::shared_ptr<recorder> server;
  std::optional<raw_connection> ws;
  told<raw_message> received, received_too;
  told<void> done, done_too;
};

TEST_F(RawInMemory, A_receive_that_takes_too_long_is_told_so_and_loses_no_message) {
  auto& link = opened({.receive_timeout = 3s});
  link.async_receive(received.token());
  settle();
  turn(2999ms);
  EXPECT_EQ(received.times, 0);
  turn(1ms);
  EXPECT_TRUE(received.is(errc::deadline_exceeded));
  server->send("late");
  settle();
  EXPECT_EQ(received.times, 1);
  link.async_receive(received_too.token());
  settle();
  EXPECT_EQ(received_too.last->text(), "late");
}

TEST_F(RawInMemory, Each_receive_has_its_own_time) {
  auto& link = opened({.receive_timeout = 0s});
  told<raw_message> patient;
  link.async_receive(patient.token());
  link.async_receive_within(5s, received.token());
  link.async_receive_within(2s, received_too.token());
  settle();
  turn(2s);
  EXPECT_TRUE(received_too.is(errc::deadline_exceeded));
  EXPECT_EQ(received.times, 0);
  turn(3s);
  EXPECT_TRUE(received.is(errc::deadline_exceeded));
  turn(24h);
  EXPECT_EQ(patient.times, 0);
  server->send("x");
  settle();
  EXPECT_EQ(patient.last->text(), "x");
}

TEST_F(RawInMemory, A_receive_without_any_time_takes_what_is_there) {
  auto& link = opened();
  link.async_receive_within(0s, received.token());
  settle();
  EXPECT_TRUE(received.is(errc::deadline_exceeded));
  server->send("x");
  settle();
  link.async_receive_within(0s, received_too.token());
  settle();
  EXPECT_EQ(received_too.last->text(), "x");
}

TEST_F(RawInMemory, Connecting_that_takes_too_long_is_given_up) {
  network.hold();
  auto& link = make({.connect_timeout = 5s});
  link.async_connect(done.token());
  link.async_send("x", done_too.token());
  link.async_receive(received.token());
  settle();
  turn(4999ms);
  EXPECT_EQ(done.times, 0);
  turn(1ms);
  EXPECT_TRUE(done.is(errc::deadline_exceeded));
  EXPECT_TRUE(done_too.is(errc::deadline_exceeded));
  EXPECT_TRUE(received.is(errc::deadline_exceeded));
  EXPECT_EQ(link.close_code(), 1006);
}

TEST_F(RawInMemory, A_refused_connection_is_told_to_whatever_waits) {
  network.refuse_connect();
  auto& link = make();
  parley::error why = errc::failed;
  link.on_closed([&](const parley::error& e) { why = e; });
  link.async_receive(received.token());
  settle();
  EXPECT_TRUE(received.is(errc::disconnected));
  EXPECT_EQ(why.code, errc::disconnected);
}

TEST_F(RawInMemory, A_connection_that_is_lost_says_1006) {
  auto& link = opened();
  server->send("x");
  settle();
  network.drop_at_message();
  link.async_send("lost", done.token());
  settle();
  EXPECT_EQ(link.close_code(), 1006);
  link.async_receive(received.token());
  link.async_receive(received_too.token());
  settle();
  EXPECT_EQ(received.last->text(), "x");
  EXPECT_TRUE(received_too.is(errc::disconnected));
}

// --- cancellation

TEST_F(RawInMemory, A_cancelled_receive_ends_once_and_the_next_one_gets_the_message) {
  auto& link = opened();
  asio::cancellation_signal stop;
  link.async_receive(asio::bind_cancellation_slot(stop.slot(), received.token()));
  settle();
  stop.emit(asio::cancellation_type::terminal);
  settle();
  EXPECT_TRUE(received.is(errc::cancelled));
  server->send("x");
  settle();
  link.async_receive(received_too.token());
  settle();
  EXPECT_EQ(received_too.last->text(), "x");
  stop.emit(asio::cancellation_type::terminal);
  settle();
  EXPECT_EQ(received.times, 1);
}

TEST_F(RawInMemory, A_cancellation_that_comes_with_the_message_is_too_late) {
  auto& link = opened();
  asio::cancellation_signal stop;
  link.async_receive(asio::bind_cancellation_slot(stop.slot(), received.token()));
  settle();
  server->send("x");
  settle();
  stop.emit(asio::cancellation_type::terminal);
  settle();
  EXPECT_EQ(received.times, 1);
  EXPECT_EQ(received.last->text(), "x");
}

TEST_F(RawInMemory, Giving_up_a_connect_leaves_the_connecting_alone) {
  network.hold();
  auto& link = make();
  asio::cancellation_signal stop;
  link.async_connect(asio::bind_cancellation_slot(stop.slot(), done.token()));
  settle();
  stop.emit(asio::cancellation_type::terminal);
  settle();
  EXPECT_TRUE(done.is(errc::cancelled));
  network.release();
  settle();
  EXPECT_TRUE(link.open());
}

TEST_F(RawInMemory, The_loser_of_two_receives_is_cancelled_and_takes_nothing) {
  auto& link = opened();
  struct race {
    static asio::awaitable<std::string> run(raw_connection& link, raw_connection& other) {
      using namespace asio::experimental::awaitable_operators;
      auto first = co_await (link.async_receive() || other.async_receive());
      co_return std::string(first.index() == 0 ? std::get<0>(first)->text() : std::get<1>(first)->text());
    }
  };
  const auto servers_first = server;
  raw_options options;
  options.loopback = &network;
  raw_connection other{io.get_executor(), "mem://house/ws", options};
  other.async_connect(asio::detached);
  settle();
  const auto servers_second = server;
  auto winner = asio::co_spawn(io, race::run(link, other), asio::use_future);
  settle();
  servers_second->send("second");
  settle();
  EXPECT_EQ(winner.get(), "second");
  servers_first->send("first");
  settle();
  link.async_receive(received.token());
  settle();
  EXPECT_EQ(received.last->text(), "first");
}

// --- turns of the loop

// Whether the loop has had a turn since this was made.
class turns {
 public:
  explicit turns(const asio::any_io_executor& loop) {
    asio::post(loop, [had = had_] { *had = true; });
  }
  bool had() const { return *had_; }

 private:
  std::shared_ptr<bool> had_ = std::make_shared<bool>(false);
};

TEST_F(RawInMemory, A_coroutine_goes_on_at_once_when_nothing_has_to_be_waited_for) {
  auto& link = make();
  struct script {
    static asio::awaitable<void> run(raw_connection& link, std::shared_ptr<recorder>& server) {
      auto loop = co_await asio::this_coro::executor;
      co_await link.async_connect();
      const turns while_sending(loop);
      for (int i = 0; i < 100; ++i) {
        auto sent = co_await link.async_send("x");
        EXPECT_TRUE(sent);
      }
      EXPECT_FALSE(while_sending.had());
      for (const char* text : {"one", "two", "three"}) server->send(text);
      auto one = co_await link.async_receive();
      EXPECT_EQ(one->text(), "one");
      for (int i = 0; i < 10; ++i) co_await asio::post(loop, asio::use_awaitable);  // the others come
      const turns while_receiving(loop);
      auto two = co_await link.async_receive();
      auto three = co_await link.async_receive();
      EXPECT_EQ(two->text(), "two");
      EXPECT_EQ(three->text(), "three");
      EXPECT_FALSE(while_receiving.had());
    }
  };
  auto ended = asio::co_spawn(io, script::run(link, server), asio::use_future);
  settle();
  ended.get();
  EXPECT_EQ(server->messages.size(), 100u);
}

TEST_F(RawInMemory, What_can_end_at_once_still_ends_after_the_function_that_started_it) {
  auto& link = make();
  bool starting = false;
  int ended = 0;
  const auto expect_later = [&](const auto&) {
    EXPECT_FALSE(starting);
    ++ended;
  };
  link.async_connect([&](const result<>&) {
    starting = true;
    link.async_send("x", expect_later);
    link.async_send("\xFF", expect_later);
    link.async_ask("y", expect_later);
    link.async_receive_within(0s, expect_later);
    starting = false;
  });
  settle();
  EXPECT_EQ(ended, 3);
  server->send("answer");
  settle();
  EXPECT_EQ(ended, 4);
  EXPECT_EQ(server->messages.size(), 2u);
}

TEST_F(RawInMemory, What_begins_on_the_loop_does_not_overtake_what_was_started_before) {
  auto& link = opened();
  asio::post(link.executor(), [&] {
    EXPECT_TRUE(link.try_send("2"));
    link.async_send("3", asio::detached);
    link.async_receive(received_too.token());
  });
  link.async_send("1", asio::detached);
  link.async_receive(received.token());
  settle();
  ASSERT_EQ(server->messages.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(server->messages[i].content, std::to_string(i + 1));
  server->send("first");
  settle();
  EXPECT_EQ(received.last->text(), "first");
  EXPECT_EQ(received_too.times, 0);
}

// --- bounds

TEST_F(RawInMemory, What_nobody_receives_is_read_up_to_a_bound_and_the_other_end_waits) {
  auto& link = opened({.max_read_ahead = 100'000});
  for (int i = 0; i < 100; ++i) server->send(std::string(10'000, static_cast<char>('a' + i % 26)));
  settle();
  EXPECT_GE(server->link->buffered_amount(), 880'000u);
  EXPECT_LE(server->link->buffered_amount(), 910'000u);
  for (int i = 0; i < 100; ++i) {
    told<raw_message> next;
    link.async_receive(next.token());
    settle();
    ASSERT_TRUE(next.last);
    ASSERT_EQ(next.last->size(), 10'000u);
    ASSERT_EQ(next.last->text().front(), 'a' + i % 26);
  }
  EXPECT_EQ(server->link->buffered_amount(), 0u);
}

TEST_F(RawInMemory, Empty_messages_count_too) {
  opened({.max_read_ahead = 1'000});
  const std::size_t before = network.operations();
  for (int i = 0; i < 1000; ++i) server->send("");
  settle();
  EXPECT_EQ(network.operations(), before + 1000);
  server->link->close(1000, {});
  settle();
  EXPECT_TRUE(ws->open()) << "the close was read past the bound";
}

TEST_F(RawInMemory, One_message_larger_than_the_bound_is_received) {
  auto& link = opened({.max_read_ahead = 10});
  server->send(std::string(1000, 'x'));
  server->send("y");
  settle();
  link.async_receive(received.token());
  link.async_receive(received_too.token());
  settle();
  EXPECT_EQ(received.last->size(), 1000u);
  EXPECT_EQ(received_too.last->text(), "y");
}

TEST_F(RawInMemory, Reading_is_paused_and_resumed_on_demand) {
  auto& link = opened();
  std::vector<std::string> heard;
  link.on_message([&](const raw_message& message) { heard.emplace_back(message.text()); });
  link.pause_reading();
  settle();
  server->send("x");
  settle();
  EXPECT_TRUE(heard.empty());
  link.resume_reading();
  settle();
  EXPECT_EQ(heard, std::vector<std::string>{"x"});
}

TEST_F(RawInMemory, A_send_waits_for_room_and_nothing_overtakes_it) {
  auto& link = opened({.max_queue = 1000});
  server->link->pause_reading();
  link.async_send(std::string(900, 'a'), done.token());
  link.async_send(std::string(100, 'b'), done_too.token());
  settle();
  EXPECT_EQ(done.times, 1);
  EXPECT_EQ(done_too.times, 0);
  EXPECT_EQ(link.try_send("c").error().code, errc::overloaded);
  server->link->resume_reading();
  settle();
  EXPECT_EQ(done_too.times, 1);
  EXPECT_TRUE(done_too.last);
  ASSERT_EQ(server->messages.size(), 2u);
  EXPECT_EQ(server->messages[1].content.size(), 100u);
  EXPECT_TRUE(link.try_send("c"));
}

TEST_F(RawInMemory, A_send_that_finds_no_room_in_its_time_is_told_so_and_is_not_sent) {
  auto& link = opened({.send_timeout = 3s, .max_queue = 1000});
  server->link->pause_reading();
  link.async_send(std::string(900, 'a'), asio::detached);
  link.async_send(std::string(900, 'b'), done.token());
  settle();
  turn(1s);
  link.async_ask("c", received.token());
  settle();
  turn(1999ms);
  EXPECT_EQ(done.times, 0);
  turn(1ms);
  EXPECT_TRUE(done.is(errc::deadline_exceeded));
  EXPECT_EQ(received.times, 0);
  server->link->resume_reading();
  settle();
  ASSERT_EQ(server->messages.size(), 2u);
  EXPECT_EQ(server->messages[1].content, "c");
  server->send("answer");
  settle();
  EXPECT_EQ(received.last->text(), "answer");
}

TEST_F(RawInMemory, An_ask_that_cannot_leave_in_its_time_ends_and_takes_no_answer) {
  auto& link = opened({.receive_timeout = 0s, .send_timeout = 3s, .max_queue = 1000});
  server->link->pause_reading();
  link.async_send(std::string(900, 'a'), asio::detached);
  link.async_ask(std::string(900, 'b'), received.token());
  link.async_receive(received_too.token());
  settle();
  turn(3s);
  EXPECT_TRUE(received.is(errc::deadline_exceeded));
  server->send("x");
  settle();
  EXPECT_EQ(received_too.last->text(), "x");
}

// Each end waits for the other to receive. It must not be for ever, and the text says what to do.
TEST_F(RawInMemory, A_send_while_the_read_side_is_full_ends_and_says_why) {
  auto& link = opened({.send_timeout = 30s, .max_queue = 1000, .max_read_ahead = 1000});
  for (int i = 0; i < 10; ++i) server->send(std::string(500, 'x'));
  server->link->pause_reading();
  link.async_send(std::string(900, 'a'), asio::detached);
  link.async_send(std::string(900, 'b'), done.token());
  settle();
  turn(30s);
  ASSERT_TRUE(done.is(errc::deadline_exceeded));
  EXPECT_NE(done.last.error().message.find("reading is paused"), std::string::npos) << done.last.error().message;
}

TEST_F(RawInMemory, Unless_told_otherwise_receives_and_sends_wait_for_thirty_seconds) {
  auto& link = opened({.max_queue = 1000});
  server->link->pause_reading();
  link.async_send(std::string(900, 'a'), asio::detached);
  link.async_send(std::string(900, 'b'), done.token());
  link.async_receive(received.token());
  settle();
  turn(29'999ms);
  EXPECT_EQ(done.times + received.times, 0);
  turn(1ms);
  EXPECT_TRUE(done.is(errc::deadline_exceeded));
  EXPECT_TRUE(received.is(errc::deadline_exceeded));
}

TEST_F(RawInMemory, A_send_before_the_connection_is_open_has_its_time_from_then_on) {
  network.hold();
  auto& link = make({.connect_timeout = 60s, .send_timeout = 3s});
  link.async_send("x", done.token());
  settle();
  turn(50s);
  EXPECT_EQ(done.times, 0);
  network.release();
  settle();
  EXPECT_EQ(done.times, 1);
  EXPECT_TRUE(done.last);
}

TEST_F(RawInMemory, A_message_larger_than_the_queue_goes_when_the_queue_is_empty) {
  auto& link = opened({.max_queue = 1000});
  link.async_send("a", done.token());
  link.async_send(std::string(5000, 'b'), done_too.token());
  settle();
  EXPECT_TRUE(done_too.last);
  ASSERT_EQ(server->messages.size(), 2u);
  EXPECT_TRUE(link.try_send(std::string(5000, 'c')));
}

TEST_F(RawInMemory, A_send_that_is_cancelled_while_it_waits_is_not_sent) {
  auto& link = opened({.max_queue = 1000});
  server->link->pause_reading();
  asio::cancellation_signal stop;
  link.async_send(std::string(900, 'a'), asio::detached);
  link.async_send(std::string(900, 'b'), asio::bind_cancellation_slot(stop.slot(), done.token()));
  link.async_send("c", done_too.token());
  settle();
  stop.emit(asio::cancellation_type::terminal);
  settle();
  EXPECT_TRUE(done.is(errc::cancelled));
  server->link->resume_reading();
  settle();
  EXPECT_EQ(done_too.times, 1);
  ASSERT_EQ(server->messages.size(), 2u);
  EXPECT_EQ(server->messages[1].content, "c");
}

TEST_F(RawInMemory, An_ask_that_ends_before_it_was_sent_is_not_sent) {
  auto& link = opened({.max_queue = 1000});
  server->link->pause_reading();
  asio::cancellation_signal stop;
  link.async_send(std::string(900, 'a'), asio::detached);
  link.async_ask(std::string(900, 'b'), asio::bind_cancellation_slot(stop.slot(), received.token()));
  settle();
  stop.emit(asio::cancellation_type::terminal);
  settle();
  EXPECT_TRUE(received.is(errc::cancelled));
  link.async_ask("c", received_too.token());
  settle();
  server->link->resume_reading();
  settle();
  ASSERT_EQ(server->messages.size(), 2u);
  EXPECT_EQ(server->messages[1].content, "c");
  server->send("answer");
  settle();
  EXPECT_EQ(received_too.last->text(), "answer");
}

TEST_F(RawInMemory, Sends_that_wait_hold_only_so_many_bytes) {
  auto& link = opened({.max_queue = 1000});
  server->link->pause_reading();
  link.async_send(std::string(936, 'a'), asio::detached);  // fills the queue
  settle();
  asio::cancellation_signal stop;
  link.async_send(std::string(936, 'b'), asio::bind_cancellation_slot(stop.slot(), done.token()));
  for (int i = 0; i < 2; ++i) link.async_ask(std::string(936, 'c'), asio::detached);
  told<void> last, large;
  link.async_send(std::string(936, 'd'), last.token());
  link.async_send("e", done_too.token());
  link.async_ask("f", received.token());
  settle();
  EXPECT_TRUE(done_too.is(errc::overloaded));
  EXPECT_TRUE(received.is(errc::overloaded));
  stop.emit(asio::cancellation_type::terminal);
  settle();
  EXPECT_TRUE(done.is(errc::cancelled));
  link.async_send(std::string(936, 'g'), asio::detached);
  settle();
  server->link->resume_reading();
  settle();
  EXPECT_TRUE(last.last);
  std::string order;
  for (const auto& one : server->messages) order += one.content.front();
  EXPECT_EQ(order, "accdg");

  server->link->pause_reading();
  link.async_send("h", asio::detached);
  link.async_send(std::string(5000, 'i'), large.token());
  settle();
  EXPECT_EQ(large.times, 0);
  server->link->resume_reading();
  settle();
  EXPECT_TRUE(large.last);
}

TEST_F(RawInMemory, After_the_end_sends_are_told_what_ended_it_however_much_waited) {
  network.hold();
  auto& link = make({.max_queue = 100});
  link.async_send(std::string(1000, 'a'), done.token());
  link.async_close(asio::detached);
  link.async_send(std::string(1000, 'b'), done_too.token());
  settle();
  EXPECT_TRUE(done.is(errc::cancelled));
  EXPECT_TRUE(done_too.is(errc::cancelled));
}

TEST_F(RawInMemory, Only_so_many_operations_wait) {
  auto& link = opened({.max_operations = 2});
  told<raw_message> third;
  link.async_receive(received.token());
  link.async_receive(received_too.token());
  link.async_receive(third.token());
  settle();
  EXPECT_TRUE(third.is(errc::overloaded));
  EXPECT_EQ(received.times + received_too.times, 0);
}

// --- the end

TEST_F(RawInMemory, Times_may_be_as_long_as_can_be) {
  auto& link = opened({.connect_timeout = std::chrono::milliseconds::max(),
                       .receive_timeout = std::chrono::steady_clock::duration::max(),
                       .send_timeout = std::chrono::steady_clock::duration::max(),
                       .close_timeout = std::chrono::milliseconds::max()});
  link.async_receive(received.token());
  settle();
  turn(24h);
  EXPECT_EQ(received.times, 0);
  link.async_close(done.token());
  settle();
  EXPECT_EQ(done.times, 1);
}

TEST_F(RawInMemory, Its_end_cancels_what_waits) {
  auto& link = opened({.max_queue = 100});
  server->link->pause_reading();
  link.async_receive(received.token());
  link.async_send(std::string(100, 'a'), asio::detached);
  link.async_send(std::string(100, 'b'), done.token());
  settle();
  auto later = link.async_receive(asio::use_future);
  ws.reset();
  settle();
  EXPECT_TRUE(received.is(errc::cancelled));
  EXPECT_TRUE(done.is(errc::cancelled));
  EXPECT_EQ(later.get().error().code, errc::cancelled);
}

TEST_F(RawInMemory, It_may_end_before_it_began) {
  make();
  ws.reset();
  settle();
  make().async_close(done.token());
  settle();
  EXPECT_TRUE(done.last);
  ws->async_receive(received.token());
  settle();
  EXPECT_TRUE(received.is(errc::cancelled));
}

TEST_F(RawInMemory, It_may_end_while_it_connects) {
  network.hold();
  auto& link = make();
  link.async_connect(done.token());
  settle();
  ws.reset();
  settle();
  EXPECT_TRUE(done.is(errc::cancelled));
}

TEST_F(RawInMemory, Closing_while_connecting_ends_both) {
  network.hold();
  auto& link = make();
  link.async_connect(done.token());
  link.async_close(done_too.token());
  settle();
  EXPECT_TRUE(done.is(errc::cancelled));
  EXPECT_EQ(done_too.times, 1);
  EXPECT_TRUE(done_too.last);
}

TEST_F(RawInMemory, What_came_before_the_own_close_can_still_be_received) {
  auto& link = opened();
  server->send("x");
  settle();
  link.async_close(asio::detached);
  settle();
  link.async_receive(received.token());
  link.async_receive(received_too.token());
  settle();
  EXPECT_EQ(received.last->text(), "x");
  EXPECT_TRUE(received_too.is(errc::cancelled));
}

TEST(RawInMemoryAlone, A_loop_that_is_destroyed_takes_coroutines_with_connections_along) {
  struct waiting {
    static asio::awaitable<void> run(parley::loopback& network) {
      auto on = co_await asio::this_coro::executor;
      raw_options options;
      options.loopback = &network;
      raw_connection ws{on, "mem://house/ws", options};
      co_await ws.async_connect();
      co_await ws.async_receive();
      ADD_FAILURE() << "nothing was sent";
    }
  };
  parley::loopback network;
  const auto server = std::make_shared<recorder>();
  std::shared_ptr<parley::transport::listener> door;
  asio::io_context io;
  door = network.listen(io.get_executor(), {}, "house");
  door->start([&](std::shared_ptr<parley::transport::request> ask) { ask->accept("", server); });
  asio::co_spawn(io, waiting::run(network), asio::detached);
  io.poll();
  EXPECT_EQ(server->opened, 1);
  server->link = nullptr;
}

}  // namespace
}  // namespace raw_tests
