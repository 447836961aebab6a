// Connections that fail, end, or are destroyed during other operations.
#include "system/world.hpp"

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_future.hpp>

#include <atomic>
#include <csignal>
#include <future>
#include <thread>

namespace talk::v1 {
namespace {

using parley::errc;

INSTANTIATE_TEST_SUITE_P(Over, EveryMedium, testing::ValuesIn(every_medium()), medium_name);

TEST(Client, A_malformed_url_is_told_by_the_constructor) {
  EXPECT_THROW(parley::client("nonsense"), std::invalid_argument);
  EXPECT_THROW(parley::client("http://localhost/"), std::invalid_argument);
  EXPECT_THROW(parley::client("ws://"), std::invalid_argument);
}

TEST(Client, A_refused_connection_is_told_to_whoever_waits) {
  std::uint16_t port = 0;
  {
    parley::server gone{{}};
    gone.start();
    port = gone.port();
  }
  parley::client link{"ws://127.0.0.1:" + std::to_string(port) + "/ws"};
  EXPECT_THROW(link.connect(), parley::call_failed);
  TalkClient talk{link};
  EXPECT_EQ(talk.async_add({}, asio::use_future).get().error().code, errc::disconnected);
  EXPECT_EQ(talk.report({}), parley::sent::closed);
}

TEST(Client, A_wrong_path_and_a_wrong_origin_are_refused_before_the_upgrade) {
  parley::server server{{.origins = {"https://example.org"}}};
  server.start();
  const std::string base = "ws://127.0.0.1:" + std::to_string(server.port());
  const auto refused = [](const std::string& url, parley::client_options options) {
    parley::client link{url, std::move(options)};
    try {
      link.connect();
      return std::string("connected");
    } catch (const parley::call_failed& failed) { return std::string(failed.what()); }
  };
  EXPECT_NE(refused(base + "/elsewhere", {}).find("404"), std::string::npos);
  EXPECT_NE(refused(base + "/ws", {.origin = "https://evil.example"}).find("403"), std::string::npos);
  EXPECT_NE(refused(base + "/ws", {.origin = "null"}).find("403"), std::string::npos);
  EXPECT_EQ(refused(base + "/ws", {.origin = "https://example.org"}), "connected");
  EXPECT_EQ(refused(base + "/ws", {.origin = "http://127.0.0.1:" + std::to_string(server.port())}), "connected");
}

TEST(Client, An_encoding_the_server_does_not_speak_is_refused_with_the_names_it_does) {
  parley::server server{{.binary = false, .plain = false}};
  server.start();
  const std::string url = "ws://127.0.0.1:" + std::to_string(server.port()) + "/ws";
  EXPECT_THROW(parley::client(url, {.encoding = parley::encoding::binary}).connect(), parley::call_failed);
  EXPECT_THROW(parley::client(url, {.encoding = parley::encoding::plain}).connect(), parley::call_failed);
  EXPECT_NO_THROW(parley::client(url, {.encoding = parley::encoding::automatic}).connect());
}

// Finally waits for an answer that never arrives.
asio::awaitable<void> wait_with_a_client(std::string url, parley::client_options options, bool call, events<int>& waits) {
  auto on = co_await asio::this_coro::executor;
  parley::client link{on, url, options};
  TalkClient talk{link};
  talk.on_say([](const Line&) {});
  auto connected = co_await link.async_connect();
  EXPECT_TRUE(connected);
  waits.put(1);
  Numbers none;
  if (call) (void)co_await talk.async_later(none);
  else (void)co_await asio::steady_timer(on, std::chrono::hours(1)).async_wait(asio::use_awaitable);
  ADD_FAILURE() << "nobody answered";
}

TEST_P(EveryMedium, A_loop_that_is_destroyed_takes_coroutines_with_their_clients_along) {
  world w(GetParam());
  w.start();
  for (const bool call : {false, true}) {
    events<int> waits;
    asio::io_context io;
    asio::co_spawn(io, wait_with_a_client(w.url(), w.client_options(), call, waits), asio::detached);
    while (waits.empty()) io.run_one();
    io.poll();
    if (call) (void)w.host->waiting.next();
  }
}

TEST_P(EveryMedium, Destruction_cancels_pending_calls_and_stubs_may_outlive_their_client) {
  world w(GetParam());
  w.start();
  std::vector<std::future<parley::result<Sum>>> all;
  std::optional<TalkClient> left_over;
  std::optional<Host::waiting_call> running;  // kept, because a dropped call would be answered
  {
    guest a(w);
    for (int i = 0; i < 50; ++i) all.push_back(a.talk.async_later({}, asio::use_future));
    running = w.host->waiting.next();
    left_over = a.talk;
  }
  for (auto& one : all) EXPECT_EQ(one.get().error().code, errc::cancelled);
  EXPECT_THROW(left_over->add({}), parley::call_failed);
  EXPECT_EQ(left_over->report({}), parley::sent::closed);
}

TEST_P(EveryMedium, What_begins_after_the_close_may_end_after_the_client) {
  constexpr int rounds = 50, calls = 30;
  world w(GetParam());
  w.start();
  events<parley::result<>> ended;
  for (int i = 0; i < rounds; ++i) {
    parley::client link(w.url(), w.client_options());
    const TalkClient talk(link);
    link.close();
    for (int k = 0; k < calls; ++k) talk.async_touch([&](parley::result<> outcome) { ended.put(std::move(outcome)); });
  }
  for (int i = 0; i < rounds * calls; ++i) EXPECT_EQ(ended.next().error().code, errc::cancelled);
}

TEST_P(EveryMedium, A_server_that_stops_tells_everybody_and_completes_every_call) {
  world w(GetParam());
  w.start();
  guest a(w, without_reconnecting(w.client_options())), b(w);
  auto pending = a.talk.async_later({}, asio::use_future);
  const auto running = w.host->waiting.next();
  w.server->stop();
  EXPECT_EQ(pending.get().error().code, errc::disconnected);
  EXPECT_EQ(a.lost.next().code, errc::disconnected);
  EXPECT_EQ(b.lost.next().code, errc::disconnected);
  w.server->join();
  EXPECT_EQ(a.talk.async_add({}, asio::use_future).get().error().code, errc::disconnected);
  EXPECT_EQ(w.host->peers.arrived({}, parley::to::all), parley::sent::closed);
}

TEST_P(EveryMedium, After_a_loss_connect_brings_a_new_session) {
  world w(GetParam());
  w.host->on_say = [](const Line&, parley::event& e) -> parley::relay {
    e.peer().close("enough");
    return parley::relay::drop;
  };
  w.start();
  guest a(w);
  a.talk.say({.text = "close me"});
  const parley::error why = a.lost.next();
  EXPECT_EQ(why.code, errc::disconnected);
  EXPECT_NE(why.message.find("4012"), std::string::npos) << why.message;
  a.link.connect();
  const std::string again = w.host->arrivals.next();
  EXPECT_NE(again, a.id);
  EXPECT_EQ(a.talk.add({.numbers = {1, 1}}).value, 2);
}

TEST_P(EveryMedium, A_client_can_learn_the_id_the_server_gave_it) {
  world w(GetParam());
  w.start();
  guest a(w), b(w);
  EXPECT_EQ(a.link.id(), GetParam().plain() ? std::string() : a.id);
  EXPECT_EQ(a.link.learn_id(), a.id);
  EXPECT_EQ(a.link.id(), a.id);
  EXPECT_EQ(b.talk.add({}), Sum{});
  EXPECT_EQ(b.link.id(), b.id);
  EXPECT_EQ(b.link.learn_id(), b.id);
  a.talk.say({.text = "only this"}, parley::to::all);
  for (guest* g : {&a, &b}) EXPECT_EQ(g->heard.next().line.text, "only this");
  EXPECT_TRUE(a.errors.empty() && b.errors.empty());
}

TEST_P(EveryMedium, A_client_may_be_destroyed_on_its_own_thread) {
  world w(GetParam());
  w.start();
  auto link = std::make_shared<std::unique_ptr<parley::client>>();
  *link = std::make_unique<parley::client>(w.url(), w.client_options());
  TalkClient talk{**link};
  std::promise<void> gone;
  auto done = gone.get_future();
  talk.async_add({}, [link, gone = std::move(gone)](parley::result<Sum>) mutable {
    link->reset();
    gone.set_value();
  });
  done.get();
}

TEST(Client, It_may_be_destroyed_while_it_connects_and_whoever_waits_is_told) {
  parley::loopback network;
  parley::server server{{.loopback = &network}};
  server.start();
  network.hold();  // the answer to the connect never arrives
  std::future<parley::result<>> connecting;
  {
    parley::client link{"mem://talk", {.loopback = &network}};
    connecting = link.async_connect(asio::use_future);
  }
  EXPECT_EQ(connecting.get().error().code, errc::cancelled);
  network.release();
}

TEST_P(EveryMedium, A_client_lives_on_the_callers_loop_without_a_thread) {
  world w(GetParam());
  w.start();
  asio::io_context mine;
  std::optional<parley::client> link(std::in_place, mine.get_executor(), w.url(), w.client_options());
  TalkClient talk{*link};
  int completed = 0;
  asio::co_spawn(
      mine,
      [&]() -> asio::awaitable<void> {
        EXPECT_TRUE((co_await link->async_connect()).has_value());
        const Numbers numbers{.numbers = {1, 2}};
        auto sum = co_await talk.async_add(numbers);
        EXPECT_EQ(sum.value().value, 3);
        ++completed;
        talk.async_later(numbers, [&](parley::result<Sum> r) {
          EXPECT_EQ(r.error().code, errc::cancelled);
          ++completed;
        });
        link.reset();
      },
      asio::detached);
  mine.run();
  EXPECT_EQ(completed, 2);
}

TEST_P(EveryMedium, A_server_lives_on_the_callers_loop_without_a_thread) {
  asio::io_context mine;
  parley::loopback network;
  parley::server_options options;
  if (GetParam().over == carrier::loopback) options.loopback = &network;
  std::optional<parley::server> server(std::in_place, mine.get_executor(), options);
  Host host{*server};
  server->add(host);
  server->start();
  const std::string url = GetParam().over == carrier::loopback ? "mem://talk" : "ws://127.0.0.1:" + std::to_string(server->port()) + "/ws";
  parley::client_options client_options{.encoding = GetParam().encoding};
  if (GetParam().over == carrier::loopback) client_options.loopback = &network;
  double sum = 0;
  asio::co_spawn(
      mine,
      [&]() -> asio::awaitable<void> {
        parley::client link{mine.get_executor(), url, client_options};
        TalkClient talk{link};
        const Numbers numbers{.numbers = {1, 2}};
        sum = (co_await talk.async_add(numbers)).value().value;
        server.reset();
      },
      asio::detached);
  mine.run();
  EXPECT_EQ(sum, 3);
}

TEST_P(EveryMedium, Threads_call_and_say_while_the_client_is_destroyed) {
  world w(GetParam());
  w.start();
  std::optional<parley::client> link(std::in_place, w.url(), w.client_options());
  TalkClient talk{*link};
  std::atomic<int> answered = 0, ended = 0;
  std::vector<std::thread> callers;
  for (int t = 0; t < 4; ++t)
    callers.emplace_back([&, mine = talk] {
      for (int i = 0; i < 200; ++i) {
        mine.report({.text = "x"});
        try {
          mine.add({.numbers = {1, 2}});
          ++answered;
        } catch (const parley::call_failed& failed) {
          EXPECT_EQ(failed.code(), errc::cancelled) << failed.what();
          ++ended;
        }
      }
    });
  while (answered < 100) std::this_thread::yield();
  link.reset();
  for (auto& c : callers) c.join();
  EXPECT_EQ(answered + ended, 800);
}

TEST_P(EveryMedium, A_server_is_destroyed_while_clients_talk) {
  std::optional<world> w(std::in_place, GetParam());
  w->start();
  constexpr int talkers = 6;
  std::vector<std::unique_ptr<guest>> guests;
  for (int i = 0; i < talkers; ++i) guests.push_back(std::make_unique<guest>(*w));
  std::atomic<int> answered = 0;
  std::atomic<bool> over = false;
  std::vector<std::thread> threads;
  for (auto& g : guests)
    threads.emplace_back([&, talk = g->talk] {
      while (!over) {
        talk.say({.text = "hello"}, parley::to::all);
        auto r = talk.async_add({.numbers = {1}}, asio::use_future).get();
        if (r) ++answered;
        else if (r.error().code == errc::disconnected) return;
      }
    });
  while (answered < 200) std::this_thread::yield();
  w->server->stop();
  w->server->join();
  over = true;
  for (auto& t : threads) t.join();
  guests.clear();
  w.reset();
}

TEST(Server, Stop_may_be_called_by_a_signal_handler) {
  static parley::server* running = nullptr;
  parley::server server{{}};
  server.start();
  running = &server;
  const auto before = std::signal(SIGUSR1, [](int) { running->stop(); });
  std::raise(SIGUSR1);
  server.join();
  std::signal(SIGUSR1, before);
}

TEST(Server, Run_serves_on_the_calling_thread_until_stopped) {
  parley::loopback network;
  parley::server server{{.loopback = &network}};
  Host host{server};
  server.add(host);
  std::thread other([&] {
    parley::client link{"mem://talk", {.loopback = &network}};
    // The listener may not exist yet, so a refused connection is tried again.
    for (;;) {
      try {
        link.connect();
        break;
      } catch (const parley::call_failed&) { std::this_thread::yield(); }
    }
    EXPECT_EQ(TalkClient{link}.add({.numbers = {4}}).value, 4);
    server.stop();
  });
  server.run();
  other.join();
}

TEST(Server, A_port_that_is_taken_is_told) {
  parley::server first{{}};
  first.start();
  parley::server second{{.port = first.port()}};
  EXPECT_THROW(second.start(), parley::call_failed);
}

TEST(Server, Two_handlers_for_one_service_are_refused) {
  parley::server server{{}};
  Host one{server}, two{server};
  server.add(one);
  EXPECT_THROW(server.add(two), std::invalid_argument);
}

// A stub for a server whose loop is not running at the moment, which is not an error.
TEST(Server, A_stub_is_made_without_waiting_for_the_loop) {
  asio::io_context mine;
  parley::loopback network;
  parley::server server{mine.get_executor(), {.loopback = &network}};
  server.start();
  const TalkPeers before{server};  // no thread runs the loop
  std::optional<TalkPeers> within;
  asio::post(mine, [&] { within.emplace(server); });  // on the loop's thread, but not on the server's strand
  mine.poll();
  ASSERT_TRUE(within);
  mine.restart();
  auto work = asio::make_work_guard(mine);
  std::thread runs([&] { mine.run(); });
  parley::client link{"mem://talk", {.loopback = &network}};
  TalkClient talk{link};
  events<std::string> heard;
  talk.on_arrived([&](const Line& line) { heard.put(line.text); });
  link.connect();
  before.arrived({.text = "one"}, parley::to::all);
  within->with({.deadline = 1s}).arrived({.text = "two"}, parley::to::all);
  EXPECT_EQ(heard.next(), "one");
  EXPECT_EQ(heard.next(), "two");
  server.stop();
  work.reset();
  runs.join();
}

TEST(Server, A_handler_that_goes_before_its_server_is_taken_out) {
  parley::loopback network;
  parley::server server{{.loopback = &network}};
  std::optional<Host> host(std::in_place, server);
  server.add(*host);
  server.start();
  parley::client link{"mem://talk", {.loopback = &network}};
  TalkClient talk{link};
  EXPECT_EQ(talk.add({.numbers = {1}}).value, 1);
  host.reset();
  EXPECT_EQ(talk.async_add({.numbers = {1}}, asio::use_future).get().error().code, errc::unimplemented);
}

}  // namespace
}  // namespace talk::v1
