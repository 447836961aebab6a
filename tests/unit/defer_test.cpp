#include "parley/peer/defer.hpp"

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>

#include <gtest/gtest.h>

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
  for (int round = 0; round < 300; ++round) {
    std::optional<result<std::string>> answered;
    auto io = std::make_unique<asio::io_context>();
    later<std::string> answer = waiting_on(*io, answered);
    std::thread other([&] { answer.answer(std::string("now")); });
    io.reset();
    other.join();
    EXPECT_FALSE(answered);
  }
}

}  // namespace
