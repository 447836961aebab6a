// User code that throws when the runtime calls it. On the caller's executor an exception of a
// completion handler leaves run(), as in Asio, and the loop can be run again. On a thread of the
// runtime it is logged. Nothing else is affected.
#include "system/world.hpp"

#include <parley/raw.hpp>

#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>

#include <atomic>
#include <stdexcept>
#include <thread>

namespace talk::v1 {
namespace {

struct on_purpose : std::runtime_error {
  on_purpose() : std::runtime_error("thrown on purpose") {}
};

// Runs the loop until `done`, even if exceptions leave it. Returns the number of exceptions. Fails
// the test if it takes very long.
template <class Done>
int run_through(asio::io_context& io, Done done) {
  int thrown = 0;
  const auto guard = asio::make_work_guard(io);
  const auto end = std::chrono::steady_clock::now() + 30s;
  while (!done()) {
    if (std::chrono::steady_clock::now() > end) throw std::runtime_error("waited in vain");
    try {
      io.run_one_for(100ms);
    } catch (const on_purpose&) { ++thrown; }
  }
  return thrown;
}

class Throwing : public testing::TestWithParam<medium> {};
INSTANTIATE_TEST_SUITE_P(Over, Throwing, testing::ValuesIn(every_medium()), medium_name);

// Several answers arrive in one read. Each handler sends data, which is written to memory that is
// lent for that read.
TEST_P(Throwing, What_a_completion_handler_throws_leaves_run_and_the_link_goes_on) {
  constexpr int rounds = 20, calls = 5;
  world w(GetParam());
  w.start();
  asio::io_context io;
  parley::client link(io.get_executor(), w.url(), w.client_options());
  const TalkClient talk(link);
  int connected = 0;
  link.async_connect([&](parley::result<> outcome) {
    ++connected;
    outcome.value();
    throw on_purpose();
  });
  int thrown = run_through(io, [&] { return connected == 1; });
  int answered = 0;
  for (int round = 0; round < rounds; ++round) {
    const int before = answered;
    for (int i = 0; i < calls; ++i) {
      talk.async_add({.numbers = {1.0 * round, 1.0 * i}}, [&, sum = 1.0 * round + i](parley::result<Sum> got) {
        ++answered;
        EXPECT_EQ(got.value().value, sum);
        EXPECT_EQ(talk.report({.text = std::string(100, 'r'), .number = static_cast<std::uint64_t>(answered)}), parley::sent::queued);
        throw on_purpose();
      });
    }
    thrown += run_through(io, [&] { return answered == before + calls; });
  }
  for (int i = 1; i <= rounds * calls; ++i) {
    thrown += run_through(io, [&] { return !w.host->reports.empty(); });
    EXPECT_EQ(w.host->reports.next().number, static_cast<std::uint64_t>(i));
  }
  EXPECT_EQ(thrown, 1 + rounds * calls);
  EXPECT_TRUE(link.connected());
}

TEST_P(Throwing, A_handler_that_throws_at_a_loss_keeps_no_other_from_being_told) {
  world w(GetParam());
  w.start();
  asio::io_context io;
  parley::client link(io.get_executor(), w.url(), without_reconnecting(w.client_options()));
  const TalkClient talk(link);
  int ended = 0, lost = 0;
  link.on_disconnected([&](const parley::error&) { ++lost; });
  for (int i = 0; i < 5; ++i)
    talk.async_later({}, [&](parley::result<Sum> got) {
      ++ended;
      EXPECT_EQ(got.error().code, parley::errc::disconnected);
      throw on_purpose();
    });
  int thrown = run_through(io, [&] { return !w.host->waiting.empty(); });
  const auto running = w.host->waiting.next();
  w.server->stop();
  thrown += run_through(io, [&] { return ended == 5 && lost == 1; });
  while (thrown < 5) thrown += run_through(io, [turns = 0]() mutable { return turns++ > 0; });
}

// The server's end: a call to a client that completes on the caller's loop. The server's counts
// stay correct.
TEST_P(Throwing, A_server_on_the_callers_loop_goes_on_and_forgets_nobody) {
  if (GetParam().over == carrier::threads || GetParam().plain()) GTEST_SKIP() << "asks clients, on one loop";
  asio::io_context io;
  parley::loopback network;
  const bool in_memory = GetParam().over == carrier::loopback;
  parley::server_options options;
  if (in_memory) options.loopback = &network;
  parley::server server(io.get_executor(), options);
  if (GetParam().over == carrier::slow_websocket) parley::transport::slow_path_only::ask_for(server.executor());
  Host host(server);
  server.add(host);
  server.start();
  parley::client_options chosen{.encoding = GetParam().encoding};
  if (in_memory) chosen.loopback = &network;
  parley::client link(in_memory ? "mem://here" : "ws://127.0.0.1:" + std::to_string(server.port()) + "/ws", chosen);
  const TalkClient talk(link);
  talk.on_are_you_ready([](const Check&) { return Ready{.accepted = true}; });
  link.async_connect([](parley::result<>) {});
  int answered = 0;
  int thrown = run_through(io, [&] { return !host.arrivals.empty(); });
  const parley::to::client guest(host.arrivals.next());
  for (int i = 0; i < 10; ++i)
    host.peers.async_are_you_ready({}, guest, [&](parley::result<Ready> got) {
      ++answered;
      EXPECT_TRUE(got.value().accepted);
      throw on_purpose();
    });
  thrown += run_through(io, [&] { return answered == 10; });
  EXPECT_EQ(server.counters().clients, 1u);
  bool again = false;
  talk.async_touch([&](parley::result<> done) {
    EXPECT_TRUE(done);
    asio::post(io, [&] { again = true; });
  });
  thrown += run_through(io, [&] { return again; });
  EXPECT_EQ(thrown, 10);
  link.close();
  EXPECT_EQ(run_through(io, [&] { return !host.departures.empty(); }), 0);
  EXPECT_EQ(server.counters().clients, 0u);
  server.stop();
  while (io.run_one() > 0) {}
}

// ---- On threads of the runtime.

struct log_heard {
  parley::log_sink sink() {
    return [this](parley::log_level, std::string_view text) { lines.put(std::string(text)); };
  }
  // The next line about completion handlers.
  std::string of_completion() {
    for (;;)
      if (std::string line = lines.next(); line.find("completion") != line.npos) return line;
  }
  events<std::string> lines;
};

TEST_P(Throwing, On_the_links_own_thread_it_goes_to_the_log_and_the_link_goes_on) {
  world w(GetParam());
  w.start();
  log_heard log;
  auto options = w.client_options();
  options.log = log.sink();
  parley::client link(w.url(), options);
  const TalkClient talk(link);
  link.async_connect([](parley::result<>) { throw on_purpose(); });
  EXPECT_EQ(log.of_completion(), "a completion handler failed: thrown on purpose");
  talk.async_add({.numbers = {1, 2, 3, 4}}, [](parley::result<Sum> refused) { (void)refused.value(); });
  EXPECT_NE(log.of_completion().find("at most three"), std::string::npos);
  talk.async_add({}, [](parley::result<Sum>) { throw 42; });
  EXPECT_EQ(log.of_completion(), "a completion handler failed");
  talk.async_report({}, parley::to::server, [](parley::result<>) { throw on_purpose(); });
  EXPECT_EQ(log.of_completion(), "a completion handler failed: thrown on purpose");
  asio::post(link.executor(), [] { throw on_purpose(); });
  EXPECT_EQ(log.of_completion(), "a completion handler failed: thrown on purpose");
  EXPECT_EQ(talk.add({.numbers = {1, 2}}).value, 3);
}

TEST_P(Throwing, Without_a_log_the_link_and_its_end_are_the_same) {
  world w(GetParam());
  w.start();
  events<int> ended;
  const auto fails = [&](auto) {
    ended.put(1);
    throw on_purpose();
  };
  {
    parley::client link(w.url(), w.client_options());
    const TalkClient talk(link);
    link.async_connect(fails);
    talk.async_add({}, fails);
    EXPECT_EQ(ended.next() + ended.next(), 2);
    talk.async_later({}, fails);
    (void)w.host->waiting.next();
    talk.async_later({}, fails);
    link.close();
    talk.async_add({}, fails);  // too late, so it does not run on a thread of the link
    EXPECT_EQ(ended.next() + ended.next() + ended.next(), 3);
  }
  guest other(w);
  EXPECT_EQ(other.talk.add({.numbers = {1, 2}}).value, 3);
}

TEST_P(Throwing, On_the_servers_threads_it_goes_to_the_log_and_the_server_goes_on) {
  if (GetParam().plain()) GTEST_SKIP() << "plain clients answer no calls";
  log_heard log;
  world w(GetParam(), {.log = log.sink()});
  w.start();
  guest a(w);
  a.talk.on_are_you_ready([](const Check&) { return Ready{}; });
  w.host->peers.async_are_you_ready({}, parley::to::client(a.id), [](parley::result<Ready>) { throw on_purpose(); });
  EXPECT_EQ(log.of_completion(), "a completion handler failed: thrown on purpose");
  asio::post(w.server->executor(), [] { throw on_purpose(); });
  EXPECT_EQ(log.of_completion(), "a completion handler failed: thrown on purpose");
  EXPECT_EQ(a.talk.add({.numbers = {1, 2}}).value, 3);
}

TEST_P(Throwing, A_log_sink_that_throws_is_nobodys_trouble) {
  std::atomic<int> lines = 0;
  const parley::log_sink fails = [&](parley::log_level, std::string_view) {
    ++lines;
    throw on_purpose();
  };
  world w(GetParam(), {.log = fails});
  w.start();
  auto options = w.client_options();
  options.log = fails;
  {
    guest a(w, options);
    w.host->on_add = [](const Numbers&, parley::call&) -> parley::reply<Sum> { throw on_purpose(); };
    EXPECT_THROW(a.talk.add({}), parley::call_failed);
    w.host->on_add = nullptr;
    a.talk.async_add({}, [](parley::result<Sum>) { throw on_purpose(); });
    EXPECT_EQ(a.talk.add({.numbers = {1, 2}}).value, 3);
  }
  (void)w.host->departures.next();
  guest b(w, options);
  EXPECT_EQ(b.talk.add({.numbers = {1, 2}}).value, 3);
  EXPECT_GE(lines, 5);
}

// ---- Without a schema.

TEST(RawThrowing, What_a_completion_handler_throws_leaves_run_and_the_connection_goes_on) {
  world w({carrier::websocket, parley::encoding::plain});
  w.start();
  asio::io_context io;
  parley::raw_connection ws(io.get_executor(), w.url());
  const std::string call = R"({"event_name":"Talk.Echo","payload":"hello","id":"1"})";
  int answered = 0, thrown = 0;
  for (int i = 0; i < 10; ++i) {
    const int before = answered;
    ws.async_send(call, [](parley::result<>) { throw on_purpose(); });
    ws.async_receive([&](parley::result<parley::raw_message> got) {
      ++answered;
      EXPECT_NE(got.value().text().find("hello"), std::string_view::npos);
      ws.async_send(call, [](parley::result<>) { throw on_purpose(); });
      throw on_purpose();
    });
    thrown += run_through(io, [&] { return answered == before + 1; });
    ws.async_receive([&](parley::result<parley::raw_message> got) {
      ++answered;
      EXPECT_TRUE(got);
    });
    thrown += run_through(io, [&] { return answered == before + 2; });
  }
  EXPECT_EQ(thrown, 30);
  EXPECT_TRUE(ws.open());
}

TEST(RawThrowing, On_its_own_thread_the_connection_goes_on) {
  world w({carrier::websocket, parley::encoding::plain});
  w.start();
  parley::raw_connection ws(w.url());
  events<int> ended;
  ws.async_connect([&](parley::result<>) {
    ended.put(1);
    throw on_purpose();
  });
  (void)ended.next();
  ws.send(R"({"event_name":"Talk.Echo","payload":"hello","id":"1"})");
  EXPECT_NE(ws.receive().text().find("hello"), std::string_view::npos);
}

}  // namespace
}  // namespace talk::v1
