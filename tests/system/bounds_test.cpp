// Waiting data is limited at both ends, in bytes and in messages, toward a peer that does not read
// and before there is a peer.
#include "system/world.hpp"

#include <parley/raw.hpp>
#include <parley/transport/websocket.hpp>

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <thread>

namespace talk::v1 {
namespace {

constexpr std::size_t room = 64;  // counted for each message in addition to its bytes

class Bounds : public testing::TestWithParam<medium> {};
INSTANTIATE_TEST_SUITE_P(Over, Bounds, testing::ValuesIn(every_medium()), medium_name);

template <class Done>
void run_until(asio::io_context& io, Done done) {
  const auto end = std::chrono::steady_clock::now() + 60s;
  while (!done()) {
    if (std::chrono::steady_clock::now() > end) throw std::runtime_error("waited in vain");
    io.run_one_for(100ms);
  }
}

// ---- Before the link is up.

TEST_P(Bounds, Events_before_the_link_is_up_are_bounded_and_those_accepted_arrive_in_order) {
  world w(GetParam());
  w.start();
  asio::io_context io;
  const auto work = asio::make_work_guard(io);
  auto options = w.client_options();
  options.max_queue = 100'000;
  parley::client link(io.get_executor(), w.url(), options);
  const TalkClient talk(link);
  std::uint64_t accepted = 0;
  while (accepted < 1'000'000 && talk.report({.number = accepted + 1}) == parley::sent::queued) ++accepted;
  EXPECT_GT(accepted, 100u);
  EXPECT_LE(accepted, options.max_queue / room);
  std::thread loop([&] { io.run(); });
  for (std::uint64_t i = 1; i <= accepted; ++i) EXPECT_EQ(w.host->reports.next().number, i);
  EXPECT_EQ(talk.report({.number = 0}), parley::sent::queued);
  EXPECT_EQ(w.host->reports.next().number, 0u);
  link.close();
  io.stop();
  loop.join();
}

TEST(Bounds, Empty_events_are_bounded_like_all_others) {
  asio::io_context io;
  parley::client link(io.get_executor(), "ws://127.0.0.1:1/ws", parley::client_options{.max_queue = 64'000});
  const TalkClient talk(link);
  std::size_t accepted = 0;
  while (accepted < 1'000'000 && talk.chat("", parley::to::all) == parley::sent::queued) ++accepted;
  EXPECT_LE(accepted, 64'000 / room);
}

TEST(Bounds, What_waits_for_room_is_bounded) {
  asio::io_context io;
  parley::client link(io.get_executor(), "ws://127.0.0.1:1/ws", parley::client_options{.max_queue = 10'000});
  const TalkClient talk(link);
  constexpr int many = 5000;
  int overloaded = 0, others = 0;
  for (int i = 0; i < many; ++i)
    talk.async_report({}, parley::to::server,
                      [&](parley::result<> done) { ++(!done && done.error().code == parley::errc::overloaded ? overloaded : others); });
  run_until(io, [&] { return overloaded > 0; });
  link.close();
  run_until(io, [&] { return overloaded + others == many; });
  EXPECT_LE(others, static_cast<int>(5 * 10'000 / room + 2));
}

TEST(Bounds, Calls_before_the_link_is_up_are_bounded_and_each_ends_once) {
  asio::io_context io;
  parley::client link(io.get_executor(), "ws://127.0.0.1:1/ws", parley::client_options{.max_queue = 64'000});
  const TalkClient talk(link);
  constexpr int many = 5000;
  int overloaded = 0, others = 0;
  for (int i = 0; i < many; ++i) {
    const auto deadline = std::chrono::milliseconds(10 + i % 50);
    talk.with({.deadline = deadline}).async_touch([&](parley::result<> done) {
      EXPECT_FALSE(done);
      ++(done.error().code == parley::errc::overloaded ? overloaded : others);
    });
  }
  run_until(io, [&] { return overloaded + others == many; });
  EXPECT_LE(others, static_cast<int>(64'000 / room));
}

// Each of many calls has its own deadline, and most are cancelled. Each cancellation takes constant
// time, however many calls wait.
TEST(Bounds, Many_calls_that_wait_for_the_link_are_cancelled_one_by_one) {
  asio::io_context io;
  const auto work = asio::make_work_guard(io);
  parley::loopback network;
  auto clock = std::make_shared<parley::manual_clock>();
  network.hold();
  parley::server server(io.get_executor(), parley::server_options{.loopback = &network, .clock = clock});
  Host host(server);
  server.add(host);
  server.start();
  parley::client link(io.get_executor(), "mem://talk",
                      parley::client_options{.max_queue = 64 * 1024 * 1024, .loopback = &network, .clock = clock});
  const TalkClient talk(link);
  constexpr int many = 20'000;
  std::vector<std::unique_ptr<asio::cancellation_signal>> signals;
  int cancelled = 0, late = 0;
  for (int i = 0; i < many; ++i) {
    signals.push_back(std::make_unique<asio::cancellation_signal>());
    auto done = [&](parley::result<> outcome) { ++(outcome.error().code == parley::errc::cancelled ? cancelled : late); };
    talk.with({.deadline = 1s + std::chrono::milliseconds(i)})
        .async_touch(asio::bind_cancellation_slot(signals.back()->slot(), std::move(done)));
  }
  io.poll();
  for (int i = many - 1; i >= 0; --i)
    if (i % 10 != 0) signals[static_cast<std::size_t>(i)]->emit(asio::cancellation_type::terminal);
  io.poll();
  EXPECT_EQ(cancelled, many / 10 * 9);
  clock->advance(100s, [&] { io.poll(); });
  EXPECT_EQ(late, many / 10);
  link.close();
  server.stop();
  network.release();
  io.poll();
  clock->advance(10s, [&] { io.poll(); });
}

// A queue without messages takes one of any size, also when the client has last looked at it while something waited.
TEST(Bounds, A_call_that_is_larger_than_the_queue_is_sent_whenever_nothing_waits) {
  parley::server server{{.max_message = 1 << 20}};
  Host host(server);
  server.add(host);
  server.start();
  {
    parley::client link("ws://127.0.0.1:" + std::to_string(server.port()) + "/ws", {.max_queue = 100'000});
    const TalkClient talk(link);
    const std::string large(150'000, 'x');
    for (int i = 0; i < 3; ++i) {
      EXPECT_EQ(talk.echo(large), large);
      talk.touch();
    }
    EXPECT_EQ(talk.async_echo(std::string(2 << 20, 'x'), asio::use_future).get().error().code, parley::errc::too_large);
  }
  server.stop();
  server.join();
}

// ---- Before the server's loop has processed them.

TEST(Bounds, Calls_of_a_server_that_wait_for_its_loop_are_bounded_and_each_ends_once) {
  asio::io_context io;
  parley::loopback network;
  parley::server server(io.get_executor(), {.max_posted = 64'000, .loopback = &network});
  Host host(server);
  server.add(host);
  server.start();
  constexpr int many = 5000;
  for (int round = 1; round <= 2; ++round) {  // processed calls leave room for others
    int overloaded = 0, others = 0;
    for (int i = 0; i < many; ++i)
      host.peers.async_meet({.text = "who"}, parley::to::client{"nobody"},
                            [&](parley::result<Line> done) { ++(done.error().code == parley::errc::overloaded ? overloaded : others); });
    EXPECT_EQ(overloaded + others, 0) << "none ends inside its own start";
    run_until(io, [&] { return overloaded + others == many; });
    EXPECT_GT(others, 100);
    EXPECT_LE(others, static_cast<int>(64'000 / room));
  }
  server.stop();
  io.run();
}

// ---- Towards a server that does not read.

namespace wt = parley::transport;

// Sends a greeting and then calls without end, and reads nothing.
struct deaf_server final : wt::connection_handler {
  void on_open(std::shared_ptr<wt::connection> to, std::string_view) override { link = std::move(to); }
  void on_message(parley::bytes_view, wt::opcode) override {
    if (std::exchange(greeted, true)) return;
    link->send(parley::buffer(R"({"event_name":"$welcome","payload":{"revision":1,"features":["server_calls"],)"
                              R"("client_id":"0b8c2a34-9f0e-4a7e-8f0e-2d1a5b6c7d8e","outcome":"new","received":0,"next":1,)"
                              R"("policy":"warn","heartbeat_ms":20000}})"),
               wt::opcode::text);
    link->pause_reading();
    ask();
  }
  void on_drained() override { ask(); }
  void on_closed(const wt::close_reason&, const parley::error&) override { link = nullptr; }
  void ask() {
    for (int i = 0; link && i < 500; ++i) {
      const std::string id = std::to_string(++asked);
      std::string frame = R"({"event_name":")" + name + R"(","id":)" + id + R"(,"payload":{"text":")" + std::string(500, 'q') + R"("}})";
      link->send(parley::buffer(std::move(frame)), wt::opcode::text);
    }
  }
  std::shared_ptr<wt::connection> link;
  std::string name;
  std::uint64_t asked = 0;
  bool greeted = false;
};

// Both the answers to calls and the refusals of unknown methods are limited.
TEST(Bounds, A_client_does_not_hoard_answers_for_a_server_that_asks_and_does_not_read) {
  for (const char* name : {"Talk.Meet", "Talk.NobodyKnowsIt"}) {
    asio::io_context io;
    auto listener = wt::websocket_listen(io.get_executor(), {.limits = {.max_message = 1 << 20}}).value();
    const auto deaf = std::make_shared<deaf_server>();
    deaf->name = name;
    listener->start([&](std::shared_ptr<wt::request> ask) { ask->accept(ask->subprotocols.front(), deaf); });
    parley::client link("ws://127.0.0.1:" + std::to_string(listener->port()) + "/ws",
                        {.encoding = parley::encoding::json, .max_queue = 500'000});
    const TalkClient talk(link);
    talk.on_meet([](const Line&) { return Line{.text = std::string(10'000, 'a')}; });
    std::atomic<bool> lost = false;
    parley::error why{parley::errc::failed};
    link.on_disconnected([&](const parley::error& e) {
      why = e;
      lost = true;
      asio::post(io, [] {});
    });
    link.async_connect([](parley::result<>) {});
    run_until(io, [&] { return lost.load(); });
    EXPECT_NE(why.message.find("slow"), std::string::npos) << why.message;
    listener->stop();
    if (deaf->link) deaf->link->abort();
    io.poll();
  }
}

// ---- All clients of a server together.

TEST(Bounds, Slow_readers_share_one_bound_and_nobody_else_is_hurt) {
  constexpr std::size_t slow = 6, most = 4 * 1024 * 1024;
  events<std::string> log;
  world w({carrier::websocket, parley::encoding::plain},
          {.max_queue = 64 * 1024 * 1024, .max_queued_total = most, .log = [&](parley::log_level, std::string_view text) {
             if (text.find("max_queued_total") != text.npos) log.put(std::string(text));
           }});
  w.start();
  guest honest(w);
  asio::io_context io;
  const std::string ask = R"({"event_name":"Talk.Echo","payload":")" + std::string(60'000, 'x') + R"("})";
  std::vector<std::unique_ptr<parley::raw_connection>> readers;
  for (std::size_t i = 0; i < slow; ++i) {
    const parley::raw_options options{.close_timeout = 100ms, .max_queue = 200'000};
    readers.push_back(std::make_unique<parley::raw_connection>(io.get_executor(), w.url(), options));
    readers.back()->pause_reading();
  }
  std::size_t highest = 0;
  while (w.server->counters().too_slow < slow) {
    for (const auto& one : readers)
      while (one->try_send(ask)) {}
    io.restart();
    io.poll();
    highest = std::max(highest, w.server->counters().queued);
    ASSERT_LE(w.server->counters().queued, most + (slow + 1) * 2 * 64 * 1024);
    EXPECT_EQ(honest.talk.add({.numbers = {1, 2}}).value, 3);
  }
  EXPECT_GT(highest, most / 2);
  for (std::size_t i = 0; i < slow; ++i) EXPECT_NE(log.next().find("is closed"), std::string::npos);
  EXPECT_EQ(w.server->counters().queued, 0u);
  EXPECT_EQ(honest.talk.add({.numbers = {1, 2}}).value, 3);
}

// The answers of a plain client are sent in the order of its calls. The answers that wait for the
// first one are limited as well.
TEST(Bounds, Answers_that_wait_for_the_one_before_them_are_bounded) {
  world w({carrier::loopback, parley::encoding::plain}, {.max_queue = 200'000});
  w.start();
  parley::raw_options options;
  options.loopback = &w.network;
  parley::raw_connection ws(w.url(), options);
  ws.send(R"({"event_name":"Talk.Later","payload":{}})");
  const auto running = w.host->waiting.next();
  // The server may close before the last of them.
  for (int i = 0; i < 10; ++i)
    if (!ws.try_send(R"({"event_name":"Talk.Echo","payload":")" + std::string(50'000, 'x') + R"("})")) break;
  const auto gone = w.host->departures.next();
  EXPECT_NE(gone.why.message.find("answers"), std::string::npos) << gone.why.message;
}

}  // namespace
}  // namespace talk::v1
