// Which end closed a connection, and with which code. The client's on_disconnected, every pending
// call, the server's handler and the log report the same.
#include "system/log_of.hpp"
#include "system/raw_house.hpp"
#include "system/world.hpp"

#include <parley/raw.hpp>

#include <asio/use_future.hpp>

#include <gmock/gmock.h>

namespace talk::v1 {
namespace {

using parley::errc;
using testing::HasSubstr;

struct Endings : EveryMedium {};
INSTANTIATE_TEST_SUITE_P(Over, Endings, testing::ValuesIn(every_medium()), medium_name);

TEST_P(Endings, A_close_by_the_server_has_its_code_at_both_ends) {
  log_of log;
  world w(GetParam(), {.log = log.sink()});
  w.host->on_say = [](const Line&, parley::event& event) {
    event.peer().close("no more of this");
    return parley::relay::drop;
  };
  w.start();
  guest a(w);
  auto open = a.talk.async_later({}, asio::use_future);
  const auto unanswered = w.host->waiting.next();
  a.talk.say({.text = "what?"});
  const auto ended = open.get();
  ASSERT_FALSE(ended);
  for (const parley::error& why : {a.lost.next(), ended.error()}) {
    EXPECT_EQ(why.code, errc::disconnected);
    EXPECT_TRUE(why.from_peer);
    EXPECT_EQ(why.close_code, 4012);
    EXPECT_THAT(why.message, HasSubstr("no more of this"));
  }
  const parley::error there = w.host->departures.next().why;
  EXPECT_FALSE(there.from_peer);
  EXPECT_EQ(there.close_code, 4012);
  EXPECT_THAT(log.line_with("disconnected"), HasSubstr("with code 4012, closed here: no more of this"));
}

TEST_P(Endings, A_close_by_the_client_has_its_code_at_the_server) {
  log_of log;
  world w(GetParam(), {.log = log.sink()});
  w.start();
  guest a(w);
  a.link.close();
  const parley::error why = w.host->departures.next().why;
  EXPECT_EQ(why.code, errc::disconnected);
  EXPECT_TRUE(why.from_peer);
  EXPECT_EQ(why.close_code, 1000);
  EXPECT_THAT(log.line_with("disconnected"), HasSubstr("with code 1000, closed by the other end"));
}

TEST_P(Endings, A_message_that_is_too_large_for_the_server_is_closed_by_the_server) {
  log_of log;
  world w(GetParam(), {.max_message = 1024, .log = log.sink()});
  w.start();
  // Sends what a Parley client would never send.
  parley::raw_options options;
  if (w.over.over == carrier::loopback) options.loopback = &w.network;
  options.tls = w.client_tls;
  parley::raw_connection ws(w.url(), options);
  ws.connect();
  w.host->arrivals.next();
  ws.send(std::string(std::size_t{3} * 1024 * 1024, 'x'));  // exceeds the limit of every method
  const parley::error why = w.host->departures.next().why;
  EXPECT_EQ(why.code, errc::disconnected);
  EXPECT_FALSE(why.from_peer);
  EXPECT_EQ(why.close_code, 1009);
  EXPECT_THAT(log.line_with("disconnected"), HasSubstr("with code 1009, closed here: a message was too large"));
  EXPECT_THROW(ws.receive(), parley::call_failed);
  EXPECT_EQ(ws.close_code(), 1009);
}

TEST(ClientEndings, A_message_that_is_too_large_for_the_client_is_closed_by_the_client) {
  for (const raw_tests::carrier over : {raw_tests::carrier::loopback, raw_tests::carrier::websocket}) {
    raw_tests::house server(over);
    server.on_message = [](parley::transport::connection& from, parley::bytes_view, parley::transport::opcode kind) {
      from.send(parley::buffer(std::string(std::size_t{3} * 1024 * 1024, ' ')), kind);
    };
    log_of log;
    events<parley::error> lost;
    parley::client link(server.url(),
                        server.reach(parley::client_options{.encoding = parley::encoding::plain, .max_message = 1024, .log = log.sink()}));
    link.on_disconnected([&](const parley::error& why) { lost.put(why); });
    TalkClient talk(link);
    const auto ended = talk.async_add({}, asio::use_future).get();
    ASSERT_FALSE(ended);
    for (const parley::error& why : {lost.next(), ended.error()}) {
      EXPECT_EQ(why.code, errc::disconnected);
      EXPECT_FALSE(why.from_peer) << why.message;
      EXPECT_EQ(why.close_code, 1009);
      EXPECT_THAT(why.message, HasSubstr("too large"));
    }
    EXPECT_THAT(log.line_with("disconnected"), HasSubstr("with code 1009, closed here: "));
    EXPECT_EQ(server.ended.next().why.code, 1009);
  }
}

TEST(ClientEndings, A_connection_that_is_lost_was_closed_by_nobody) {
  raw_tests::house server(raw_tests::carrier::websocket);
  server.on_message = [](parley::transport::connection& from, parley::bytes_view, parley::transport::opcode) { from.abort(); };
  log_of log;
  parley::client link(server.url(), {.encoding = parley::encoding::plain, .log = log.sink()});
  TalkClient talk(link);
  const auto ended = talk.async_add({}, asio::use_future).get();
  ASSERT_FALSE(ended);
  EXPECT_FALSE(ended.error().from_peer);
  EXPECT_EQ(ended.error().close_code, 1006);
  EXPECT_THAT(log.line_with("disconnected"), HasSubstr("without a close"));
}

TEST(ClientEndings, An_error_of_a_call_has_no_close_code) {
  world w({carrier::loopback, parley::encoding::json});
  w.start();
  guest a(w);
  const auto refused = a.talk.async_add({.numbers = {1, 2, 3, 4}}, asio::use_future).get();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().close_code, 0);
}

}  // namespace
}  // namespace talk::v1
