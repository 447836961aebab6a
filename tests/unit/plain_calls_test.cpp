// The tables of plain mode: which call an answer belongs to, the order in which answers are sent,
// and when the frames of a dialect may be sent.
#include "parley/conversation/plain_calls.hpp"
#include "parley/conversation/pacing.hpp"
#include "parley/wire/wkt_codec.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace parley {
namespace {

using namespace std::chrono_literals;

const method ask{.name = "Ask", .in = &codec_for<std::string>, .out = &codec_for<std::string>, .reply = "answer"};

struct ignored final : pending_call {
  void finish(result<encoded_answer>) override { delete this; }
  void finish_late() override { delete this; }
};

wire::envelope frame(wire::kind kind, std::string name, std::string foreign_id = {}) {
  wire::envelope e;
  e.kind = kind;
  e.name = std::move(name);
  e.foreign_id = std::move(foreign_id);
  return e;
}

TEST(PlainAnswers, Leave_in_the_order_of_the_calls_but_for_those_with_an_id) {
  plain_answers calls;
  const auto first = calls.accept("", true);
  const auto named = calls.accept("\"x\"", true);
  const auto second = calls.accept("", true);
  const auto third = calls.accept("", true);
  EXPECT_TRUE(calls.in_flight("\"x\""));
  EXPECT_EQ(calls.take_foreign_id(named), "\"x\"");
  EXPECT_FALSE(calls.in_flight("\"x\""));
  EXPECT_EQ(calls.take_foreign_id(second), std::nullopt);
  EXPECT_TRUE(calls.wait_in_order(third, "3"));
  EXPECT_EQ(calls.waiting_bytes(), cost_of(1));
  EXPECT_EQ(calls.next_in_order(), std::nullopt);
  EXPECT_FALSE(calls.wait_in_order(first, "1"));
  EXPECT_EQ(calls.next_in_order(), std::nullopt);
  EXPECT_FALSE(calls.wait_in_order(second, "2"));
  EXPECT_EQ(calls.next_in_order(), "3");
  EXPECT_EQ(calls.waiting_bytes(), 0u);
}

// A random walk, compared with a list.
TEST(PlainAnswers, Leave_in_order_whatever_the_order_in_which_they_are_made) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    plain_answers calls;
    std::vector<std::uint64_t> running;
    std::vector<std::string> expected, left;
    for (int i = 0; i < 60; ++i) {
      if (running.empty() || random() % 2 == 0) {
        running.push_back(calls.accept("", true));
        expected.push_back(std::to_string(running.back()));
      } else {
        const std::size_t which = random() % running.size();
        const std::string answer = std::to_string(running[which]);
        if (!calls.wait_in_order(running[which], answer)) left.push_back(answer);
        running.erase(running.begin() + static_cast<std::ptrdiff_t>(which));
        while (auto next = calls.next_in_order()) left.push_back(*next);
      }
    }
    ASSERT_LE(left.size(), expected.size());
    EXPECT_TRUE(std::equal(left.begin(), left.end(), expected.begin()));
  }
}

struct PlainQuestions : testing::Test {
  std::uint64_t open(plain_questions& to) {
    const auto id = calls.open(++ticket, ask, time_point::max(), std::make_unique<ignored>());
    to.add(id, std::to_string(id));
    return id;
  }
  rpc::outgoing_calls calls;
  rpc::ticket ticket = 0;
};

TEST_F(PlainQuestions, Leave_one_by_one_to_a_server_that_promises_nothing) {
  plain_questions questions(false);
  const auto first = open(questions);
  const auto second = open(questions);
  EXPECT_EQ(questions.next(calls.in_flight())->id, first);
  EXPECT_FALSE(questions.next(calls.in_flight()));
  EXPECT_FALSE(questions.take_back(first));
  auto answered = questions.answered_by(frame(wire::kind::event, "answer"), calls);
  EXPECT_TRUE(answered.found);
  EXPECT_EQ(answered.id, first);
  answered.completion.release()->finish(errc::cancelled);
  EXPECT_EQ(questions.next(calls.in_flight())->id, second);
  EXPECT_EQ(questions.waiting_bytes(), 0u);
  // Its late answer could not be distinguished from the answer to the next call.
  EXPECT_TRUE(questions.give_up(second, errc::deadline_exceeded, 4, calls));
  EXPECT_FALSE(questions.give_up(second, errc::cancelled, 4, calls));
}

TEST_F(PlainQuestions, Leave_together_once_the_server_has_repeated_an_id) {
  plain_questions questions(false);
  const auto first = open(questions);
  open(questions);
  open(questions);
  EXPECT_EQ(questions.next(calls.in_flight())->id, first);
  auto answered = questions.answered_by(frame(wire::kind::event, "whatever", std::to_string(first)), calls);
  EXPECT_TRUE(answered.found);
  answered.completion.release()->finish(errc::cancelled);
  EXPECT_TRUE(questions.next(calls.in_flight()));
  EXPECT_TRUE(questions.next(calls.in_flight()));
  EXPECT_FALSE(questions.next(calls.in_flight()));
  EXPECT_FALSE(questions.answered_by(frame(wire::kind::event, "answer"), calls).found) << "an answer without an id is none any more";
  EXPECT_FALSE(questions.give_up(2, errc::deadline_exceeded, 4, calls));
}

TEST_F(PlainQuestions, That_are_answered_in_order_close_the_connection_only_when_all_are_overdue) {
  plain_questions questions(true);
  for (int i = 0; i < 2; ++i) open(questions);
  while (questions.next(calls.in_flight())) {}
  auto late = calls.expire(time_point::max());
  EXPECT_TRUE(late.empty());
  for (rpc::ticket of = 1; of <= 2; ++of) calls.cancel(of)->completion.release()->finish(errc::cancelled);
  EXPECT_FALSE(questions.give_up(1, errc::cancelled, 4, calls));
  EXPECT_TRUE(questions.give_up(2, errc::cancelled, 2, calls));
}

TEST(Pacing, Follows_the_dialect) {
  const time_point now{std::chrono::hours(1)};
  dialect d;
  EXPECT_FALSE(pacing::wanted(d, side::server));
  d.quiet_start = 100ms;
  EXPECT_TRUE(pacing::wanted(d, side::server));
  EXPECT_FALSE(pacing::wanted(d, side::client)) << "only a server starts quietly";
  d.gap = 50ms;
  EXPECT_TRUE(pacing::wanted(d, side::client));

  pacing server(d, side::server);
  EXPECT_EQ(server.opened(now), now + 100ms);
  EXPECT_TRUE(server.holds_back());
  EXPECT_TRUE(server.awaits_a_word());
  server.go_on();
  EXPECT_FALSE(server.holds_back());
  EXPECT_FALSE(server.awaits_a_word());
  EXPECT_EQ(server.sent(now), now + 50ms);
  EXPECT_TRUE(server.holds_back());
  EXPECT_FALSE(server.awaits_a_word());

  pacing client(d, side::client);
  EXPECT_EQ(client.opened(now), time_point::max());
  EXPECT_FALSE(client.holds_back());

  d.gap = 0ms;
  pacing once(d, side::server);
  once.opened(now);
  once.go_on();
  EXPECT_EQ(once.sent(now), time_point::max());
  EXPECT_FALSE(once.holds_back());
}

}  // namespace
}  // namespace parley
