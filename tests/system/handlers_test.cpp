// The handlers of both ends: their lifetime, how many run, and the exceptions that they throw.
#include "system/world.hpp"

#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/use_future.hpp>

#include <gmock/gmock.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <numeric>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace talk::v1 {
namespace {

using parley::errc;
using testing::HasSubstr;

INSTANTIATE_TEST_SUITE_P(Over, EveryMedium, testing::ValuesIn(every_medium()), medium_name);

parley::log_sink errors_to(events<std::string>& out) {
  return [&out](parley::log_level level, std::string_view text) {
    if (level == parley::log_level::error) out.put(std::string(text));
  };
}

// --- A handler that ends before its server.

// Adds numbers, using memory that is released with the handler.
struct Adder final : TalkHandler {
  parley::reply<Sum> add(const Numbers& n, parley::call&) override {
    const std::lock_guard lock(*guard);
    return Sum{.value = std::accumulate(n.numbers.begin(), n.numbers.end(), *start)};
  }
  std::unique_ptr<double> start = std::make_unique<double>(1);
  std::unique_ptr<std::mutex> guard = std::make_unique<std::mutex>();
};

TEST_P(EveryMedium, A_registration_ends_while_clients_call) {
  events<std::string> logged;
  parley::loopback network;
  parley::server_options options;
  options.log = errors_to(logged);
  if (GetParam().over == carrier::loopback) options.loopback = &network;
  if (GetParam().over == carrier::threads) options.threads = 3;
  parley::server server{options};
  std::optional<Adder> handler(std::in_place);
  std::optional<parley::scoped_registration> serving(server.add(*handler));
  server.start();
  const std::string url = options.loopback ? "mem://talk" : "ws://127.0.0.1:" + std::to_string(server.port()) + "/ws";
  std::atomic<int> answered = 0, refused = 0;
  std::vector<std::thread> callers;
  for (int i = 0; i < 4; ++i)
    callers.emplace_back([&] {
      parley::client link{url, {.encoding = GetParam().encoding, .loopback = options.loopback}};
      const TalkClient talk{link};
      for (;;) {
        const auto sum = talk.async_add({.numbers = {1, 2}}, asio::use_future).get();
        if (!sum) {
          EXPECT_EQ(sum.error().code, errc::unimplemented);
          ++refused;
          return;
        }
        EXPECT_EQ(sum->value, 4);
        ++answered;
      }
    });
  while (answered < 100) std::this_thread::yield();
  serving.reset();
  handler.reset();
  for (auto& one : callers) one.join();
  EXPECT_EQ(refused, 4);
  EXPECT_TRUE(logged.empty());
}

// Its coroutine uses the handler until the coroutine ends.
struct Waiter final : TalkHandler {
  parley::reply<Sum> add(const Numbers&, parley::call& call) override {
    begun.put(1);
    struct mark {
      std::atomic<int>& count;
      ~mark() { ++count; }
    } ends{*ended};
    asio::steady_timer timer(call.executor(), std::chrono::hours(1));
    co_await timer.async_wait(asio::use_awaitable);
    co_return Sum{};
  }
  events<int> begun;
  std::unique_ptr<std::atomic<int>> ended = std::make_unique<std::atomic<int>>(0);
};

TEST_P(EveryMedium, Coroutines_of_a_handler_have_ended_when_its_registration_has) {
  parley::loopback network;
  parley::server_options options;
  if (GetParam().over == carrier::loopback) options.loopback = &network;
  if (GetParam().over == carrier::threads) options.threads = 3;
  parley::server server{options};
  std::optional<Waiter> handler(std::in_place);
  parley::registration serving = server.add(*handler);
  server.start();
  const std::string url = options.loopback ? "mem://talk" : "ws://127.0.0.1:" + std::to_string(server.port()) + "/ws";
  std::vector<std::unique_ptr<parley::client>> links;
  std::vector<std::future<parley::result<Sum>>> pending;
  for (int i = 0; i < 5; ++i) {
    links.push_back(
        std::make_unique<parley::client>(url, parley::client_options{.encoding = GetParam().encoding, .loopback = options.loopback}));
    pending.push_back(TalkClient{*links.back()}.async_add({}, asio::use_future));
    handler->begun.next();
  }
  serving.end();
  EXPECT_EQ(*handler->ended, 5);
  handler.reset();
  for (auto& one : pending) EXPECT_EQ(one.get().error().code, errc::cancelled);
  serving.end();  // a second call does nothing
}

// Answers no calls. It only observes the clients that connect.
struct Watcher final : parley::handler {
  using service_handler = Watcher;
  template <class Handler>
  static std::span<const parley::binding> bindings() {
    return {};
  }
  static const parley::service& service() {
    static constexpr parley::service none{.name = "None", .methods = {}};
    return none;
  }
  void connected(parley::peer&) override {
    if (on_connected) on_connected();
  }
  std::function<void()> on_connected;
};

TEST_P(EveryMedium, A_handler_may_destroy_another_while_both_are_told_of_a_client) {
  if (GetParam().over == carrier::threads) GTEST_SKIP() << "with several loops handlers do not end each other";
  world w(GetParam());
  Watcher first;
  auto second = std::make_unique<Watcher>();
  std::atomic<int> told = 0;
  second->on_connected = [&] { ++told; };
  w.server->add(first);
  parley::scoped_registration serving = w.server->add(*second);
  first.on_connected = [&] {
    serving = {};
    second.reset();
  };
  w.start();
  guest a(w), b(w);
  EXPECT_EQ(told, 0);
  w.server->stop();
  w.server->join();
}

TEST_P(EveryMedium, A_handler_that_is_destroyed_under_a_running_server_is_a_fault_that_the_log_names) {
  events<std::string> logged;
  parley::server_options options;
  options.log = errors_to(logged);
  world w(GetParam(), std::move(options));
  events<std::string> told;
  auto late = std::make_unique<Watcher>();
  late->on_connected = [&] { told.put("connected"); };
  w.server->add(*late);
  w.start();
  guest a(w);
  told.next();  // the client has its welcome before the handlers are called
  late.reset();
  EXPECT_THAT(logged.next(), HasSubstr("parley::scoped_registration"));
  a.talk.touch();
}

TEST(Handler, One_object_may_serve_two_servers) {
  parley::loopback network, other_network;
  parley::server server{{.loopback = &network}};
  std::optional<parley::server> other(std::in_place, parley::server_options{.loopback = &other_network});
  {
    Watcher both;
    server.add(both);
    other->add(both);
  }
  server.start();
  other->start();
  parley::client link{"mem://talk", {.loopback = &network}}, other_link{"mem://talk", {.loopback = &other_network}};
  link.connect();
  other_link.connect();
}

// The overriding functions remain overrides with other overloads in the class, and with noexcept.
struct Overloaded final : TalkHandler {
  parley::reply<Sum> add(const Numbers&, parley::call&) noexcept override { return Sum{.value = 42}; }
  parley::reply<Sum> add(int) { return Sum{}; }
};

TEST(Handler, An_override_is_found_among_overloads) {
  parley::loopback network;
  parley::server server{{.loopback = &network}};
  Overloaded handler;
  const parley::scoped_registration serving = server.add(handler);
  server.start();
  parley::client link{"mem://talk", {.loopback = &network}};
  EXPECT_EQ(TalkClient{link}.add({}).value, 42);
}

// --- Coroutine handlers of a client.

TEST_P(EveryMedium, What_a_clients_coroutine_handler_throws_is_told_as_of_others) {
  world w(GetParam());
  w.start();
  events<std::string> logged;
  parley::client_options options = w.client_options();
  options.log = errors_to(logged);
  guest a(w), b(w, std::move(options));
  b.talk.on_say([](const Line&) -> asio::awaitable<void> {
    asio::steady_timer timer(co_await asio::this_coro::executor, 1ms);
    co_await timer.async_wait(asio::use_awaitable);
    throw std::runtime_error("a secret");
  });
  b.talk.touch();
  a.talk.say({.text = "x"});
  const auto told = b.errors.next();
  EXPECT_EQ(told.error.code, errc::failed);
  EXPECT_EQ(told.error.message, "the handler failed");
  EXPECT_FALSE(told.error.from_peer);
  EXPECT_EQ(told.event, "Talk.Say");
  EXPECT_EQ(logged.next(), "the handler of Talk.Say failed: a secret");
}

TEST_P(EveryMedium, One_sender_can_start_a_bounded_number_of_coroutines) {
  world w(GetParam());
  w.start();
  parley::client_options options = w.client_options();
  options.max_coroutines_per_sender = 2;
  options.max_coroutines = 3;
  guest a(w), c(w), b(w, std::move(options));
  events<std::string> begun;
  // Each handler waits for a timer that the test cancels.
  std::vector<std::shared_ptr<asio::steady_timer>> timers;
  b.talk.on_whisper([&](const Line& line) -> asio::awaitable<void> {
    auto timer = std::make_shared<asio::steady_timer>(co_await asio::this_coro::executor, 1h);
    timers.push_back(timer);
    begun.put(line.text);
    try {
      co_await timer->async_wait(asio::use_awaitable);
    } catch (const std::system_error&) {}
  });
  b.talk.touch();
  const auto end_first = [&] {
    std::promise<void> done;
    asio::post(b.link.executor(), [&] {
      timers.front()->cancel();
      timers.erase(timers.begin());
      asio::post(b.link.executor(), [&] { asio::post(b.link.executor(), [&] { done.set_value(); }); });
    });
    done.get_future().get();
  };
  for (const char* text : {"1", "2", "3"}) a.talk.whisper({.text = text});
  EXPECT_EQ(begun.next(), "1");
  EXPECT_EQ(begun.next(), "2");
  const auto over = b.errors.next();
  EXPECT_EQ(over.error.code, errc::overloaded);
  EXPECT_THAT(over.error.message, HasSubstr("max_coroutines_per_sender"));
  EXPECT_EQ(over.event, "Talk.Whisper");
  c.talk.whisper({.text = "4"});
  EXPECT_EQ(begun.next(), "4") << "another sender has a share of its own";
  c.talk.whisper({.text = "5"});
  EXPECT_THAT(b.errors.next().error.message, HasSubstr("(client_options::max_coroutines)"));
  end_first();
  c.talk.whisper({.text = "6"});
  EXPECT_EQ(begun.next(), "6");
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(b.heard.next().line.text.empty()) << "the other handlers hear every event";
}

}  // namespace
}  // namespace talk::v1
