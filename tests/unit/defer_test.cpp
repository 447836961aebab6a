#include "parley/stub/defer.hpp"

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>

namespace {

using namespace parley;

// A reply that waits on `io`, and the half that answers it.
later<std::string> waiting_on(asio::io_context& io, std::optional<result<std::string>>& answered) {
  auto two = defer<std::string>();
  asio::co_spawn(io, two.reply.later(), [&answered](const std::exception_ptr& thrown, result<std::string> got) {
    if (!thrown) answered = std::move(got);
  });
  io.poll();
  return std::move(two.later);
}

TEST(Defer, Answers_where_the_reply_waits) {
  asio::io_context io;
  std::optional<result<std::string>> answered;
  later<std::string> answer = waiting_on(io, answered);
  EXPECT_FALSE(answered);
  std::thread([&] { answer.answer(std::string("from elsewhere")); }).join();
  EXPECT_FALSE(answered);
  io.restart();
  io.poll();
  ASSERT_TRUE(answered);
  EXPECT_EQ(answered->value(), "from elsewhere");
}

TEST(Defer, An_answer_may_come_after_its_executor_has_gone) {
  std::optional<result<std::string>> answered;
  std::optional<later<std::string>> late;
  {
    asio::io_context io;
    late.emplace(waiting_on(io, answered));
  }
  late->answer(std::string("too late"));
  EXPECT_FALSE(answered);
}

TEST(Defer, An_answer_may_be_dropped_after_its_executor_has_gone) {
  std::optional<result<std::string>> answered;
  std::optional<later<std::string>> late;
  {
    asio::io_context io;
    late.emplace(waiting_on(io, answered));
  }
  late.reset();
  EXPECT_FALSE(answered);
}

TEST(Defer, An_answer_may_come_while_its_executor_goes) {
  for (int round = 0; round < 1000; ++round) {
    std::optional<result<std::string>> answered;
    auto io = std::make_unique<asio::io_context>();
    later<std::string> answer = waiting_on(*io, answered);
    std::atomic<int> ready{0};
    const auto together = [&] {
      ++ready;
      while (ready != 2) std::this_thread::yield();
    };
    std::thread other([&] {
      together();
      answer.answer(std::string("now"));
    });
    together();
    io.reset();
    other.join();
    EXPECT_FALSE(answered);
  }
}

// Belongs to a coroutine, and must be destroyed before the coroutine's context is.
struct of_a_coroutine {
  explicit of_a_coroutine(asio::io_context& io) : timer(io) {}
  asio::steady_timer timer;
};

TEST(Defer, A_coroutine_ends_before_its_executor_goes) {
  for (int round = 0; round < 1000; ++round) {
    auto io = std::make_unique<asio::io_context>();
    auto two = defer<std::string>();
    const auto waits = [](asio::awaitable<result<std::string>> reply, of_a_coroutine) -> asio::awaitable<void> {
      co_await std::move(reply);
    };
    asio::co_spawn(*io, waits(two.reply.later(), of_a_coroutine(*io)), asio::detached);
    io->poll();
    std::atomic<int> ready{0};
    const auto together = [&] {
      ++ready;
      while (ready != 2) std::this_thread::yield();
    };
    std::thread other([&] {
      together();
      two.later.answer(std::string("now"));
    });
    together();
    io.reset();
    other.join();
  }
}

// Its sever() is still running when another thread destroys it.
struct slowly_severed final : transport::tethered {
  slowly_severed(const asio::any_io_executor& on, std::atomic<bool>& is_severed, std::atomic<bool>& is_destroyed)
      : tethered(on), severed(is_severed), destroyed(is_destroyed) {}
  ~slowly_severed() {
    destroyed = true;
    untie();
  }
  void sever() noexcept override {
    severed = true;
    while (!destroyed) std::this_thread::yield();
    for (int i = 0; i < 1000; ++i) {
      std::this_thread::yield();
      steps = i;
    }
  }

  std::atomic<bool>& severed;
  std::atomic<bool>& destroyed;
  std::atomic<int> steps{0};
};

TEST(Lifeline, An_object_that_another_thread_destroys_is_there_until_it_was_severed) {
  auto io = std::make_unique<asio::io_context>();
  std::atomic<bool> severed{false};
  std::atomic<bool> destroyed{false};
  auto one = std::make_unique<slowly_severed>(io->get_executor(), severed, destroyed);
  std::thread other([&] {
    while (!severed) std::this_thread::yield();
    one.reset();
  });
  io.reset();
  other.join();
}

TEST(Lifeline, An_object_may_outlive_its_context) {
  struct idle final : transport::tethered {
    explicit idle(const asio::any_io_executor& on) : tethered(on) {}
    void sever() noexcept override {}
  };
  auto io = std::make_unique<asio::io_context>();
  const idle one(io->get_executor());
  io.reset();
}

}  // namespace
