// Servers without a schema, over both transports, with our own clients at the other end.
#include "system/events.hpp"

#include <parley/loopback.hpp>
#include <parley/raw_server.hpp>

#include <asio/io_context.hpp>
#include <asio/use_future.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace raw_tests {
namespace {

using parley::errc;
using parley::raw_connection;
using parley::raw_message;
using parley::raw_options;
using parley::raw_refusal;
using parley::raw_request;
using parley::raw_server;
using parley::raw_server_options;
using testing::HasSubstr;

asio::awaitable<void> echo(raw_connection ws) {
  while (auto message = co_await ws.async_receive()) co_await ws.async_send(std::move(*message));
}

enum class carrier { loopback, websocket };

struct RawServer : testing::TestWithParam<carrier> {
  bool in_memory() const { return GetParam() == carrier::loopback; }
  raw_server_options reach(raw_server_options chosen = {}) {
    if (!in_memory()) return chosen;
    chosen.address = "house";
    chosen.loopback = &network;
    return chosen;
  }
  template <class Serve>
  raw_server& serve(raw_server_options chosen, Serve with) {
    server = std::make_unique<raw_server>(reach(std::move(chosen)), std::move(with));
    server->start();
    return *server;
  }
  std::unique_ptr<raw_connection> client(std::string_view path = "/", raw_options chosen = {}) {
    if (in_memory()) chosen.loopback = &network;
    const std::string host = in_memory() ? "mem://house" : "ws://127.0.0.1:" + std::to_string(server->port());
    return std::make_unique<raw_connection>(host + std::string(path), std::move(chosen));
  }
  static parley::error error_of(raw_connection& of) {
    try {
      of.connect();
    } catch (const parley::call_failed& failed) { return failed.error(); }
    return errc::unimplemented;
  }

  parley::loopback network;
  std::unique_ptr<raw_server> server;
};

INSTANTIATE_TEST_SUITE_P(Over, RawServer, testing::Values(carrier::loopback, carrier::websocket),
                         [](const auto& over) { return over.param == carrier::loopback ? "loopback" : "websocket"; });

TEST_P(RawServer, A_coroutine_serves_each_client) {
  serve({}, echo);
  const auto first = client(), second = client();
  EXPECT_EQ(first->ask("one"), raw_message("one"));
  EXPECT_EQ(second->ask(raw_message::binary("two")), raw_message::binary("two"));
  EXPECT_EQ(first->ask("three"), raw_message("three"));
}

TEST_P(RawServer, A_function_may_keep_the_connection_and_use_it_on_any_thread) {
  events<std::unique_ptr<raw_connection>> arrived;
  serve({}, [&](raw_connection ws) { arrived.put(std::make_unique<raw_connection>(std::move(ws))); });
  const auto one = client("/chat?room=5", {.subprotocols = {"b", "a"}});
  one->send("hello");
  const auto theirs = arrived.next();
  EXPECT_TRUE(theirs->open());
  EXPECT_EQ(theirs->receive().text(), "hello");
  theirs->send("good bye");
  EXPECT_EQ(one->receive().text(), "good bye");
  theirs->close(4001, "enough");
  EXPECT_THROW(one->receive(), parley::call_failed);
  EXPECT_EQ(one->close_code(), 4001);
  EXPECT_EQ(one->close_reason(), "enough");
  EXPECT_EQ(theirs->close_code(), 4001);
}

TEST_P(RawServer, What_a_client_asked_for_is_kept) {
  events<raw_request> arrived;
  serve({.subprotocols = {"a", "b"}, .origins = {"https://example.org"}}, [&](raw_connection ws) {
    arrived.put(ws.request());
    EXPECT_EQ(ws.subprotocol(), "a");
  });
  raw_options asks;
  asks.subprotocols = {"c", "b", "a"};
  asks.headers = {{"X-Token", "abc"}};
  asks.origin = "https://example.org";
  const auto one = client("/chat?room=5", asks);
  one->connect();
  EXPECT_EQ(one->subprotocol(), "a");
  EXPECT_TRUE(one->request().path.empty());
  const raw_request asked = arrived.next();
  EXPECT_EQ(asked.path, "/chat");
  EXPECT_EQ(asked.query, "room=5");
  EXPECT_EQ(asked.origin, "https://example.org");
  EXPECT_EQ(asked.subprotocols, (std::vector<std::string>{"c", "b", "a"}));
  EXPECT_EQ(asked.header("x-token"), "abc");
  EXPECT_EQ(asked.header("x-other"), "");
  EXPECT_FALSE(asked.remote.empty());
}

TEST_P(RawServer, Who_may_not_connect_hears_why) {
  raw_server_options options;
  options.origins = {"https://example.org"};
  options.admit = [](const raw_request& asked) -> std::optional<raw_refusal> {
    if (asked.header("X-Fault") == "throw") throw std::runtime_error("never heard");
    if (asked.header("X-Token") != "abc") return raw_refusal{401, "who are you"};
    return std::nullopt;
  };
  if (!in_memory()) options.path = "/chat";
  serve(options, echo);
  EXPECT_EQ(error_of(*client("/chat")).code, errc::unauthenticated);
  EXPECT_EQ(error_of(*client("/chat", {.headers = {{"X-Fault", "throw"}}})).code, errc::disconnected);
  EXPECT_EQ(error_of(*client("/chat", {.headers = {{"X-Token", "abc"}}, .origin = "https://elsewhere.org"})).code, errc::denied);
  if (!in_memory()) { EXPECT_EQ(error_of(*client("/other", {.headers = {{"X-Token", "abc"}}})).code, errc::unimplemented); }
  EXPECT_EQ(client("/chat", {.headers = {{"X-Token", "abc"}}, .origin = "https://example.org"})->ask("x").text(), "x");
}

asio::awaitable<void> fail(raw_connection ws) {
  co_await ws.async_receive();
  throw std::runtime_error("never heard");
}

TEST_P(RawServer, What_serve_throws_closes_with_1011_and_nobody_else_notices) {
  for (const bool coroutine : {false, true}) {
    if (coroutine) serve({}, fail);
    else serve({}, [](const raw_connection&) { throw std::runtime_error("never heard"); });
    const auto one = client();
    one->send("x");
    EXPECT_THROW(one->receive(), parley::call_failed);
    EXPECT_EQ(one->close_code(), 1011) << coroutine;
  }
}

TEST_P(RawServer, Its_end_closes_every_connection_with_1001) {
  serve({}, echo);
  const auto first = client(), second = client();
  first->ask("x");
  second->ask("x");
  server->stop();
  for (raw_connection* const one : {first.get(), second.get()}) {
    EXPECT_THROW(one->receive(), parley::call_failed);
    EXPECT_EQ(one->close_code(), 1001);
  }
  server->join();
  EXPECT_EQ(error_of(*client()).code, errc::disconnected);
}

TEST_P(RawServer, It_may_end_before_it_began_and_with_clients_that_are_still_connecting) {
  { raw_server never(reach(), echo); }
  serve({}, echo);
  const auto one = client();
  auto connecting = one->async_connect(asio::use_future);
  server.reset();
  connecting.get();  // either way: it ends
}

TEST_P(RawServer, A_message_over_its_bound_closes_with_1009) {
  serve({.max_message = 1000}, echo);
  const auto one = client();
  one->send(std::string(1001, 'x'));
  EXPECT_THROW(one->receive(), parley::call_failed);
  EXPECT_EQ(one->close_code(), 1009);
}

TEST_P(RawServer, On_the_callers_executor_it_needs_no_thread) {
  asio::io_context io{1};
  auto with = std::make_unique<raw_server>(io.get_executor(), reach(), echo);
  with->start();
  EXPECT_THROW(with->run(), std::logic_error);
  raw_options chosen;
  if (in_memory()) chosen.loopback = &network;
  raw_connection one{io.get_executor(), in_memory() ? "mem://house/" : "ws://127.0.0.1:" + std::to_string(with->port()) + "/", chosen};
  std::string heard;
  one.async_ask("x", [&](const parley::result<raw_message>& answer) {
    heard = answer.value().text();
    with.reset();
  });
  std::uint16_t code = 0;
  one.on_closed([&](const parley::error&) { code = one.close_code(); });
  io.run();
  EXPECT_EQ(heard, "x");
  EXPECT_EQ(code, 1001);
}

TEST_P(RawServer, Run_serves_on_this_thread_until_it_is_stopped) {
  raw_server here(reach(), echo);
  std::thread running([&] { here.run(); });
  here.stop();  // before or after it began
  running.join();
  EXPECT_THROW(here.start(), std::logic_error);
}

TEST(RawServerWebSocket, An_origin_that_no_browser_sends_is_refused_with_what_to_write) {
  try {
    raw_server({.origins = {"*"}}, echo);
    ADD_FAILURE() << "made";
  } catch (const std::invalid_argument& said) { EXPECT_THAT(said.what(), testing::StartsWith("raw_server_options::origins: \"*\"")); }
}

TEST(RawServerWebSocket, A_port_that_is_taken_is_said_with_its_code) {
  raw_server first({}, echo);
  first.start();
  raw_server second({.port = first.port()}, echo);
  try {
    second.start();
    ADD_FAILURE() << "two servers on one port";
  } catch (const parley::call_failed& failed) {
    EXPECT_EQ(failed.error().code, std::errc::address_in_use);
    EXPECT_THAT(failed.error().message, HasSubstr(std::to_string(first.port())));
  }
}

}  // namespace
}  // namespace raw_tests
