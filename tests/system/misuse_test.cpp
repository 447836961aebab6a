// Programs with wrong or unusual behaviour. No object is used after its end, nothing waits for
// itself, and errors are reported where possible.
#include "system/world.hpp"

#include <parley/raw_server.hpp>

#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/system_executor.hpp>
#include <asio/thread_pool.hpp>
#include <asio/use_future.hpp>

#include <memory>
#include <optional>
#include <thread>

namespace talk::v1 {
namespace {

using parley::errc;

// A server that one of its own handlers destroys. The handlers live until the server's threads have
// ended, which happens when its connections have ended.
struct doomed {
  explicit doomed(parley::server_options options = {}) {
    server = std::make_unique<parley::server>(std::move(options));
    host = std::make_unique<Host>(*server);
    server->add(*host);
    host->on_add = [this](const Numbers&, parley::call&) -> parley::reply<Sum> {
      server.reset();
      return Sum{.value = 7};
    };
  }
  std::unique_ptr<parley::server> server;
  std::unique_ptr<Host> host;
};

// The server's end completes the call, whatever its state was.
void ask_and_be_left(const std::string& url) {
  events<parley::error> lost;
  parley::client link(url);
  const TalkClient talk(link);
  link.on_disconnected([&](const parley::error& why) { lost.put(why); });
  link.connect();
  auto answer = talk.async_add({}, asio::use_future);
  EXPECT_EQ(lost.next().code, errc::disconnected);
  const auto got = answer.get();
  if (got) EXPECT_EQ(got->value, 7);
  else EXPECT_EQ(got.error().code, errc::disconnected);
}

TEST(Misuse, A_server_is_destroyed_in_its_own_handler) {
  for (const std::size_t threads : {1U, 3U}) {
    // The threads can no longer be joined, so the objects that they use are never destroyed.
    static std::vector<std::unique_ptr<doomed>> left;
    doomed* const d = left.emplace_back(std::make_unique<doomed>(parley::server_options{.threads = threads})).get();
    d->server->start();
    ask_and_be_left("ws://127.0.0.1:" + std::to_string(d->server->port()) + "/ws");
    (void)d->host->departures.next();
  }
}

TEST(Misuse, A_server_is_destroyed_in_its_own_handler_under_run) {
  for (const std::size_t threads : {1U, 3U}) {
    doomed d({.threads = threads});
    events<int> ready;
    parley::server* const running = d.server.get();
    asio::post(running->executor(), [&] { ready.put(1); });
    std::thread serving([&] { running->run(); });
    (void)ready.next();
    ask_and_be_left("ws://127.0.0.1:" + std::to_string(running->port()) + "/ws");
    serving.join();
  }
}

TEST(Misuse, A_server_is_destroyed_in_its_own_handler_on_the_callers_loop) {
  asio::io_context io;
  std::optional<parley::server> server(std::in_place, io.get_executor(), parley::server_options{});
  Host host(*server);
  server->add(host);
  host.on_add = [&](const Numbers&, parley::call&) -> parley::reply<Sum> {
    server.reset();
    return Sum{.value = 7};
  };
  server->start();
  std::thread other([url = "ws://127.0.0.1:" + std::to_string(server->port()) + "/ws"] { ask_and_be_left(url); });
  io.run();
  other.join();
  EXPECT_FALSE(server);
}

// The same for servers without a schema: in a function or a coroutine, with start(), with run(),
// and on the caller's loop.
std::unique_ptr<parley::raw_server> raw;  // not owned by the test, because its thread cannot be joined
events<int> raw_is_gone;

void destroy_raw() {
  raw.reset();
  raw_is_gone.put(1);
}

asio::awaitable<void> hear_and_destroy_raw(parley::raw_connection ws) {
  (void)co_await ws.async_receive();
  destroy_raw();
}

void ask_raw_and_be_left(std::uint16_t port) {
  parley::raw_connection ws("ws://127.0.0.1:" + std::to_string(port));
  EXPECT_THROW(ws.ask("anybody?"), parley::call_failed);
  EXPECT_EQ(ws.close_code(), 1001);
  (void)raw_is_gone.next();
}

TEST(Misuse, A_raw_server_is_destroyed_where_it_serves) {
  const auto in_a_function = [](const parley::raw_connection&) { destroy_raw(); };
  const auto with = [&](auto made, auto use) {
    for (const bool coroutine : {false, true}) {
      raw = coroutine ? made(hear_and_destroy_raw) : made(in_a_function);
      use();
      EXPECT_FALSE(raw);
    }
  };
  const auto alone = [](auto serve) { return std::make_unique<parley::raw_server>(parley::raw_server_options{}, serve); };
  with(alone, [] {
    raw->start();
    ask_raw_and_be_left(raw->port());
  });
  with(alone, [] {
    events<std::uint16_t> port;
    parley::raw_server* const running = raw.get();
    asio::post(running->executor(), [&] { port.put(running->port()); });
    std::thread serving([&] { running->run(); });
    ask_raw_and_be_left(port.next());
    serving.join();
  });
  asio::io_context io;
  const auto here = [&](auto serve) {
    return std::make_unique<parley::raw_server>(io.get_executor(), parley::raw_server_options{}, serve);
  };
  with(here, [&] {
    raw->start();
    std::thread other(ask_raw_and_be_left, raw->port());
    io.restart();
    io.run();
    other.join();
  });
}

TEST(Misuse, Waiting_for_a_server_in_its_own_handler_returns) {
  for (const std::size_t threads : {1U, 3U}) {
    world w({carrier::websocket, parley::encoding::binary}, {.threads = threads});
    w.host->on_add = [&](const Numbers&, parley::call&) -> parley::reply<Sum> {
      w.server->stop();
      w.server->join();
      return Sum{.value = 7};
    };
    w.start();
    ask_and_be_left(w.url());
    w.server->join();
    EXPECT_EQ(w.server->counters().clients, 0u);
  }
}

// Executors that do not belong to an io_context.
template <class Executor>
void talk_on(const Executor& on, const std::string& url) {
  parley::client link(on, url, {});
  const TalkClient talk(link);
  link.connect();
  EXPECT_EQ(talk.add({.numbers = {1, 2}}).value, 3);
  EXPECT_EQ(talk.async_add({.numbers = {2, 2}}, asio::use_future).get().value().value, 4);
  events<bool> refused;
  talk.async_touch([&](parley::result<>) {
    try {
      talk.touch();
      refused.put(false);
    } catch (const parley::call_failed& failed) { refused.put(failed.code() == std::errc::resource_deadlock_would_occur); }
  });
  EXPECT_TRUE(refused.next());
}

TEST(Misuse, Clients_live_on_the_system_executor_and_on_a_thread_pool) {
  world w({carrier::websocket, parley::encoding::binary});
  w.start();
  talk_on(asio::system_executor(), w.url());
  asio::thread_pool pool(2);
  talk_on(pool.get_executor(), w.url());
  (void)w.host->departures.next();
  (void)w.host->departures.next();
  pool.join();
}

TEST(Misuse, A_server_lives_on_the_system_executor) {
  parley::server server(asio::system_executor(), {});
  Host host(server);
  server.add(host);
  server.start();
  {
    parley::client link("ws://127.0.0.1:" + std::to_string(server.port()) + "/ws");
    EXPECT_EQ(TalkClient(link).add({.numbers = {1, 2}}).value, 3);
  }
  (void)host.departures.next();
  server.stop();
}

TEST(Misuse, A_client_is_destroyed_in_each_of_its_callbacks) {
  world w({carrier::websocket, parley::encoding::binary});
  w.start();
  const auto with = [&](auto prepare) {
    auto link = std::make_shared<std::unique_ptr<parley::client>>(std::make_unique<parley::client>(w.url()));
    events<int> gone;
    const auto destroy = [&, link] {
      link->reset();
      gone.put(1);
    };
    prepare(**link, TalkClient(**link), destroy);
    (void)gone.next();
  };
  with([](parley::client& link, const TalkClient&, auto destroy) { link.async_connect([=](parley::result<>) { destroy(); }); });
  with([](parley::client&, const TalkClient& talk, auto destroy) { talk.async_add({}, [=](parley::result<Sum>) { destroy(); }); });
  with([](parley::client&, const TalkClient& talk, auto destroy) {
    talk.async_report({}, parley::to::server, [=](parley::result<>) { destroy(); });
  });
  with([](parley::client&, const TalkClient& talk, auto destroy) {
    talk.on_say([=](const Line&) { destroy(); });
    talk.say({}, parley::to::all);
  });
  with([](parley::client& link, const TalkClient& talk, auto destroy) {
    link.on_error([=](const parley::error&, std::string_view) { destroy(); });
    talk.say({}, parley::to::client{"nobody"});
  });
  with([&](parley::client& link, const TalkClient& talk, auto destroy) {
    link.on_disconnected([=](const parley::error&) { destroy(); });
    link.connect();
    (void)talk.add({});
    w.server->stop();
  });
}

}  // namespace
}  // namespace talk::v1
