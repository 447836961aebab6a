// Blocking operations of connections without a schema: who runs the connection's loop, and that nobody notices.
#include "system/raw_house.hpp"

#include <parley/raw.hpp>

#include <asio/post.hpp>
#include <asio/use_future.hpp>

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <future>
#include <memory>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace raw_tests {
namespace {

using namespace std::chrono_literals;
using parley::errc;
using parley::raw_connection;
using parley::raw_message;
using parley::raw_options;

struct RawBlocking : testing::Test {
  RawBlocking() {
    home.on_open = [this](connection& to) { server = &to; };
  }
  // A connection that has waited in a blocking operation, so that its own thread stands aside.
  std::unique_ptr<raw_connection> connected(raw_options options = {}) {
    auto ws = std::make_unique<raw_connection>(home.url(), std::move(options));
    ws->connect();
    EXPECT_EQ(ws->ask("hello").text(), "hello");
    return ws;
  }
  // Messages are noted and not answered.
  void listen_only() {
    home.run([this] {
      home.on_message = [this](connection&, bytes_view content, opcode) { heard.put(std::string(parley::as_text(content))); };
      listening.put(1);
    });
    (void)listening.next();
  }
  void say(std::string text) {
    home.run([this, text = std::move(text)] { server.load()->send(parley::buffer(text), opcode::text); });
  }
  template <class F>
  static parley::error error_of(F f) {
    try {
      f();
    } catch (const parley::call_failed& failed) { return failed.error(); }
    return errc::unimplemented;
  }

  // Descriptors of this process that wake a thread. Each loop has one as well.
  static std::ptrdiff_t wakers() {
    std::ptrdiff_t count = 0;
    for (const auto& one : std::filesystem::directory_iterator("/proc/self/fd")) {
      std::error_code gone;  // the one that lists them
      count += std::filesystem::read_symlink(one.path(), gone).string().find("eventfd") != std::string::npos;
    }
    return count;
  }

  events<int> listening;
  events<std::string> heard;
  std::atomic<connection*> server = nullptr;
  house home{carrier::websocket};
};

TEST_F(RawBlocking, Pings_are_answered_while_the_program_does_something_else) {
  events<int> pongs;
  home.on_open = [&](connection& to) {
    server = &to;
    to.on_pong([&] { pongs.put(1); });
  };
  const auto ws = connected();
  for (int i = 0; i < 20; ++i) {
    home.run([this] { server.load()->ping(); });
    EXPECT_EQ(pongs.next(), 1);  // this thread is in no operation of the connection
    EXPECT_EQ(ws->ask("again").text(), "again");
  }
}

TEST_F(RawBlocking, What_came_before_the_receive_is_received) {
  const auto ws = connected();
  home.on_message = [](connection& from, bytes_view content, opcode kind) {
    for (int i = 0; i < 3; ++i) from.send_copy(content, kind);
  };
  for (int round = 0; round < 50; ++round) {
    EXPECT_EQ(ws->ask("x").text(), "x");
    EXPECT_EQ(ws->receive().text(), "x");
    EXPECT_EQ(ws->receive_within(1s).text(), "x");
  }
}

TEST_F(RawBlocking, A_receive_without_time_takes_what_is_still_in_the_socket) {
  const auto ws = connected();
  for (int i = 0; i < 50; ++i) {
    events<int> sent;
    say("there");
    // It leaves at the end of the server's turn.
    home.run([&] { home.run([&] { home.run([&] { sent.put(1); }); }); });
    (void)sent.next();
    EXPECT_EQ(ws->receive_within(0s).text(), "there");
    EXPECT_EQ(error_of([&] { ws->receive_within(0s); }).code, errc::deadline_exceeded);
  }
}

TEST_F(RawBlocking, A_single_send_leaves_though_the_program_never_waits) {
  const auto ws = connected();
  listen_only();
  for (int i = 0; i < 50; ++i) {
    ws->send(std::to_string(i));
    EXPECT_EQ(heard.next(), std::to_string(i));
  }
}

TEST_F(RawBlocking, Many_sends_leave_though_the_program_never_waits) {
  const auto ws = connected();
  listen_only();
  for (int round = 0; round < 20; ++round) {
    for (int i = 0; i < 100; ++i) ws->send(std::to_string(i));
    for (int i = 0; i < 100; ++i) ASSERT_EQ(heard.next(), std::to_string(i));
  }
}

TEST_F(RawBlocking, One_thread_sends_while_another_receives) {
  const auto ws = connected();
  constexpr int count = 3000;
  std::thread sender([&] {
    for (int i = 0; i < count; ++i) ws->send(std::to_string(i));
  });
  for (int i = 0; i < count; ++i) ASSERT_EQ(ws->receive().text(), std::to_string(i));
  sender.join();
}

TEST_F(RawBlocking, Threads_that_receive_at_the_same_time_share_the_messages) {
  const auto ws = connected();
  constexpr int each = 500;
  std::atomic<int> received = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < each; ++i) {
        (void)ws->ask("x");
        ++received;
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(received, 4 * each);
  EXPECT_EQ(ws->ask("last").text(), "last");
}

TEST_F(RawBlocking, Sends_of_all_manners_keep_their_order) {
  const auto ws = connected();
  int sent = 0, received = 0;
  for (int round = 0; round < 200; ++round) {
    ws->send(std::to_string(sent++));
    ASSERT_TRUE(ws->try_send(std::to_string(sent++)));
    ASSERT_TRUE(ws->try_send(std::to_string(sent++)));
    ws->send(std::to_string(sent++));
    ASSERT_EQ(ws->ask(std::to_string(sent++)).text(), std::to_string(received++));
    while (received < sent) ASSERT_EQ(ws->receive().text(), std::to_string(received++));
  }
}

TEST_F(RawBlocking, Messages_of_every_size_arrive_unchanged) {
  const auto ws = connected({.max_message = 4 * 1024 * 1024});
  for (const std::size_t size : {0u, 1u, 125u, 126u, 4095u, 4096u, 8191u, 8192u, 8193u, 65'535u, 65'536u, 65'537u, 200'000u, 3'000'000u}) {
    std::string text(size, ' ');
    for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i % 23);
    EXPECT_EQ(ws->ask(text).text(), text);
    EXPECT_EQ(ws->ask(raw_message::binary(text)), raw_message::binary(text));
    for (int i = 0; i < 3; ++i) ws->send(text);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(ws->receive().text(), text);
  }
}

TEST_F(RawBlocking, A_handler_set_meanwhile_takes_over_on_the_own_thread) {
  const auto ws = connected();
  listen_only();
  std::thread::id blocked;
  parley::error why = errc::unimplemented;
  std::thread waiting([&] {
    blocked = std::this_thread::get_id();
    why = error_of([&] { ws->ask("I wait"); });
  });
  EXPECT_EQ(heard.next(), "I wait");
  events<std::thread::id> ran;
  ws->on_message([&](const raw_message&) { ran.put(std::this_thread::get_id()); });
  waiting.join();
  EXPECT_EQ(why.code, errc::invalid);
  say("one");
  const auto first = ran.next();
  EXPECT_NE(first, blocked);
  EXPECT_NE(first, std::this_thread::get_id());
  ws->send("two");  // blocking operations go on as before
  EXPECT_EQ(heard.next(), "two");
  say("three");
  EXPECT_EQ(ran.next(), first);
  EXPECT_EQ(error_of([&] { ws->receive(); }).code, errc::invalid);
}

TEST_F(RawBlocking, An_asynchronous_operation_started_meanwhile_completes_on_the_own_thread) {
  const auto ws = connected();
  listen_only();
  std::string got;
  std::thread waiting([&] { got = std::string(ws->ask("I wait").text()); });
  EXPECT_EQ(heard.next(), "I wait");
  events<std::thread::id> ran;
  ws->async_receive([&](parley::result<raw_message> second) {
    EXPECT_EQ(second.value().text(), "second");
    ran.put(std::this_thread::get_id());
  });
  const auto blocked = waiting.get_id();
  say("first");
  say("second");
  const auto on = ran.next();
  waiting.join();
  EXPECT_EQ(got, "first");
  EXPECT_NE(on, blocked);
  EXPECT_NE(on, std::this_thread::get_id());
}

TEST_F(RawBlocking, What_the_program_posts_runs_on_the_own_thread) {
  const auto ws = connected();
  listen_only();
  std::string got;
  std::thread waiting([&] { got = std::string(ws->ask("I wait").text()); });
  EXPECT_EQ(heard.next(), "I wait");
  const auto blocked = waiting.get_id();
  events<std::thread::id> ran;
  asio::post(ws->executor(), [&] { ran.put(std::this_thread::get_id()); });
  const auto on = ran.next();  // though nothing comes from the server
  say("first");
  waiting.join();
  EXPECT_EQ(got, "first");
  EXPECT_NE(on, blocked);
  EXPECT_NE(on, std::this_thread::get_id());
}

TEST_F(RawBlocking, Closing_in_another_thread_wakes_the_waiting_one) {
  const auto ws = connected();
  listen_only();
  parley::error why = errc::unimplemented;
  std::thread waiting([&] { why = error_of([&] { ws->ask("I wait"); }); });
  EXPECT_EQ(heard.next(), "I wait");
  ws->close(4000, "enough");
  waiting.join();
  EXPECT_EQ(why.code, errc::cancelled);
  EXPECT_TRUE(why.maybe_done);
  EXPECT_EQ(home.ended.next().why.code, 4000);
}

TEST_F(RawBlocking, The_close_of_the_other_end_wakes_the_waiting_thread) {
  const auto ws = connected();
  home.on_message = [](connection& from, bytes_view content, opcode kind) {
    from.send_copy(content, kind);
    from.close(3001, "enough");
  };
  ws->send("x");
  EXPECT_EQ(ws->receive().text(), "x");
  EXPECT_EQ(error_of([&] { ws->receive(); }).code, errc::disconnected);
  EXPECT_EQ(ws->close_code(), 3001);
}

TEST_F(RawBlocking, A_lost_connection_wakes_the_waiting_thread) {
  const auto ws = connected();
  home.on_message = [](connection& from, bytes_view, opcode) { from.abort(); };
  EXPECT_EQ(error_of([&] { ws->ask("x"); }).code, errc::disconnected);
  EXPECT_EQ(ws->close_code(), 1006);
}

TEST_F(RawBlocking, A_violation_wakes_the_waiting_thread) {
  const auto ws = connected({.max_message = 1000});
  home.on_message = [](connection& from, bytes_view content, opcode kind) {
    from.send_copy(content, kind);
    from.send(parley::buffer(std::string(1001, 'x')), opcode::text);
  };
  ws->send("x");
  EXPECT_EQ(ws->receive().text(), "x");
  EXPECT_EQ(error_of([&] { ws->receive(); }).code, errc::too_large);
  EXPECT_EQ(home.ended.next().why.code, 1009);
}

TEST_F(RawBlocking, Only_a_connection_whose_user_waits_has_a_descriptor_to_wake_it) {
  const auto before = wakers();
  raw_connection ws(home.url());
  ws.connect();
  const auto connected = wakers();
  ws.send("not waited for");
  EXPECT_EQ(wakers(), connected);
  EXPECT_EQ(ws.receive().text(), "not waited for");
  EXPECT_LE(wakers(), connected + 1);
  ws.on_message([](const raw_message&) {});
  EXPECT_EQ(wakers(), connected);
  EXPECT_EQ(connected, before + 1);
}

TEST_F(RawBlocking, It_may_end_while_the_own_thread_stands_aside) {
  for (int i = 0; i < 50; ++i) {
    connected();
    EXPECT_EQ(home.ended.next().why.code, 1000);
  }
}

TEST_F(RawBlocking, It_may_end_while_a_thread_waits) {
  for (int i = 0; i < 50; ++i) {
    home.on_message = [](connection& from, bytes_view content, opcode kind) { from.send_copy(content, kind); };
    auto ws = connected();
    listen_only();
    parley::error why = errc::unimplemented;
    std::thread waiting([&, on = ws.get()] { why = error_of([&] { on->ask("I wait"); }); });
    EXPECT_EQ(heard.next(), "I wait");
    ws.reset();
    waiting.join();
    EXPECT_EQ(why.code, errc::cancelled);
    EXPECT_EQ(home.ended.next().why.code, 1000);
  }
}

TEST_F(RawBlocking, A_time_limit_is_kept_and_no_message_is_lost) {
  const auto ws = connected({.receive_timeout = 30ms});
  listen_only();
  for (const auto limit : {1ms, 5ms, 50ms}) {
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(error_of([&] { ws->receive_within(limit); }).code, errc::deadline_exceeded);
    EXPECT_GE(std::chrono::steady_clock::now() - begin, limit);
  }
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(error_of([&] { ws->receive(); }).code, errc::deadline_exceeded);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 30ms);
  const parley::error why = error_of([&] { ws->ask("answer me"); });
  EXPECT_EQ(why.code, errc::deadline_exceeded);
  EXPECT_TRUE(why.maybe_done);
  EXPECT_EQ(heard.next(), "answer me");
  say("late");
  EXPECT_EQ(ws->receive_within(10s).text(), "late");
}

TEST_F(RawBlocking, A_send_waits_for_room_and_reads_meanwhile) {
  const auto ws = connected({.max_queue = 128 * 1024, .max_read_ahead = 256 * 1024 * 1024});
  const std::string large(64 * 1024, 'x');
  // The server answers each at once, and its answers fill all buffers between the two unless they are read.
  constexpr int count = 1000;
  for (int i = 0; i < count; ++i) ws->send(large);
  for (int i = 0; i < count; ++i) ASSERT_EQ(ws->receive().size(), large.size());
}

TEST_F(RawBlocking, A_send_that_finds_no_room_in_time_fails) {
  const auto ws = connected({.send_timeout = 50ms, .max_queue = 128 * 1024});
  events<int> paused;
  home.run([&] {
    server.load()->pause_reading();
    paused.put(1);
  });
  (void)paused.next();
  const std::string large(64 * 1024, 'x');
  parley::error why = errc::unimplemented;
  int sent = 0;
  for (; sent < 10'000 && why.code != errc::deadline_exceeded; ++sent) why = error_of([&] { ws->send(large); });
  EXPECT_EQ(why.code, errc::deadline_exceeded);
  home.run([&] { server.load()->resume_reading(); });
  for (int i = 1; i < sent; ++i) ASSERT_EQ(ws->receive().size(), large.size());
}

TEST_F(RawBlocking, What_nobody_receives_stays_with_the_other_end) {
  const auto ws = connected({.max_read_ahead = 64 * 1024});
  constexpr int count = 10'000;
  const std::string filling(8 * 1024, '.');  // more than the system's buffers hold
  events<int> sent;
  home.run([&] {
    for (int i = 0; i < count; ++i) server.load()->send(parley::buffer(std::to_string(i) + filling), opcode::text);
    sent.put(1);
  });
  (void)sent.next();
  const auto held_there = [&] {
    std::promise<std::size_t> bytes;
    home.run([&] { bytes.set_value(server.load()->buffered_amount()); });
    return bytes.get_future().get();
  };
  EXPECT_GT(held_there(), 0u);
  for (int i = 0; i < count; ++i) {
    ASSERT_TRUE(ws->receive().text().starts_with(std::to_string(i) + '.')) << i;
    if (i == 100) { EXPECT_GT(held_there(), 0u); }
  }
}

TEST_F(RawBlocking, A_program_may_pause_reading_in_the_middle) {
  const auto ws = connected({.receive_timeout = 20ms});
  ws->pause_reading();
  say("waits");
  (void)error_of([&] { ws->receive(); });  // it may have been read before
  ws->resume_reading();
  ws->send("x");
  EXPECT_TRUE(ws->receive_within(10s).is_text());
}

TEST_F(RawBlocking, The_token_that_blocks_mixes_with_the_blocking_functions) {
  const auto ws = connected();
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(ws->ask("one").text(), "one");
    EXPECT_EQ(ws->async_ask("two", parley::block).text(), "two");
    ws->async_send("three", parley::block);
    EXPECT_EQ(ws->async_receive_within(10s, parley::block).text(), "three");
  }
}

TEST_F(RawBlocking, Futures_mix_with_the_blocking_functions) {
  const auto ws = connected();
  for (int i = 0; i < 50; ++i) {
    auto first = ws->async_ask("one", asio::use_future);
    EXPECT_EQ(ws->ask("two").text(), "two");
    EXPECT_EQ(first.get()->text(), "one");
  }
}

TEST_F(RawBlocking, Blocking_on_the_own_thread_is_refused) {
  const auto ws = connected();
  std::promise<parley::error> why;
  asio::post(ws->executor(), [&] { why.set_value(error_of([&] { ws->receive(); })); });
  EXPECT_EQ(why.get_future().get().code, std::errc::resource_deadlock_would_occur);
}

}  // namespace
}  // namespace raw_tests
