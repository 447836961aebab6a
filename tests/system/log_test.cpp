// The log lines about clients that are refused, slow or wrong, and about handlers that occupy their
// loop.
#include "system/log_of.hpp"
#include "system/raw_house.hpp"
#include "system/world.hpp"

#include <parley/raw.hpp>
#include <parley/raw_server.hpp>
#include <parley/transport/loopback/manual_clock.hpp>

#include <asio/connect.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/read.hpp>
#include <asio/use_future.hpp>
#include <asio/write.hpp>

#include <gmock/gmock.h>

#include <thread>

namespace talk::v1 {
namespace {

using asio::ip::tcp;
using parley::errc;
using parley::log_level;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr medium json_sockets{carrier::websocket, parley::encoding::json};

// The server's answer to bytes that are not an upgrade, until it closes.
std::string answer_of(std::uint16_t port, std::string_view bytes) {
  asio::io_context io;
  tcp::socket socket(io);
  socket.connect({asio::ip::address_v4::loopback(), port});
  asio::write(socket, asio::buffer(bytes));
  std::string answer;
  std::error_code end;
  asio::read(socket, asio::dynamic_buffer(answer), end);
  return answer;
}

std::string upgrade(std::string_view path, std::string_view more = {}, std::string_view version = "HTTP/1.1") {
  return "GET " + std::string(path) + " " + std::string(version) +
         "\r\nHost: localhost:8765\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
         std::string(more) + "\r\n";
}

TEST(RefusedUpgrades, Are_all_counted_and_each_has_a_line) {
  log_of log;
  world w(json_sockets, {.log = log.sink()});
  w.start();
  struct {
    std::string request;
    const char* answer;
    const char* line;
  } const cases[] = {
      {upgrade("/elsewhere"), "HTTP/1.1 404 ", "HTTP 404: nothing is served at this path: clients connect at /ws"},
      {upgrade("/ws", "Origin: http://localhost:8000\r\n"), "HTTP/1.1 403 ", "HTTP 403"},
      {upgrade("/ws", "Sec-WebSocket-Protocol: graphql-ws\r\n"), "HTTP/1.1 400 ", "HTTP 400"},
      {"GET /ws HTTP/1.1\r\nHost: here\r\n\r\n", "HTTP/1.1 426 ", "HTTP 426"},
      {"nonsense\r\n\r\n", "HTTP/1.1 400 ", "HTTP 400: malformed request line"},
      {"GET /" + std::string(20'000, 'x'), "HTTP/1.1 431 ", "HTTP 431"},
  };
  std::uint64_t expected = 0;
  for (const auto& one : cases) {
    SCOPED_TRACE(one.answer);
    EXPECT_THAT(answer_of(w.server->port(), one.request), HasSubstr(one.answer));
    EXPECT_THAT(log.line_with(one.line), AllOf(HasSubstr("127.0.0.1:"), Not(HasSubstr("elsewhere")), Not(HasSubstr("graphql"))));
    EXPECT_EQ(w.server->counters().rejected, ++expected);
  }
}

TEST(RefusedUpgrades, Beyond_the_limit_of_connections_are_counted_and_logged_over_every_carrier) {
  for (const carrier over : {carrier::loopback, carrier::websocket}) {
    log_of log;
    world w({over, parley::encoding::json}, {.limits = {.connections = 1}, .log = log.sink()});
    w.start();
    const guest first(w);
    parley::client second(w.url(), w.client_options());
    EXPECT_EQ(second.async_connect(asio::use_future).get().error().code, parley::errc::overloaded);
    log.line_with("limits.connections was reached by ");
    EXPECT_EQ(w.server->counters().rejected, 1u);
  }
}

TEST(RefusedUpgrades, Are_told_what_to_set) {
  world w(json_sockets);
  w.start();
  EXPECT_THAT(answer_of(w.server->port(), upgrade("/ws", "Origin: http://localhost:8000\r\n")),
              AllOf(HasSubstr("server_options::origins"), HasSubstr("port"), HasSubstr("Host"), Not(HasSubstr("8000"))));
  EXPECT_THAT(answer_of(w.server->port(), upgrade("/ws", "", "HTTP/1.0")), AllOf(HasSubstr("HTTP/1.1"), HasSubstr("proxy_http_version")));
  EXPECT_THAT(answer_of(w.server->port(), "GET /ws HTTP/1.1\r\nHost: here\r\n\r\n"), HasSubstr("Upgrade"));
  EXPECT_THAT(answer_of(w.server->port(), upgrade("/")), HasSubstr("clients connect at /ws"));
}

TEST(RefusedFrames, Have_a_line_each_but_not_without_end) {
  log_of log;
  world w(json_sockets, {.log = log.sink()});
  w.start();
  guest a(w);
  parley::raw_connection ws(w.url());
  ws.connect();
  w.host->arrivals.next();
  ws.send("{ secret");
  EXPECT_THAT(log.wait_for("bad frame").text, Not(HasSubstr("secret")));
  ws.send(R"({"event_name":"Talk.Arrived","payload":{"text":"secret"}})");
  const auto denied = log.wait_for("Talk.Arrived");
  EXPECT_THAT(denied.text, AllOf(HasSubstr("denied"), Not(HasSubstr("secret"))));
  EXPECT_EQ(denied.level, log_level::info);
  for (int i = 0; i < 100; ++i) ws.send(R"({"event_name":"Talk.Arrived","payload":{"text":"secret"}})");
  ws.send(R"({"event_name":"Talk.Add","payload":{"numbers":[1]},"id":7})");
  while (ws.receive().text().find("\"re\":7") == std::string_view::npos) {}
  EXPECT_LE(log.count("was refused"), 10u);
}

// Refusals that the other end reports get as many log lines as refusals by this end.
TEST(ReportedErrors, Have_a_line_each_but_not_without_end) {
  log_of log;
  world w(json_sockets, {.log = log.sink()});
  w.start();
  guest a(w);
  parley::raw_connection ws(w.url(), {.subprotocols = {"parley.v1.json"}});
  ws.connect();
  ws.send(R"({"event_name":"$hello","payload":{"revision":1}})");
  w.host->arrivals.next();
  for (int i = 0; i < 100; ++i) ws.send(R"({"event_name":"error","code":"failed","payload":{"event":"Talk.Say"}})");
  ws.send(R"({"event_name":"Talk.Add","payload":{"numbers":[1]},"id":7})");
  while (ws.receive().text().find("\"re\":7") == std::string_view::npos) {}
  EXPECT_EQ(log.count("refused Talk.Say"), 10u);
}

asio::awaitable<void> complain(parley::raw_connection ws) {
  for (int i = 0; i < 100; ++i) {
    parley::raw_message error(R"({"event_name":"error","from_id":"server","message":"no"})");
    co_await ws.async_send(std::move(error));
  }
  while (co_await ws.async_receive()) {}
}

TEST(ReportedErrors, Reach_a_clients_program_all_and_its_log_not_without_end) {
  log_of log;
  parley::raw_server server({}, complain);
  server.start();
  parley::client_options options{.encoding = parley::encoding::plain};
  options.log = log.sink();
  events<parley::error> told;
  parley::client link("ws://127.0.0.1:" + std::to_string(server.port()) + "/", std::move(options));
  link.on_error([&](const parley::error& e, std::string_view) { told.put(e); });
  link.connect();
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(told.next().from_peer);
  EXPECT_EQ(log.count("an event: "), 10u);
}

TEST(RefusedGreetings, Have_a_line_with_what_was_expected) {
  log_of log;
  world w(json_sockets, {.log = log.sink()});
  w.start();
  parley::raw_connection ws(w.url(), {.subprotocols = {"parley.v1.json"}});
  ws.connect();
  ws.send(R"({"event_name":"Talk.Add","payload":{},"id":1})");
  EXPECT_THAT(log.line_with("before its greeting"),
              AllOf(HasSubstr("127.0.0.1:"), HasSubstr("with code 4002, closed here: expected hello")));
}

TEST(SlowReaders, Are_named_once_and_not_with_every_event) {
  log_of log;
  world w({carrier::loopback, parley::encoding::json}, {.max_queue = 4096, .log = log.sink()});
  w.start();
  guest a(w);
  guest slow(w);
  w.server->counters();
  for (int i = 0; i < 400; ++i) w.host->peers.arrived({.text = std::string(4000, 'x')}, parley::to::all);
  EXPECT_THAT(log.wait_for("4009").text, HasSubstr("closed here: too slow"));
  w.host->departures.next();
  EXPECT_LE(log.count("too slow"), 2u);  // there are two such lines
  EXPECT_EQ(log.wait_for("4009").level, log_level::warning);
}

// Handlers advance the clock themselves, so the test does not wait.
struct SlowHandlers : testing::Test {
  std::shared_ptr<parley::manual_clock> clock = std::make_shared<parley::manual_clock>();
  log_of log;
};

TEST_F(SlowHandlers, Are_named_once_for_each_method_with_what_they_took) {
  world w({carrier::loopback, parley::encoding::json}, {.log = log.sink(), .clock = clock});
  w.host->on_add = [&](const Numbers&, parley::call&) {
    clock->advance(153ms);
    return Sum{};
  };
  w.host->on_say = [&](const Line&, parley::event&) {
    clock->advance(200ms);
    return parley::relay::drop;
  };
  w.host->on_connected = [&](parley::peer&) { clock->advance(101ms); };
  w.start();
  guest a(w);
  for (int i = 0; i < 3; ++i) {
    a.talk.say({.text = "slow"});
    a.talk.add({});
  }
  const auto add = log.wait_for("Talk.Add");
  EXPECT_THAT(add.text, AllOf(HasSubstr("held its loop for 153 ms"), HasSubstr("slow_handler")));
  EXPECT_EQ(add.level, log_level::warning);
  EXPECT_EQ(log.count("held its loop"), 3u);
  EXPECT_EQ(log.count("Talk.Say held its loop for 200 ms"), 1u);
  EXPECT_EQ(log.count("connected() held its loop for 101 ms"), 1u);
}

TEST_F(SlowHandlers, Are_not_named_below_the_limit_or_without_one) {
  for (const auto limit : {150ms, 0ms}) {
    world w({carrier::loopback, parley::encoding::json}, {.log = log.sink(), .slow_handler = limit, .clock = clock});
    w.host->on_add = [&](const Numbers&, parley::call&) {
      clock->advance(limit == 0ms ? 10s : 150ms);
      return Sum{};
    };
    w.start();
    guest a(w);
    a.talk.add({});
  }
  EXPECT_EQ(log.count("held its loop"), 0u);
}

TEST_F(SlowHandlers, Of_a_client_are_named_by_its_own_log) {
  world w({carrier::loopback, parley::encoding::json});
  w.start();
  auto options = w.client_options();
  options.log = log.sink();
  options.clock = clock;
  guest a(w, options);
  a.talk.on_arrived([&](const Line&) { clock->advance(120ms); });
  w.host->peers.arrived({.text = "late"}, parley::to::all);
  EXPECT_THAT(log.line_with("Talk.Arrived"), HasSubstr("held its loop for 120 ms"));
}

TEST(ClientCalls, Have_no_peer_and_say_so) {
  world w({carrier::loopback, parley::encoding::json});
  w.start();
  guest a(w);
  a.talk.on_meet([](const Line&, parley::call& call) -> parley::reply<Line> {
    try {
      return Line{.text = call.peer().id()};
    } catch (const std::logic_error& e) { return Line{.text = e.what()}; }
  });
  EXPECT_THAT(w.host->peers.meet({}, parley::to::client{a.id}).text, HasSubstr("not a peer"));
}

}  // namespace
}  // namespace talk::v1
