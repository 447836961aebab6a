// Connections without a schema to foreign WebSocket servers: raw_guest, with the url of an echo
// server in ECHO_URL, the url of a proxy, if there is one, in PROXY_URL, and the authority of a server
// with TLS in CA_FILE. raw_test.py and proxies_test.py run it. echo_server.py documents what the server does on request.
#include "system/events.hpp"

#include <parley/raw.hpp>
#include <parley/tls.hpp>

#include <asio/use_future.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace {

using parley::errc;
using parley::raw_connection;
using parley::raw_message;
using parley::raw_options;
using testing::HasSubstr;

std::string url() { return std::getenv("ECHO_URL"); }

raw_options options(raw_options chosen = {}) {
  if (const char* const proxy = std::getenv("PROXY_URL")) chosen.proxy = proxy;
  if (const char* const file = std::getenv("CA_FILE")) chosen.tls = parley::client_tls{.ca_file = file};
  return chosen;
}

parley::error error_of(const auto& f) {
  try {
    f();
  } catch (const parley::call_failed& failed) { return failed.error(); }
  return errc::unimplemented;
}

TEST(Guest, Text_and_binary_come_back_as_what_they_were) {
  raw_connection ws{url(), options()};
  const std::array<std::byte, 4> bytes{std::byte{0}, std::byte{0xFF}, std::byte{'!'}, std::byte{0}};
  EXPECT_EQ(ws.ask("grüße, 世界"), raw_message("grüße, 世界"));
  EXPECT_EQ(ws.ask(bytes), raw_message(bytes));
  EXPECT_EQ(ws.ask(""), raw_message(""));
  EXPECT_TRUE(ws.remote_address().starts_with("127.0.0.1:"));
}

TEST(Guest, The_server_chooses_the_subprotocol) {
  raw_connection ws{url(), options({.subprotocols = {"first", "second"}})};
  ws.connect();
  EXPECT_EQ(ws.subprotocol(), "second");
  raw_connection none{url(), options()};
  none.connect();
  EXPECT_EQ(none.subprotocol(), "");
}

TEST(Guest, Headers_and_origin_are_seen) {
  raw_connection ws{url(), options({.headers = {{"X-Token", "abc def"}, {"X-Other", "1"}}, .origin = "https://example.org"})};
  const std::string request(ws.ask("!request").text());
  EXPECT_THAT(request, HasSubstr("abc def"));
  EXPECT_THAT(request, HasSubstr("x-other"));
  EXPECT_THAT(request, HasSubstr("https://example.org"));
}

TEST(Guest, Fragments_are_one_message) {
  raw_connection ws{url(), options()};
  EXPECT_EQ(ws.ask("!fragments one| two||| thr\xC3\xA9\xC3\xA9").text(), "one two thr\xC3\xA9\xC3\xA9");
  const raw_message binary = ws.ask("!binary");
  EXPECT_TRUE(binary.is_binary());
  EXPECT_EQ(binary.text(), std::string_view("\x00\xFF\x01", 3));
}

TEST(Guest, Pings_are_answered_at_both_ends) {
  raw_connection ws{url(), options()};
  events<int> pongs;
  ws.on_pong([&] { pongs.put(1); });
  EXPECT_EQ(ws.ask("!ping").text(), "pong came");
  ws.ping();
  pongs.next();
}

TEST(Guest, The_servers_close_is_kept) {
  raw_connection ws{url(), options()};
  EXPECT_EQ(error_of([&] { ws.ask("!close 3456 good bye, 世界"); }).code, errc::disconnected);
  EXPECT_EQ(ws.close_code(), 3456);
  EXPECT_EQ(ws.close_reason(), "good bye, 世界");
  raw_connection normal{url(), options()};
  normal.send("one");
  normal.send("!close 1000");
  std::vector<std::string> heard;
  for (const raw_message& message : normal) heard.emplace_back(message.text());
  EXPECT_EQ(heard, std::vector<std::string>{"one"});
  EXPECT_EQ(normal.close_code(), 1000);
}

TEST(Guest, The_server_sees_our_close) {
  raw_connection first{url(), options()};
  first.send("x");
  first.close(4321, "that was it");
  EXPECT_EQ(first.close_code(), 4321);
  raw_connection second{url(), options()};
  const std::string last(second.ask("!last").text());
  EXPECT_THAT(last, HasSubstr("4321"));
  EXPECT_THAT(last, HasSubstr("that was it"));
}

TEST(Guest, An_abrupt_end_is_1006) {
  raw_connection ws{url(), options()};
  EXPECT_EQ(error_of([&] { ws.ask("!abort"); }).code, errc::disconnected);
  EXPECT_EQ(ws.close_code(), 1006);
}

TEST(Guest, Large_messages_cross_in_both_directions) {
  raw_connection ws{url(), options({.max_message = 20'000'000})};
  std::string large(10'000'000, '\0');
  for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>('a' + i % 23);
  EXPECT_EQ(ws.ask(large).text(), large);
  EXPECT_EQ(ws.ask("!large 5000000").size(), 5'000'000u);
  raw_connection small{url(), options()};
  EXPECT_EQ(error_of([&] { small.ask("!large 2000000"); }).code, errc::too_large);
  EXPECT_EQ(small.close_code(), 1009);
}

TEST(Guest, Many_messages_may_be_under_way) {
  raw_connection ws{url(), options()};
  for (int i = 0; i < 1000; ++i) ws.send("Message " + std::to_string(i));
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(ws.receive().text(), "Message " + std::to_string(i));
}

asio::awaitable<std::string> one_of_many(std::string text) {
  auto on = co_await asio::this_coro::executor;
  auto chosen = options();
  raw_connection ws{on, url(), chosen};
  auto answer = co_await ws.async_ask(text);
  auto closed = co_await ws.async_close();
  EXPECT_TRUE(closed);
  EXPECT_EQ(ws.close_code(), 1000);
  co_return std::string(answer.value().text());
}

TEST(Guest, A_hundred_connections_share_one_thread) {
  std::vector<asio::awaitable<std::string>> all;
  for (int i = 0; i < 100; ++i) all.push_back(one_of_many(std::to_string(i)));
  const std::vector<std::string> answers = parley::run(std::move(all));
  for (std::size_t i = 0; i < answers.size(); ++i) EXPECT_EQ(answers[i], std::to_string(i));
}

}  // namespace
