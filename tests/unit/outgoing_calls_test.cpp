// Outgoing calls: each completes exactly once, in every order of events.
#include "calls.hpp"

#include <array>
#include <limits>

namespace {

using namespace calls;
using rpc::outgoing_calls;

constexpr time_point start{1h};
constexpr time_point never = time_point::max();
constexpr std::uint64_t all_sent = std::numeric_limits<std::uint64_t>::max();
const method add{.name = "add"};
const method sum{.name = "sum", .reply = "sum_is"};

void finish(outgoing_calls::given_up call) { call.completion.release()->finish(call.code); }

TEST(OutgoingCalls, AreNumberedFromOneUpwards) {
  outgoing_calls calls;
  outcome a, b;
  EXPECT_FALSE(calls.was_opened(1));
  EXPECT_EQ(calls.open(10, add, never, expect(a)), 1u);
  EXPECT_EQ(calls.open(11, sum, never, expect(b)), 2u);
  EXPECT_EQ(calls.in_flight(), 2u);
  EXPECT_EQ(calls.method_of(1), &add);
  EXPECT_EQ(calls.method_of(2), &sum);
  EXPECT_EQ(calls.method_of(3), nullptr);
  EXPECT_TRUE(calls.was_opened(2));
  EXPECT_FALSE(calls.was_opened(3));
  EXPECT_FALSE(calls.was_opened(0));
}

TEST(OutgoingCalls, NeverUseANumberTwice) {
  outgoing_calls calls;
  outcome a, b;
  const std::uint64_t first = calls.open(1, add, never, expect(a));
  calls.take_terminal(first);
  EXPECT_EQ(calls.in_flight(), 0u);
  EXPECT_TRUE(calls.was_opened(first));
  EXPECT_GT(calls.open(2, add, never, expect(b)), first);
}

TEST(OutgoingCalls, AreCompletedByTheirTerminalFrameOnce) {
  outgoing_calls calls;
  outcome a;
  const std::uint64_t id = calls.open(1, add, start, expect(a));
  auto done = calls.take_terminal(id);
  ASSERT_NE(done, nullptr);
  EXPECT_EQ(calls.take_terminal(id), nullptr);
  EXPECT_EQ(calls.method_of(id), nullptr);
  EXPECT_FALSE(calls.cancel(1));
  EXPECT_TRUE(calls.expire(start).empty());
  EXPECT_EQ(calls.next_deadline(), never);
}

TEST(OutgoingCalls, ThatWereCancelledCountUntilTheirTerminalFrame) {
  outgoing_calls calls;
  outcome a;
  const std::uint64_t id = calls.open(1, add, never, expect(a));
  auto given_up = calls.cancel(1);
  ASSERT_TRUE(given_up);
  EXPECT_EQ(given_up->id, id);
  EXPECT_EQ(given_up->code, errc::cancelled);
  ASSERT_NE(given_up->completion, nullptr);
  EXPECT_EQ(calls.in_flight(), 1u);
  EXPECT_FALSE(calls.cancel(1));
  EXPECT_EQ(calls.method_of(id), &add);
  EXPECT_EQ(calls.take_terminal(id), nullptr);
  EXPECT_EQ(calls.in_flight(), 0u);
}

TEST(OutgoingCalls, ThatNeverLeftDoNotCountAnyMore) {
  outgoing_calls calls;
  outcome a;
  const std::uint64_t id = calls.open(1, add, start, expect(a));
  auto given_up = calls.cancel(1);
  calls.forget(id);
  EXPECT_EQ(calls.in_flight(), 0u);
  EXPECT_EQ(calls.next_deadline(), never);
  EXPECT_TRUE(calls.was_opened(id));
  finish(std::move(*given_up));
  EXPECT_EQ(a.completions, 1);
}

TEST(OutgoingCalls, ExpireInTheOrderOfTheirDeadlines) {
  outgoing_calls calls;
  std::array<outcome, 4> o;
  calls.open(1, add, start + 3s, expect(o[0]));
  calls.open(2, add, start + 1s, expect(o[1]));
  calls.open(3, add, start + 1s, expect(o[2]));
  calls.open(4, add, never, expect(o[3]));
  EXPECT_EQ(calls.next_deadline(), start + 1s);
  EXPECT_TRUE(calls.expire(start + 999ms).empty());
  auto late = calls.expire(start + 2s);
  ASSERT_EQ(late.size(), 2u);
  EXPECT_EQ(late[0].id, 2u);
  EXPECT_EQ(late[1].id, 3u);
  EXPECT_EQ(late[0].code, errc::deadline_exceeded);
  EXPECT_EQ(calls.next_deadline(), start + 3s);
  EXPECT_EQ(calls.expire(start + 3s).size(), 1u);
  EXPECT_TRUE(calls.expire(start + 24h).empty());
  EXPECT_EQ(calls.in_flight(), 4u);
}

TEST(OutgoingCalls, NameAnOrphanOnceWhenItsTimeIsUp) {
  outgoing_calls calls;
  outcome a;
  const std::uint64_t id = calls.open(1, add, start, expect(a));
  calls.cancel(1);
  const auto late = calls.expire(start);
  ASSERT_EQ(late.size(), 1u);
  EXPECT_EQ(late[0].id, id);
  EXPECT_EQ(late[0].completion, nullptr);
  EXPECT_TRUE(calls.expire(start + 1s).empty());
  EXPECT_EQ(calls.in_flight(), 1u);
}

TEST(OutgoingCalls, AreHandedOutInOrderWhenTheConnectionIsGone) {
  outgoing_calls calls;
  std::array<outcome, 3> o;
  calls.open(7, add, start, expect(o[0]));
  calls.open(6, add, never, expect(o[1]));
  calls.open(5, add, never, expect(o[2]));
  calls.cancel(6);
  auto all = calls.take_all();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].id, 1u);
  EXPECT_EQ(all[1].id, 3u);
  EXPECT_EQ(all[0].method, &add);
  all[0].completion.release()->finish(errc::disconnected);
  EXPECT_EQ(o[0].code, errc::disconnected);
  EXPECT_EQ(o[2].completions, 0);
  EXPECT_EQ(calls.in_flight(), 0u);
  EXPECT_EQ(calls.next_deadline(), never);
  EXPECT_FALSE(calls.cancel(5));
  EXPECT_TRUE(calls.take_all().empty());
  outcome next;
  EXPECT_EQ(calls.open(8, add, never, expect(next)), 4u);
}

TEST(OutgoingCalls, AboveAnIdAreTakenInTheirOrder) {
  std::array<outcome, 5> o;
  outgoing_calls calls;
  for (std::size_t i = 0; i < o.size(); ++i) calls.open(10 + i, add, never, expect(o[i]));
  calls.cancel(13).value().completion.release()->finish(errc::cancelled);
  auto above = calls.take_above(2);
  ASSERT_EQ(above.size(), 2u) << "the one that was given up needs no completion";
  EXPECT_EQ(above[0].id, 3u);
  EXPECT_EQ(above[1].id, 5u);
  for (auto& one : above) one.completion.release()->finish(errc::disconnected);
  EXPECT_EQ(calls.in_flight(), 2u);
  EXPECT_FALSE(calls.cancel(14));
  EXPECT_TRUE(calls.take_above(2).empty());
  EXPECT_EQ(calls.next_id(), 6u);
  for (auto& one : calls.take_above(0)) one.completion.release()->finish(errc::disconnected);
  EXPECT_EQ(calls.in_flight(), 0u);
}

// All events that can end a call, in every order, each with and without the others.
TEST(OutgoingCalls, CompleteExactlyOnceInEveryOrderOfEvents) {
  constexpr std::array names{"terminal", "cancel", "deadline", "terminal again", "cancel again", "close"};
  int orders = 0;
  every_order(names.size(), [&](const std::vector<int>& order) {
    SCOPED_TRACE(text_of(order, names));
    outgoing_calls calls;
    outcome o;
    const std::uint64_t id = calls.open(1, add, start, expect(o));
    for (const int step : order) {
      switch (step) {
        case 0:
        case 3:
          if (auto done = calls.take_terminal(id)) done.release()->finish(encoded_answer{});
          EXPECT_EQ(calls.in_flight(), 0u);
          break;
        case 1:
        case 4:
          if (auto given_up = calls.cancel(1)) finish(std::move(*given_up));
          break;
        case 2:
          for (auto& late : calls.expire(start))
            if (late.completion) finish(std::move(late));
          EXPECT_EQ(calls.next_deadline(), never);
          break;
        case 5:
          for (auto& lost : calls.take_all()) lost.completion.release()->finish(errc::disconnected);
          EXPECT_EQ(calls.in_flight(), 0u);
          break;
        default:
          break;
      }
      EXPECT_EQ(o.completions, 1);  // only the first one counts
    }
    if (!order.empty()) {
      const std::array<std::error_code, 6> first{std::error_code{}, errc::cancelled,   errc::deadline_exceeded, {},
                                                 errc::cancelled,   errc::disconnected};
      EXPECT_EQ(o.code, first[static_cast<std::size_t>(order.front())]);
      EXPECT_EQ(o.answered, order.front() == 0 || order.front() == 3);
    }
    for (auto& lost : calls.take_all()) lost.completion.release()->finish(errc::disconnected);
    EXPECT_EQ(o.completions, 1);
    ++orders;
  });
  EXPECT_EQ(orders, 1957);
}

// --- Peers without call ids.

TEST(PlainCalls, AreAnsweredByNameTheOldestFirst) {
  outgoing_calls calls;
  std::array<outcome, 3> o;
  calls.open(1, add, never, expect(o[0]));
  calls.open(2, sum, never, expect(o[1]));
  calls.open(3, add, never, expect(o[2]));
  auto answered = calls.take_named("sum_is", all_sent);
  EXPECT_TRUE(answered.found);
  EXPECT_EQ(answered.id, 2u);
  EXPECT_EQ(answered.method, &sum);
  EXPECT_NE(answered.completion, nullptr);
  EXPECT_FALSE(calls.take_named("sum", all_sent).found);
  EXPECT_EQ(calls.take_named("add", all_sent).id, 1u);
  EXPECT_EQ(calls.take_named("add", all_sent).id, 3u);
  EXPECT_FALSE(calls.take_named("add", all_sent).found);
}

TEST(PlainCalls, TakeAnErrorForTheAnswerToTheOldest) {
  outgoing_calls calls;
  std::array<outcome, 2> o;
  calls.open(1, sum, start, expect(o[0]));
  calls.open(2, add, start, expect(o[1]));
  EXPECT_EQ(calls.take_oldest(all_sent).method, &sum);
  EXPECT_EQ(calls.take_oldest(all_sent).method, &add);
  EXPECT_FALSE(calls.take_oldest(all_sent).found);
  EXPECT_EQ(calls.next_deadline(), never);
}

TEST(PlainCalls, ThatAreOverSwallowTheirLateAnswer) {
  outgoing_calls calls;
  std::array<outcome, 2> o;
  calls.open(1, add, start, expect(o[0]));
  calls.open(2, add, never, expect(o[1]));
  for (auto& late : calls.expire(start)) finish(std::move(late));
  auto swallowed = calls.take_named("add", all_sent);
  EXPECT_TRUE(swallowed.found);
  EXPECT_EQ(swallowed.id, 1u);
  EXPECT_EQ(swallowed.completion, nullptr);
  EXPECT_EQ(calls.take_named("add", all_sent).id, 2u);
}

TEST(PlainCalls, ThatWereGivenUpAndPassedOverAreForgotten) {
  outgoing_calls calls;
  outcome a, b, c, d;
  calls.open(1, add, never, expect(a));
  calls.open(2, sum, never, expect(b));
  calls.open(3, add, never, expect(c));
  calls.open(4, add, never, expect(d));
  EXPECT_FALSE(calls.all_given_up());
  finish(*calls.cancel(1));
  finish(*calls.cancel(3));
  calls.forget_given_up(3);
  EXPECT_EQ(calls.in_flight(), 3u);
  EXPECT_EQ(calls.take_named("sum_is", all_sent).id, 2u);
  const auto swallowed = calls.take_named("add", all_sent);
  EXPECT_EQ(swallowed.id, 3u);
  EXPECT_EQ(swallowed.completion, nullptr);
  finish(*calls.cancel(4));
  EXPECT_TRUE(calls.all_given_up());
  calls.forget_given_up(5);
  EXPECT_EQ(calls.in_flight(), 0u);
}

TEST(PlainCalls, ThatHaveNotLeftAreNotAnswered) {
  outgoing_calls calls;
  std::array<outcome, 3> o;
  calls.open(1, add, never, expect(o[0]));
  calls.open(2, sum, never, expect(o[1]));
  calls.open(3, add, never, expect(o[2]));
  EXPECT_FALSE(calls.take_named("sum_is", 2).found);
  EXPECT_EQ(calls.take_named("add", 2).id, 1u);
  EXPECT_FALSE(calls.take_named("add", 2).found);
  EXPECT_FALSE(calls.take_oldest(2).found);
  EXPECT_EQ(calls.take_oldest(3).id, 2u);
}

// The example of rpc/rpc.hpp.
TEST(RpcDoor, DoesWhatItsExampleSays) {
  const method& method = add;
  const rpc::ticket ticket = 1;
  const time_point now = start;
  outcome o;
  auto completion = expect(o);
  const encoded_answer answer{};
  const std::optional<std::uint32_t> deadline_ms;
  int handled = 0;
  const auto handle = [&] { ++handled; };

  rpc::outgoing_calls mine;
  const auto id = mine.open(ticket, method, now + 30s, std::move(completion));
  if (auto done = mine.take_terminal(id)) done.release()->finish(answer);
  rpc::incoming_calls theirs(256);
  if (theirs.accept(7, now, deadline_ms, 60s) == rpc::incoming_calls::verdict::run) handle();

  EXPECT_TRUE(o.answered);
  EXPECT_EQ(handled, 1);
  EXPECT_TRUE(theirs.finish(7));
}

}  // namespace
