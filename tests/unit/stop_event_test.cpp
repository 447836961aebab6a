// Waking a loop and a polling thread, from a signal handler and before the wait begins.
#include "parley/ends/stop_event.hpp"

#include <asio/io_context.hpp>

#include <gtest/gtest.h>

#include <poll.h>

#include <cerrno>
#include <csignal>

namespace parley {
namespace {

bool readable(const wake_signal& signal) {
  pollfd one{signal.descriptor(), POLLIN, 0};
  return ::poll(&one, 1, 0) == 1;
}

TEST(wake_signal, Is_readable_from_set_until_clear) {
  wake_signal signal;
  EXPECT_FALSE(readable(signal));
  signal.set();
  signal.set();
  EXPECT_TRUE(readable(signal));
  signal.clear();
  EXPECT_FALSE(readable(signal));
  signal.clear();  // does not block
}

TEST(wake_signal, Setting_it_very_often_neither_blocks_nor_changes_errno) {
  wake_signal signal;
  errno = ENOENT;
  for (int i = 0; i < 20'000; ++i) signal.set();  // more than fits into a pipe
  EXPECT_EQ(errno, ENOENT);
  signal.clear();
  EXPECT_FALSE(readable(signal));
}

TEST(stop_event, Calls_the_function_on_the_executor_once) {
  asio::io_context io;
  stop_event stop;
  ASSERT_FALSE(stop.watch_on(io.get_executor()));
  int calls = 0;
  stop.watch([&] { ++calls; });
  io.poll();
  EXPECT_EQ(calls, 0);
  stop.set();
  stop.set();
  io.run();
  EXPECT_EQ(calls, 1);
}

TEST(stop_event, May_be_set_before_it_is_watched) {
  asio::io_context io;
  stop_event stop;
  stop.set();
  ASSERT_FALSE(stop.watch_on(io.get_executor()));
  int calls = 0;
  stop.watch([&] { ++calls; });
  io.run();
  EXPECT_EQ(calls, 1);
}

stop_event* of_the_handler = nullptr;

TEST(stop_event, May_be_set_in_a_signal_handler) {
  asio::io_context io;
  stop_event stop;
  of_the_handler = &stop;
  ASSERT_FALSE(stop.watch_on(io.get_executor()));
  int calls = 0;
  stop.watch([&] { ++calls; });
  const auto before = std::signal(SIGUSR1, [](int) { of_the_handler->set(); });
  std::raise(SIGUSR1);
  std::signal(SIGUSR1, before);
  io.run();
  EXPECT_EQ(calls, 1);
}

TEST(stop_event, Is_not_called_after_forget) {
  asio::io_context io;
  stop_event stop;
  ASSERT_FALSE(stop.watch_on(io.get_executor()));
  int calls = 0;
  stop.watch([&] { ++calls; });
  stop.forget();
  stop.set();
  io.run();
  EXPECT_EQ(calls, 0);
}

}  // namespace
}  // namespace parley
