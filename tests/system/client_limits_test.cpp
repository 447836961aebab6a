// Limits on clients: who may connect, how fast each may send, and what the others notice of it.
#include "system/client_in_memory.hpp"
#include "system/log_of.hpp"
#include "system/web.hpp"
#include "system/world.hpp"

#include <parley/raw.hpp>
#include <parley/raw_server.hpp>

#include <asio/io_context.hpp>
#include <asio/use_future.hpp>

#include <gmock/gmock.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace talk::v1 {
namespace {

using parley::errc;
using testing::HasSubstr;

constexpr std::string_view upgrade =
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

// Opens a connection and returns the status of the answer.
struct knocking {
  explicit knocking(std::uint16_t port, std::string_view more = {}, std::string_view host = "here") : client(port) {
    client.send("GET /ws HTTP/1.1\r\nHost: " + std::string(host) + "\r\n" + std::string(more) + std::string(upgrade) + "\r\n");
    std::string line(12, ' ');  // "HTTP/1.1 101"
    std::error_code ended;
    asio::read(client.socket(), asio::buffer(line), ended);
    status = ended ? 0 : std::atoi(line.c_str() + 9);
  }
  web::client client;
  int status = 0;
};

TEST(Limits, Of_one_address_refuse_its_next_client_with_429) {
  log_of log;
  world w({carrier::websocket, parley::encoding::json},
          {.limits = {.per_address = 2, .handshakes = {}, .handshakes_per_address = {}, .loopback_too = true}, .log = log.sink()});
  w.start();
  std::optional<knocking> first(std::in_place, w.server->port());
  const knocking second(w.server->port());
  EXPECT_EQ(first->status, 101);
  EXPECT_EQ(second.status, 101);
  const web::answer refused = web::get(w.server->port(), "/readyz");
  EXPECT_EQ(refused.status, 429);
  EXPECT_TRUE(refused.has("Retry-After: 1"));
  log.line_with("limits.per_address was reached by 127.0.0.1");
  parley::client link(w.url(), w.client_options());
  EXPECT_EQ(link.async_connect(asio::use_future).get().error().code, errc::overloaded);
  first.reset();
  while (web::get(w.server->port(), "/readyz").status != 200) {}
}

TEST(Limits, Of_new_connections_are_answered_with_the_time_to_wait) {
  for (const bool each : {false, true}) {
    log_of log;
    parley::limit_options limits{.handshakes = {}, .handshakes_per_address = {}, .loopback_too = true};
    (each ? limits.handshakes_per_address : limits.handshakes) = {.per_second = 0.001, .burst = 3};
    world w({carrier::websocket, parley::encoding::json}, {.limits = limits, .log = log.sink()});
    w.start();
    for (int i = 0; i < 3; ++i) EXPECT_EQ(web::get(w.server->port(), "/readyz").status, 200);
    for (int i = 0; i < 30; ++i) {
      const web::answer refused = web::get(w.server->port(), "/readyz");
      EXPECT_EQ(refused.status, each ? 429 : 503);
      EXPECT_THAT(refused.head, HasSubstr("\r\nRetry-After: "));
    }
    const std::string line = each ? "limits.handshakes_per_address was reached" : "limits.handshakes was reached";
    log.line_with(line);
    EXPECT_LE(log.count(line), 30u);
    EXPECT_EQ(w.server->counters().rejected, 30u);
  }
}

TEST(Limits, Apply_to_the_clients_behind_a_trusted_proxy) {
  parley::limit_options limits{
      .handshakes = {}, .handshakes_per_address = {.per_second = 0.001, .burst = 2}, .trusted_proxies = {"127.0.0.0/8"}};
  world w({carrier::websocket, parley::encoding::json}, {.limits = limits});
  w.start();
  const auto status = [&](std::string_view who) {
    return knocking(w.server->port(), "X-Forwarded-For: " + std::string(who) + "\r\n").status;
  };
  EXPECT_EQ(status("203.0.113.1"), 101);
  EXPECT_EQ(status("203.0.113.1"), 101);
  EXPECT_EQ(status("203.0.113.1"), 429);
  EXPECT_EQ(status("203.0.113.1, 203.0.113.2"), 101);
  EXPECT_EQ(status("203.0.113.9, 203.0.113.1"), 429);
  // The proxy itself is on this machine.
  for (int i = 0; i < 5; ++i) EXPECT_EQ(knocking(w.server->port()).status, 101);
  // A page for this machine only is not for the client behind the proxy.
  EXPECT_EQ(web::get(w.server->port(), "/metrics", "X-Forwarded-For: 203.0.113.7\r\n").status, 403);
  EXPECT_EQ(web::get(w.server->port(), "/metrics").status, 200);
}

TEST(Limits, Do_not_apply_on_this_machine_by_default) {
  world w({carrier::websocket, parley::encoding::json},
          {.limits = {.per_address = 1, .handshakes = {1, 1}, .handshakes_per_address = {1, 1}, .messages = {1, 1}, .bytes = {1, 1}}});
  w.start();
  guest a(w), b(w);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(a.talk.echo("hello"), "hello");
  EXPECT_EQ(b.talk.echo("hello"), "hello");
}

TEST(Limits, That_make_no_sense_are_refused_by_the_constructor) {
  EXPECT_THROW(parley::server({.limits = {.trusted_proxies = {"here"}}}), std::invalid_argument);
  EXPECT_THROW(parley::raw_server({.limits = {.messages = {-1, 1}}}, [](parley::raw_connection) {}), std::invalid_argument);
}

TEST(Limits, Of_a_raw_server_work_alike) {
  parley::raw_server server(
      {.limits = {.per_address = 1, .loopback_too = true}},
      [kept = std::make_shared<std::vector<parley::raw_connection>>()](parley::raw_connection one) { kept->push_back(std::move(one)); });
  server.start();
  const knocking first(server.port());
  EXPECT_EQ(first.status, 101);
  EXPECT_EQ(knocking(server.port()).status, 429);
}

// One loop, in memory, on a clock that the test advances.
struct Speed : testing::Test {
  ~Speed() override {
    clients.clear();
    if (server) server->stop();
    turn();
    server.reset();
    turn();
  }
  void serve(parley::limit_options limits, std::chrono::milliseconds heartbeat = 20s) {
    limits.loopback_too = true;
    server.emplace(
        io.get_executor(),
        parley::server_options{.limits = limits, .heartbeat = heartbeat, .log = log.sink(), .loopback = &network, .clock = clock});
    host.emplace(*server);
    server->add(*host);
    server->start();
    turn();
  }
  using client = client_in_memory;
  client& connect() {
    client& made = *clients.emplace_back(std::make_unique<client>(io, network, clock, parley::encoding::json));
    turn();
    return made;
  }
  void turn(std::chrono::milliseconds by = 0ms) {
    const auto settle = [this] {
      io.restart();
      io.poll();
    };
    settle();
    clock->advance(by, settle);
    settle();
  }
  std::uint64_t reported() {
    while (!host->reports.empty()) {
      EXPECT_EQ(host->reports.next().number, reports_);
      ++reports_;
    }
    return reports_;
  }

  asio::io_context io;
  parley::loopback network;
  std::shared_ptr<parley::manual_clock> clock = std::make_shared<parley::manual_clock>();
  log_of log;
  std::optional<parley::server> server;
  std::optional<Host> host;
  std::vector<std::unique_ptr<client>> clients;

 private:
  std::uint64_t reports_ = 0;
};

TEST_F(Speed, Over_the_limit_is_delayed_and_nothing_is_lost) {
  serve({.messages = {10, 20}, .bytes = {}});
  client& fast = connect();
  client& other = connect();
  turn(10s);
  for (std::uint64_t i = 0; i < 50; ++i) fast.talk.report({.text = "x", .number = i});
  turn();
  EXPECT_EQ(reported(), 21u);  // the burst, and the message that exceeded it
  std::vector<double> sums;
  other.talk.async_add({.numbers = {1, 2}}, [&](const parley::result<Sum>& sum) { sums.push_back(sum ? sum->value : -1); });
  turn();
  EXPECT_THAT(sums, testing::ElementsAre(3));
  EXPECT_EQ(reported(), 21u);
  for (std::uint64_t i = 1; i <= 29; ++i) {
    turn(100ms);
    EXPECT_EQ(reported(), 21 + i);
  }
  EXPECT_TRUE(fast.link.connected());
  log.line_with("limits.messages was reached by client ");
}

TEST_F(Speed, Of_bytes_is_limited_likewise) {
  serve({.messages = {}, .bytes = {1000, 2000}});
  client& fast = connect();
  turn(10s);
  const std::string text(1000, 'x');
  for (std::uint64_t i = 0; i < 6; ++i) fast.talk.report({.text = text, .number = i});
  turn();
  EXPECT_EQ(reported(), 2u);
  turn(10s);
  EXPECT_EQ(reported(), 6u);
  log.line_with("limits.bytes was reached by client ");
}

TEST_F(Speed, Over_the_limit_for_too_long_ends_with_1008) {
  serve({.messages = {10, 10}, .bytes = {}, .close_after = 5s});
  client& flood = connect();
  client& bursts = connect();
  turn(10s);
  for (int second = 0; second < 8; ++second) {
    for (int i = 0; i < 30; ++i) flood.talk.report({.text = "x"});
    if (second % 4 == 0)
      for (int i = 0; i < 12; ++i) bursts.talk.async_touch([](const parley::result<>&) {});
    turn(1s);
  }
  ASSERT_EQ(flood.lost.size(), 1u);
  EXPECT_EQ(flood.lost[0].close_code, 1008);
  EXPECT_TRUE(bursts.link.connected());
}

TEST_F(Speed, Of_a_client_that_is_not_read_from_is_not_silence) {
  serve({.messages = {}, .bytes = {10, 10}, .close_after = 0s}, 1s);
  client& slow = connect();
  // What it sends takes two minutes, in which its pings are not read either.
  slow.talk.report({.text = std::string(1200, 'x')});
  turn();
  for (int i = 0; i < 100; ++i) turn(1s);
  EXPECT_TRUE(slow.link.connected());
  EXPECT_TRUE(slow.lost.empty());
}

}  // namespace
}  // namespace talk::v1
