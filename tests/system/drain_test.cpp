// Servers that end without interrupting their clients, and that send some of them away.
#include "system/client_in_memory.hpp"
#include "system/log_of.hpp"
#include "system/web.hpp"
#include "system/world.hpp"

#include <parley/raw.hpp>
#include <parley/raw_server.hpp>

#include <asio/bind_executor.hpp>
#include <asio/io_context.hpp>
#include <asio/use_future.hpp>

#include <gmock/gmock.h>

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <future>
#include <limits>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace talk::v1 {
namespace {

using parley::errc;
using testing::HasSubstr;

// A server and clients in memory, on one loop and on a clock that the test advances.
struct Draining : testing::Test {
  ~Draining() override {
    clients.clear();
    if (server) server->stop();
    turn();
    server.reset();
    turn();
  }
  void serve(parley::server_options options = {}) {
    options.loopback = &network;
    options.clock = clock;
    options.log = log.sink();
    server.emplace(io.get_executor(), std::move(options));
    host.emplace(*server);
    server->add(*host);
    server->start();
    turn();
  }
  using client = client_in_memory;
  client& connect(parley::encoding encoding = parley::encoding::binary) {
    client& made = *clients.emplace_back(std::make_unique<client>(io, network, clock, encoding));
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
  void drain(parley::drain_options options = {}) {
    server->async_drain(std::move(options), asio::bind_executor(io.get_executor(), [this](parley::result<> outcome) {
                          drained.push_back(std::move(outcome));
                        }));
    turn();
  }

  asio::io_context io;
  parley::loopback network;
  std::shared_ptr<parley::manual_clock> clock = std::make_shared<parley::manual_clock>();
  log_of log;
  std::optional<parley::server> server;
  std::optional<Host> host;
  std::vector<std::unique_ptr<client>> clients;
  std::vector<parley::result<>> drained;
};

TEST_F(Draining, Closes_idle_clients_with_1012_at_times_within_the_spread) {
  serve();
  for (int i = 0; i < 100; ++i)
    connect(i % 3 == 0 ? parley::encoding::plain : i % 3 == 1 ? parley::encoding::json : parley::encoding::binary);
  const auto left = [&] { return std::count_if(clients.begin(), clients.end(), [](const auto& one) { return one->link.connected(); }); };
  drain({.spread = 4s});
  EXPECT_GT(left(), 90);
  for (int i = 0; i < 4; ++i) turn(500ms);
  EXPECT_GT(left(), 20);
  EXPECT_LT(left(), 80);
  for (int i = 0; i < 4; ++i) turn(500ms);
  turn(50ms);
  EXPECT_EQ(left(), 0);
  for (const auto& one : clients) {
    ASSERT_EQ(one->lost.size(), 1u);
    EXPECT_EQ(one->lost[0].close_code, 1012);
    EXPECT_TRUE(one->lost[0].from_peer);
  }
  ASSERT_EQ(drained.size(), 1u);
  EXPECT_TRUE(drained[0]);
}

TEST_F(Draining, Waits_for_calls_in_both_directions) {
  serve();
  client& asking = connect();
  client& asked = connect(parley::encoding::json);
  std::vector<double> answers;
  asking.talk.async_later({}, [&](const parley::result<Sum>& sum) { answers.push_back(sum ? sum->value : -1); });
  turn();
  drain({.spread = 0ms});
  turn(1s);
  EXPECT_TRUE(asking.link.connected());
  EXPECT_FALSE(asked.link.connected());
  EXPECT_TRUE(drained.empty());
  host->waiting.next().answer->answer(Sum{.value = 42});
  turn(50ms);
  turn(50ms);
  EXPECT_THAT(answers, testing::ElementsAre(42));
  EXPECT_FALSE(asking.link.connected());
  turn(50ms);
  EXPECT_EQ(drained.size(), 1u);
}

TEST_F(Draining, Cuts_what_is_left_when_patience_is_over) {
  serve();
  client& one = connect();
  std::vector<parley::error> failed;
  one.talk.async_later({}, [&](const parley::result<Sum>& sum) { failed.push_back(sum.error()); });
  turn();
  drain({.patience = 3s, .spread = 10s, .text = "moving house"});
  turn(2999ms);
  EXPECT_TRUE(failed.empty());
  turn(1ms);
  turn(50ms);
  ASSERT_EQ(failed.size(), 1u);
  EXPECT_EQ(failed[0].code, errc::disconnected);
  ASSERT_EQ(one.lost.size(), 1u);
  EXPECT_EQ(one.lost[0].close_code, 1012);
  EXPECT_THAT(one.lost[0].message, HasSubstr("moving house"));
  EXPECT_EQ(drained.size(), 1u);
}

TEST_F(Draining, Without_a_restart_says_that_the_server_goes_away) {
  serve();
  client& one = connect();
  drain({.spread = 0ms, .restart = false});
  turn(50ms);
  ASSERT_EQ(one.lost.size(), 1u);
  EXPECT_EQ(one.lost[0].close_code, 1001);
}

TEST_F(Draining, Twice_can_only_hurry) {
  serve();
  client& one = connect();
  one.talk.async_later({}, [](const parley::result<Sum>&) {});
  turn();
  drain({.patience = 20s, .spread = 0ms});
  drain({.patience = 60s});
  turn(1s);
  EXPECT_TRUE(one.link.connected());
  drain({.patience = 1s});
  turn(1s);
  turn(50ms);
  EXPECT_FALSE(one.link.connected());
  turn(50ms);
  EXPECT_EQ(drained.size(), 3u);
}

TEST_F(Draining, Lets_clients_in_that_have_connected_already_and_no_others) {
  serve();
  client& first = connect();
  parley::client late(io.get_executor(), "mem://talk/ws", without_reconnecting({.loopback = &network, .clock = clock}));
  std::vector<parley::result<>> outcome;
  first.talk.async_later({}, [](const parley::result<Sum>&) {});
  turn();
  drain({.spread = 0ms});
  late.async_connect([&](parley::result<> one) { outcome.push_back(std::move(one)); });
  turn();
  ASSERT_EQ(outcome.size(), 1u);
  EXPECT_FALSE(outcome[0]);
}

TEST_F(Draining, Of_a_server_that_does_not_run_completes_at_once) {
  parley::server idle(io.get_executor(), {.loopback = &network});
  std::promise<parley::result<>> told;
  idle.async_drain({}, [&](parley::result<> outcome) { told.set_value(std::move(outcome)); });
  EXPECT_EQ(told.get_future().get().error().code, errc::cancelled);
  parley::server{{.loopback = &network}}.drain();
}

// The frames themselves, as a client of another library sees them.
TEST_F(Draining, Announces_itself_with_goaway_frames) {
  serve();
  parley::raw_connection ws(io.get_executor(), "mem://talk/ws", {.subprotocols = {"parley.v1.json"}, .loopback = &network, .clock = clock});
  std::vector<std::string> seen;
  ws.on_message([&](const parley::raw_message& message) { seen.emplace_back(message.text()); });
  ws.async_send(std::string(R"({"event_name":"$hello","payload":{"revision":1,"methods":{}}})"), [](const parley::result<>&) {});
  turn();
  ws.async_send(std::string(R"({"event_name":"Talk.Later","payload":{"numbers":[]},"id":7})"), [](const parley::result<>&) {});
  turn();
  seen.clear();
  drain({.patience = 2s, .spread = 0ms, .text = "soon"});
  ASSERT_EQ(seen.size(), 1u);
  for (const std::string_view part :
       {R"("event_name":"$goaway")", R"("reason":"restart")", R"("last_id":9007199254740991)", R"("text":"soon")"})
    EXPECT_THAT(seen[0], HasSubstr(std::string(part)));
  turn(2s);
  ASSERT_GE(seen.size(), 2u);
  EXPECT_THAT(seen[1], HasSubstr(R"("last_id":7)"));
  turn(50ms);
  EXPECT_EQ(ws.close_code(), 1012);
}

TEST_F(Draining, Is_not_what_shed_does) {
  serve();
  for (int i = 0; i < 200; ++i) connect();
  const auto left = [&] { return std::count_if(clients.begin(), clients.end(), [](const auto& one) { return one->link.connected(); }); };
  server->shed(0);
  turn(10s);
  EXPECT_EQ(left(), 200);
  server->shed(0.25, 1s);
  turn(1s);
  turn(50ms);
  // The chance of a number outside of these is below 1 in a million.
  EXPECT_GT(left(), 115);
  EXPECT_LT(left(), 185);
  for (const auto& one : clients)
    for (const parley::error& why : one->lost) EXPECT_EQ(why.close_code, 1013);
  client& busy = connect();
  busy.talk.async_later({}, [](const parley::result<Sum>&) {});
  turn();
  server->shed(1, 0ms);
  turn(19s);
  EXPECT_EQ(left(), 1);
  turn(1s);
  turn(50ms);
  EXPECT_EQ(left(), 0);
  connect();
  EXPECT_EQ(left(), 1);
  for (const double wrong : {-0.1, 1.1, std::numeric_limits<double>::quiet_NaN()}) EXPECT_THROW(server->shed(wrong), std::invalid_argument);
}

TEST(Drain, On_a_thread_of_the_server_is_refused) {
  world w({carrier::websocket, parley::encoding::binary});
  std::promise<bool> threw;
  w.host->on_touch = [&](parley::call&) -> parley::reply<> {
    try {
      w.server->drain();
      threw.set_value(false);
    } catch (const parley::call_failed&) { threw.set_value(true); }
    return {};
  };
  w.start();
  guest a(w);
  a.talk.touch();
  EXPECT_TRUE(threw.get_future().get());
}

TEST(Drain, Shows_that_the_server_is_not_ready_and_ends_run) {
  parley::server_options options;
  parley::server server(options);
  Host host(server);
  server.add(host);
  const std::size_t pages = server.listen({.pages_only = true});
  std::promise<void> started;
  std::thread runs([&] { server.run(); });
  while (server.port(pages) == 0) std::this_thread::yield();
  {
    parley::client link{"ws://127.0.0.1:" + std::to_string(server.port()) + "/ws", without_reconnecting({})};
    TalkClient talk{link};
    const auto later = talk.async_later({}, asio::use_future);
    const auto waiting = host.waiting.next();
    std::thread drains([&] { server.drain({.spread = 0ms}); });
    while (web::get(server.port(pages), "/readyz").status != 503) {}
    EXPECT_EQ(web::get(server.port(pages), "/livez").status, 200);
    waiting.answer->answer(Sum{});
    later.wait();
    drains.join();
  }
  runs.join();
}

// Callers on several threads, a server with several loops, and a drain in between. Each call has an
// answer, or is known not to have run, or was cut by the end of patience, which does not happen here.
TEST(Drain, Under_load_fails_no_call_that_has_begun) {
  for (const parley::encoding encoding : {parley::encoding::binary, parley::encoding::json}) {
    world w({carrier::threads, encoding});
    std::atomic<int> begun = 0;
    w.host->on_add = [&](const Numbers& n, parley::call&) -> parley::reply<Sum> {
      ++begun;
      return Sum{.value = n.numbers.at(0)};
    };
    w.start();
    std::atomic<int> answered = 0;
    std::vector<std::thread> callers;
    events<parley::error> failures;
    std::vector<std::unique_ptr<parley::client>> links;
    for (int i = 0; i < 8; ++i) links.push_back(std::make_unique<parley::client>(w.url(), without_reconnecting(w.client_options())));
    for (const auto& link : links) {
      callers.emplace_back([&, link = link.get()] {
        TalkClient talk{*link};
        try {
          for (double n = 0;; ++n) {
            EXPECT_EQ(talk.add({.numbers = {n}}).value, n);
            ++answered;
          }
        } catch (const parley::call_failed& failed) { failures.put(failed.error()); }
      });
    }
    while (answered < 200) std::this_thread::yield();
    w.server->drain({.spread = 200ms});
    for (std::thread& caller : callers) caller.join();
    for (std::size_t i = 0; i < links.size(); ++i) {
      const parley::error why = failures.next();
      EXPECT_EQ(why.code, errc::disconnected) << why.message;
    }
    EXPECT_EQ(begun, answered);
  }
}

TEST(RunUntilSignal, Drains_at_the_first_and_stops_at_the_second_signal) {
  log_of log;
  parley::server server{{.log = log.sink()}};
  Host host(server);
  server.add(host);
  std::thread runs([&] { server.run_until_signal({.spread = 0ms}); });
  log.line_with("listening on");
  parley::client link{"ws://127.0.0.1:" + std::to_string(server.port()) + "/ws", without_reconnecting({})};
  TalkClient talk{link};
  auto later = talk.async_later({}, asio::use_future);
  const auto running = host.waiting.next();  // until the end of the test
  ::kill(::getpid(), SIGHUP);
  log.line_with("the files of TLS were read again");
  ::kill(::getpid(), SIGTERM);
  log.line_with("draining for a restart");
  ::kill(::getpid(), SIGINT);
  runs.join();
  EXPECT_EQ(later.get().error().code, errc::disconnected);
}

}  // namespace
}  // namespace talk::v1
