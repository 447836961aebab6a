// Connections without a schema, over both transports: what programs see.
#include "held_port.hpp"
#include "system/raw_house.hpp"

#include <parley/raw.hpp>

#include <asio/experimental/awaitable_operators.hpp>
#include <asio/steady_timer.hpp>
#include <asio/thread_pool.hpp>
#include <asio/use_future.hpp>

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <future>
#include <ostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace raw_tests {
namespace {

using namespace std::chrono_literals;
using parley::errc;
using parley::raw_connection;
using parley::raw_message;
using parley::raw_options;

struct Raw : testing::TestWithParam<carrier> {
  raw_options options(raw_options chosen = {}) { return home.reach(std::move(chosen)); }
  template <class F>
  static parley::error error_of(F f) {
    try {
      f();
    } catch (const parley::call_failed& failed) { return failed.error(); }
    return errc::unimplemented;
  }

  house home{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Over, Raw, testing::Values(carrier::loopback, carrier::websocket),
                         [](const auto& over) { return over.param == carrier::loopback ? "loopback" : "websocket"; });

TEST_P(Raw, The_first_operation_connects_and_text_and_binary_are_kept_apart) {
  raw_connection ws{home.url(), options()};
  EXPECT_FALSE(ws.open());
  ws.send("grüß dich");
  const std::array<std::byte, 3> bytes{std::byte{0}, std::byte{0xFF}, std::byte{1}};
  ws.send(bytes);
  EXPECT_TRUE(ws.open());
  const raw_message text = ws.receive();
  EXPECT_TRUE(text.is_text());
  EXPECT_EQ(text.text(), "grüß dich");
  const raw_message binary = ws.receive();
  EXPECT_TRUE(binary.is_binary());
  EXPECT_EQ(binary, raw_message(bytes));
  std::ostringstream printed;
  printed << text;
  EXPECT_EQ(printed.str(), "grüß dich");
}

TEST_P(Raw, Its_end_says_goodbye_with_1000) {
  {
    raw_connection ws{home.url(), options()};
    ws.connect();
  }
  const auto ended = home.ended.next();
  EXPECT_EQ(ended.why.code, 1000);
  EXPECT_EQ(ended.how.code, errc::disconnected);
}

asio::awaitable<std::string> converse(std::string url, raw_options options) {
  auto on = co_await asio::this_coro::executor;
  raw_connection ws{on, url, std::move(options)};
  co_await ws.async_send("one");
  co_await ws.async_send("two");
  auto first = co_await ws.async_receive();
  auto second = co_await ws.async_ask("three");
  auto third = co_await ws.async_receive();
  auto closed = co_await ws.async_close();
  auto after = co_await ws.async_receive();
  EXPECT_TRUE(closed);
  EXPECT_EQ(after.error().code, errc::cancelled);
  co_return std::string(first->text()) + ' ' + std::string(second->text()) + ' ' + std::string(third->text());
}

TEST_P(Raw, A_coroutine_on_the_callers_executor_needs_no_thread) {
  EXPECT_EQ(parley::run(converse(home.url(), options())), "one two three");
}

TEST_P(Raw, Many_sends_may_go_before_the_first_receive) {
  raw_connection ws{home.url(), options()};
  for (int i = 0; i < 1000; ++i) ws.send("Message " + std::to_string(i));
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(ws.receive().text(), "Message " + std::to_string(i));
}

TEST_P(Raw, Asks_under_way_at_the_same_time_get_their_own_answers) {
  raw_connection ws{home.url(), options()};
  std::vector<std::future<parley::result<raw_message>>> answers;
  for (int i = 0; i < 100; ++i) answers.push_back(ws.async_ask(std::to_string(i), asio::use_future));
  for (int i = 0; i < 100; ++i) EXPECT_EQ(answers[static_cast<std::size_t>(i)].get()->text(), std::to_string(i));
}

TEST_P(Raw, Several_threads_send_and_the_order_of_each_is_kept) {
  raw_connection ws{home.url(), options()};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&ws, t] {
      for (int i = 0; i < 100; ++i) ws.send(std::to_string(t) + ' ' + std::to_string(i));
    });
  std::array<int, 4> next{};
  for (int i = 0; i < 400; ++i) {
    std::istringstream message{std::string(ws.receive().text())};
    std::size_t t = 0;
    int number = 0;
    message >> t >> number;
    EXPECT_EQ(number, next.at(t)++);
  }
  for (auto& thread : threads) thread.join();
}

TEST_P(Raw, Receives_of_all_manners_are_served_in_the_order_in_which_they_began) {
  raw_connection ws{home.url(), options()};
  for (int round = 0; round < 100; ++round) {
    for (const char* text : {"one", "two", "three"}) ws.send(text);
    auto first = ws.async_receive(asio::use_future);
    const raw_message second = ws.receive();
    EXPECT_EQ(first.get()->text(), "one");
    EXPECT_EQ(second.text(), "two");
    EXPECT_EQ(ws.receive().text(), "three");
  }
}

TEST_P(Raw, Who_receives_slowly_gets_everything) {
  home.on_message = [](connection& from, bytes_view, opcode) {
    for (int i = 0; i < 2000; ++i) from.send(parley::buffer(std::to_string(i) + std::string(1000, '.')), opcode::text);
  };
  raw_connection ws{home.url(), options({.max_read_ahead = 10'000})};
  ws.send("go");
  for (int i = 0; i < 2000; ++i) ASSERT_TRUE(ws.receive().text().starts_with(std::to_string(i) + '.')) << i;
}

asio::awaitable<std::string> one_of_many(std::string url, raw_options options, std::string text) {
  auto on = co_await asio::this_coro::executor;
  raw_connection ws{on, url, std::move(options)};
  auto answer = co_await ws.async_ask(text);
  co_return std::string(answer.value().text());
}

TEST_P(Raw, A_hundred_connections_share_one_executor) {
  std::vector<asio::awaitable<std::string>> all;
  for (int i = 0; i < 100; ++i) all.push_back(one_of_many(home.url(), options(), std::to_string(i)));
  const std::vector<std::string> answers = parley::run(std::move(all));
  for (std::size_t i = 0; i < 100; ++i) EXPECT_EQ(answers.at(i), std::to_string(i));
}

TEST_P(Raw, An_executor_with_several_threads_runs_each_connection_one_thing_at_a_time) {
  constexpr int connections = 20, messages = 50;
  events<int> counted;
  asio::thread_pool pool(4);
  {
    std::vector<std::unique_ptr<raw_connection>> all;
    std::vector<int> counts(connections);  // not guarded: each is used by one connection's handler
    for (std::size_t i = 0; i < connections; ++i) {
      all.push_back(std::make_unique<raw_connection>(pool.get_executor(), home.url(), options()));
      raw_connection& ws = *all.back();
      ws.on_message([&, i](const raw_message& message) {
        if (++counts[i] < messages) (void)ws.try_send(message);
        else counted.put(counts[i]);
      });
      (void)ws.try_send("x");
    }
    for (int i = 0; i < connections; ++i) EXPECT_EQ(counted.next(), messages);
    for (auto& ws : all) ws->close();
  }
  pool.join();
}

TEST_P(Raw, The_server_chooses_among_the_subprotocols_offered) {
  home.choose = [](const request& ask) { return ask.subprotocols.at(1); };
  raw_connection ws{home.url(), options({.subprotocols = {"a", "b"}})};
  ws.connect();
  EXPECT_EQ(ws.subprotocol(), "b");
}

TEST_P(Raw, A_server_may_choose_none) {
  home.choose = [](const request&) { return std::string(); };
  raw_connection ws{home.url(), options({.subprotocols = {"a", "b"}})};
  ws.connect();
  EXPECT_EQ(ws.subprotocol(), "");
}

TEST_P(Raw, Headers_and_origin_reach_the_server) {
  events<std::string> seen;
  home.choose = [&](const request& ask) {
    seen.put(ask.origin);
    for (const auto& h : ask.headers)
      if (h.name == "X-Name") seen.put(h.value);
    return std::string();
  };
  raw_connection ws{home.url(), options({.headers = {{"X-Name", "value"}}, .origin = "https://example.org"})};
  ws.connect();
  EXPECT_EQ(seen.next(), "https://example.org");
  EXPECT_EQ(seen.next(), "value");
}

TEST_P(Raw, The_close_of_the_other_end_is_kept_and_told_after_the_last_message) {
  home.on_message = [](connection& from, bytes_view content, opcode kind) {
    for (int i = 0; i < 3; ++i) from.send_copy(content, kind);
    from.close(3001, "enough");
  };
  raw_connection ws{home.url(), options()};
  events<parley::error> told;
  ws.on_closed([&](const parley::error& why) { told.put(why); });
  EXPECT_EQ(ws.close_code(), 0);
  ws.send("x");
  EXPECT_EQ(told.next().code, errc::disconnected);
  EXPECT_FALSE(ws.open());
  EXPECT_EQ(ws.close_code(), 3001);
  EXPECT_EQ(ws.close_reason(), "enough");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ws.receive().text(), "x");
  EXPECT_EQ(error_of([&] { ws.receive(); }).code, errc::disconnected);
  EXPECT_EQ(error_of([&] { ws.send("y"); }).code, errc::disconnected);
  EXPECT_EQ(ws.try_send("y").error().code, errc::disconnected);
}

TEST_P(Raw, A_close_says_its_code_and_reason_and_later_operations_are_cancelled) {
  raw_connection ws{home.url(), options()};
  ws.connect();
  auto pending = ws.async_receive(asio::use_future);
  ws.close(4000, "done here");
  EXPECT_EQ(pending.get().error().code, errc::cancelled);
  EXPECT_EQ(error_of([&] { ws.receive(); }).code, errc::cancelled);
  EXPECT_EQ(ws.close_code(), 4000);
  EXPECT_EQ(ws.close_reason(), "done here");
  const auto ended = home.ended.next();
  EXPECT_EQ(ended.why.code, 4000);
  EXPECT_EQ(ended.why.text, "done here");
  ws.close();  // again does no harm
}

TEST_P(Raw, Iterating_ends_with_a_normal_close_and_throws_after_another) {
  std::uint16_t code = 1000;
  home.on_message = [&](connection& from, bytes_view content, opcode kind) {
    for (int i = 0; i < 3; ++i) from.send_copy(content, kind);
    from.close(code, {});
  };
  const auto count = [&] {
    raw_connection ws{home.url(), options()};
    ws.send("x");
    int messages = 0;
    for (const raw_message& message : ws) messages += message.text() == "x";
    return messages;
  };
  EXPECT_EQ(count(), 3);
  code = 1011;
  EXPECT_EQ(error_of(count).code, errc::disconnected);
}

TEST_P(Raw, On_message_takes_what_came_before_and_every_message_after_it) {
  raw_connection ws{home.url(), options()};
  events<std::string> heard;
  ws.send("one");
  ws.send("two");
  auto waiting = ws.async_receive(asio::use_future);
  EXPECT_EQ(waiting.get()->text(), "one");
  ws.on_message([&](const raw_message& message) { heard.put(std::string(message.text())); });
  ws.send("three");
  EXPECT_EQ(heard.next(), "two");
  EXPECT_EQ(heard.next(), "three");
  EXPECT_EQ(error_of([&] { ws.receive(); }).code, errc::invalid);
  EXPECT_EQ(error_of([&] { ws.ask("four"); }).code, errc::invalid);
  ws.on_message(nullptr);
  EXPECT_EQ(ws.ask("five").text(), "five");
}

TEST_P(Raw, A_handler_that_throws_closes_with_1011) {
  raw_connection ws{home.url(), options()};
  ws.on_message([](const raw_message&) { throw std::runtime_error("no"); });
  events<parley::error> told;
  ws.on_closed([&](const parley::error& why) { told.put(why); });
  ws.send("x");
  EXPECT_EQ(told.next().code, errc::failed);
  EXPECT_EQ(home.ended.next().why.code, 1011);
}

TEST_P(Raw, A_handler_of_pongs_that_throws_closes_with_1011) {
  raw_connection ws{home.url(), options()};
  ws.on_pong([] { throw std::runtime_error("no"); });
  events<parley::error> told;
  ws.on_closed([&](const parley::error& why) { told.put(why); });
  ws.connect();
  ws.ping();
  EXPECT_EQ(told.next().code, errc::failed);
  EXPECT_EQ(home.ended.next().why.code, 1011);
}

TEST_P(Raw, What_the_handler_of_the_end_throws_is_dropped) {
  raw_connection ws{home.url(), options()};
  events<parley::error> told;
  ws.on_closed([&](const parley::error& why) {
    told.put(why);
    throw std::runtime_error("no");
  });
  ws.connect();
  ws.close();
  EXPECT_EQ(told.next().code, errc::cancelled);
  EXPECT_EQ(error_of([&] { ws.receive(); }).code, errc::cancelled);
}

TEST_P(Raw, A_handler_of_the_end_that_comes_after_it_is_told_too) {
  raw_connection ws{home.url(), options()};
  events<parley::error> told;
  ws.connect();
  ws.close();
  ws.on_closed([&](const parley::error& why) { told.put(why); });
  EXPECT_EQ(told.next().code, errc::cancelled);
}

TEST_P(Raw, A_handler_may_answer_without_waiting_and_blocking_there_is_refused) {
  raw_connection ws{home.url(), options()};
  events<std::string> heard;
  ws.on_message([&](const raw_message& message) {
    heard.put(std::string(message.text()));
    if (message.text() != "one") return;
    EXPECT_TRUE(ws.try_send("two"));
    EXPECT_EQ(error_of([&] { ws.send("never"); }).code, std::errc::resource_deadlock_would_occur);
  });
  EXPECT_TRUE(ws.try_send("one"));  // connects, too
  EXPECT_EQ(heard.next(), "one");
  EXPECT_EQ(heard.next(), "two");
}

TEST_P(Raw, It_may_be_destroyed_in_its_own_handler) {
  auto ws = std::make_unique<raw_connection>(home.url(), options());
  std::promise<void> sent;
  events<int> heard;
  ws->on_message([&](const raw_message&) {
    sent.get_future().wait();
    ws.reset();
    heard.put(1);
  });
  for (int i = 0; i < 10; ++i) (void)ws->try_send("x");
  sent.set_value();
  heard.next();
  EXPECT_EQ(home.ended.next().why.code, 1000);
  EXPECT_TRUE(heard.empty());
}

TEST_P(Raw, Text_that_is_not_UTF_8_is_not_sent) {
  raw_connection ws{home.url(), options()};
  EXPECT_EQ(error_of([&] { ws.send("\xFF\xFE"); }).code, errc::invalid);
  EXPECT_EQ(error_of([&] { ws.ask("\xFF\xFE"); }).code, errc::invalid);
  EXPECT_EQ(ws.try_send("\xFF\xFE").error().code, errc::invalid);
  EXPECT_EQ(ws.ask("fine").text(), "fine");
}

TEST_P(Raw, A_message_over_the_limit_closes_with_1009) {
  home.on_message = [](connection& from, bytes_view, opcode) { from.send(parley::buffer(std::string(1001, 'x')), opcode::text); };
  raw_connection ws{home.url(), options({.max_message = 1000})};
  EXPECT_EQ(error_of([&] { ws.ask("x"); }).code, errc::too_large);
  EXPECT_EQ(ws.close_code(), 1009);
}

TEST_P(Raw, A_ping_is_answered_at_both_ends) {
  home.on_open = [](connection& to) { to.ping(); };
  raw_connection ws{home.url(), options()};
  events<int> pongs;
  ws.on_pong([&] { pongs.put(1); });
  ws.connect();
  ws.ping();
  pongs.next();
  (void)ws.ask("the house's own pong came before this");
  EXPECT_EQ(home.pongs, 1);
}

TEST_P(Raw, It_can_be_moved) {
  std::vector<raw_connection> all;
  for (int i = 0; i < 3; ++i) all.emplace_back(home.url(), options());
  for (auto& ws : all) EXPECT_EQ(ws.ask("x").text(), "x");
  raw_connection other = std::move(all.back());
  EXPECT_FALSE(all.back().open());  // NOLINT(bugprone-use-after-move): what may still be asked
  all.pop_back();
  EXPECT_EQ(other.ask("y").text(), "y");
  all.front() = std::move(other);
  EXPECT_EQ(all.front().ask("z").text(), "z");
}

TEST(RawWebSocket, Addresses_are_known) {
  house home(carrier::websocket);
  raw_connection ws{home.url()};
  EXPECT_EQ(ws.local_address(), "");
  ws.connect();
  EXPECT_TRUE(ws.local_address().starts_with("127.0.0.1:")) << ws.local_address();
  EXPECT_EQ("ws://" + ws.remote_address() + "/ws", home.url());
}

TEST(RawWebSocket, A_malformed_url_or_proxy_is_told_by_the_constructor) {
  EXPECT_THROW(raw_connection("nonsense"), std::invalid_argument);
  EXPECT_THROW(raw_connection("ws://"), std::invalid_argument);
  EXPECT_THROW(raw_connection("ws://localhost", {.proxy = "nonsense"}), std::invalid_argument);
}

TEST(RawWebSocket, Who_cannot_be_reached_is_disconnected) {
  const held_port nobody;
  raw_connection ws{"ws://" + nobody.address() + "/"};
  EXPECT_EQ(Raw::error_of([&] { ws.connect(); }).code, errc::disconnected);
  EXPECT_EQ(Raw::error_of([&] { ws.receive(); }).code, errc::disconnected);
  EXPECT_EQ(ws.close_code(), 1006);
}

}  // namespace
}  // namespace raw_tests
