// Incoming calls: each gets exactly one terminal frame, and never more handlers run than agreed.
#include "calls.hpp"

#include <array>

namespace {

using namespace calls;
using rpc::incoming_calls;
using verdict = incoming_calls::verdict;
using cancelled = incoming_calls::cancelled;

constexpr time_point start{1h};
constexpr std::optional<std::uint32_t> no_deadline;

// A handler that continues after it has returned. It may end at the moment when it is told to stop.
class handler final : public rpc::running {
 public:
  explicit handler(std::function<void()> when_stopped = {}) : when_stopped_(std::move(when_stopped)) {}
  void stop() override {
    ++stops;
    if (when_stopped_) when_stopped_();
  }
  int stops = 0;

 private:
  std::function<void()> when_stopped_;
};

TEST(IncomingCalls, RunAndEndWithTheirAnswer) {
  incoming_calls calls(2);
  EXPECT_EQ(calls.accept(1, start, no_deadline, 60s), verdict::run);
  EXPECT_EQ(calls.running_now(), 1u);
  EXPECT_TRUE(calls.finish(1));
  EXPECT_FALSE(calls.finish(1));
  EXPECT_EQ(calls.running_now(), 0u);
  EXPECT_EQ(calls.next_deadline(), time_point::max());
}

TEST(IncomingCalls, HaveIdsThatOnlyGrow) {
  incoming_calls calls(9);
  EXPECT_EQ(calls.accept(5, start, no_deadline, 60s), verdict::run);
  EXPECT_EQ(calls.accept(5, start, no_deadline, 60s), verdict::violation);
  EXPECT_EQ(calls.accept(4, start, no_deadline, 60s), verdict::violation);
  EXPECT_EQ(calls.use_up(5), verdict::violation);
  EXPECT_EQ(calls.use_up(7), verdict::run);
  EXPECT_EQ(calls.accept(7, start, no_deadline, 60s), verdict::violation);
  EXPECT_EQ(calls.accept((1ull << 53) - 1, start, no_deadline, 60s), verdict::run);
  EXPECT_EQ(calls.running_now(), 2u);
}

// A payload lives as long as its handler, even if the caller has given up.
TEST(IncomingCalls, Are_not_taken_while_those_at_work_hold_too_much) {
  constexpr std::size_t much = wire::most_held_by_calls;
  incoming_calls calls(100);
  handler one, two;
  EXPECT_EQ(calls.accept(1, start, no_deadline, 60s), verdict::run);
  calls.keep(1, one, much - 1);
  EXPECT_EQ(calls.accept(2, start, no_deadline, 60s), verdict::run);
  calls.keep(2, two, 1);
  EXPECT_TRUE(calls.hold_too_much());
  EXPECT_EQ(calls.accept(3, start, no_deadline, 60s), verdict::overloaded);
  EXPECT_EQ(calls.cancel(2, start), cancelled::stopped);
  EXPECT_EQ(calls.accept(4, start, no_deadline, 60s), verdict::overloaded);
  EXPECT_FALSE(calls.finish(2));
  EXPECT_FALSE(calls.hold_too_much());
  EXPECT_EQ(calls.accept(5, start, no_deadline, 60s), verdict::run);
  handler three;
  calls.keep(5, three, 4 * much);
  EXPECT_EQ(calls.accept(6, start, no_deadline, 60s), verdict::overloaded);
  EXPECT_TRUE(calls.finish(5));
  EXPECT_EQ(calls.accept(7, start, no_deadline, 60s), verdict::run);
}

TEST(IncomingCalls, OverTheLimitGetNoHandlerAndUseUpTheirId) {
  incoming_calls calls(2);
  EXPECT_EQ(calls.accept(1, start, no_deadline, 60s), verdict::run);
  EXPECT_EQ(calls.accept(2, start, no_deadline, 60s), verdict::run);
  EXPECT_EQ(calls.accept(3, start, no_deadline, 60s), verdict::overloaded);
  EXPECT_EQ(calls.accept(3, start, no_deadline, 60s), verdict::violation);
  EXPECT_EQ(calls.running_now(), 2u);
  calls.finish(1);
  EXPECT_EQ(calls.accept(4, start, no_deadline, 60s), verdict::run);
}

TEST(IncomingCalls, ThatAreLateOnArrivalGetNoHandler) {
  incoming_calls calls(2);
  EXPECT_EQ(calls.accept(1, start, 0, 60s), verdict::late);
  EXPECT_EQ(calls.running_now(), 0u);
  EXPECT_EQ(calls.cancel(1, start), cancelled::ignored);
}

TEST(IncomingCalls, MayTakeAsLongAsTheCallerWaitsAndNoLongerThanAllowedHere) {
  incoming_calls calls(9);
  calls.accept(1, start, 1, 60s);
  EXPECT_EQ(calls.newest_deadline(), start + 1ms);
  calls.accept(2, start, no_deadline, 60s);
  EXPECT_EQ(calls.newest_deadline(), start + 60s);
  calls.accept(3, start, 4'294'967'295, 60s);
  EXPECT_EQ(calls.newest_deadline(), start + 60s);
  EXPECT_EQ(calls.next_deadline(), start + 1ms);
  EXPECT_TRUE(calls.expire(start).empty());
  EXPECT_EQ(calls.expire(start + 59s), std::vector<std::uint64_t>{1});
  EXPECT_EQ(calls.expire(start + 60s).size(), 2u);
  EXPECT_TRUE(calls.expire(start + 24h).empty());
}

TEST(IncomingCalls, ThatWereCancelledCountUntilTheirHandlerEnds) {
  incoming_calls calls(1);
  handler h;
  calls.accept(1, start, no_deadline, 60s);
  calls.keep(1, h, 0);
  EXPECT_EQ(calls.cancel(1, start), cancelled::stopped);
  EXPECT_EQ(h.stops, 1);
  EXPECT_EQ(calls.cancel(1, start), cancelled::ignored);
  EXPECT_EQ(calls.next_deadline(), time_point::max());
  EXPECT_EQ(calls.running_now(), 1u);
  EXPECT_EQ(calls.accept(2, start, no_deadline, 60s), verdict::overloaded);
  EXPECT_FALSE(calls.finish(1));
  EXPECT_EQ(calls.accept(3, start, no_deadline, 60s), verdict::run);
  EXPECT_EQ(h.stops, 1);
}

TEST(IncomingCalls, AreNotCancelledBeforeTheyWereOpened) {
  incoming_calls calls(1);
  EXPECT_EQ(calls.cancel(1, start), cancelled::violation);
  calls.accept(1, start, no_deadline, 60s);
  EXPECT_EQ(calls.cancel(2, start), cancelled::violation);
  calls.finish(1);
  EXPECT_EQ(calls.cancel(1, start), cancelled::ignored);
}

TEST(IncomingCalls, StopAHandlerThatIsKeptTooLate) {
  incoming_calls calls(1);
  handler h;
  calls.accept(1, start, no_deadline, 60s);
  calls.stop_all();  // the handler closed its own connection and continues
  calls.keep(1, h, 0);
  EXPECT_EQ(h.stops, 1);
  EXPECT_FALSE(calls.finish(1));
  handler unknown;
  calls.keep(1, unknown, 0);
  EXPECT_EQ(unknown.stops, 0);
}

TEST(IncomingCalls, SurviveHandlersThatEndWhileTheyAreStopped) {
  incoming_calls calls(9);
  std::vector<std::unique_ptr<handler>> handlers;
  int answers = 0;
  for (std::uint64_t id = 1; id <= 5; ++id) {
    calls.accept(id, start, 1, 60s);
    // Ends its own call and the next one, as a handler that owns other calls might.
    handlers.push_back(std::make_unique<handler>([&calls, &answers, id] {
      answers += calls.finish(id);
      answers += calls.finish(id % 5 + 1);
    }));
    calls.keep(id, *handlers.back(), 0);
  }
  EXPECT_EQ(calls.expire(start + 1s).size(), 5u);
  EXPECT_EQ(answers, 0);
  EXPECT_EQ(calls.running_now(), 0u);
}

TEST(IncomingCalls, StopEveryHandlerWhenTheConnectionIsGone) {
  incoming_calls calls(9);
  std::array<handler, 3> h;
  for (std::uint64_t id = 1; id <= 3; ++id) {
    calls.accept(id, start, no_deadline, 60s);
    if (id != 2) calls.keep(id, h[id - 1], 0);
  }
  calls.cancel(3, start);
  calls.stop_all();
  EXPECT_EQ(h[0].stops, 1);
  EXPECT_EQ(h[2].stops, 1);
  EXPECT_EQ(calls.next_deadline(), time_point::max());
  for (std::uint64_t id = 1; id <= 3; ++id) EXPECT_FALSE(calls.finish(id));
  EXPECT_EQ(calls.running_now(), 0u);
}

TEST(IncomingCalls, OpenedAndCancelledInALoopRunWithinTheLimitAndEndTheConnection) {
  incoming_calls calls(256);
  std::size_t handlers = 0;
  std::size_t refused = 0;
  std::uint64_t id = 0;
  cancelled last = cancelled::ignored;
  while (id < 10'000 && last != cancelled::too_many) {
    const verdict v = calls.accept(++id, start + std::chrono::microseconds(id), no_deadline, 60s);
    handlers += v == verdict::run;
    refused += v == verdict::overloaded;
    EXPECT_LE(calls.running_now(), 256u);
    last = calls.cancel(id, start + std::chrono::microseconds(id));
  }
  EXPECT_EQ(handlers, 256u);
  EXPECT_EQ(last, cancelled::too_many);
  EXPECT_EQ(id, 4 * 256u + 1);
  EXPECT_EQ(refused, id - 256);
}

TEST(IncomingCalls, CancelledNowAndThenEndNothing) {
  incoming_calls calls(2);
  for (std::uint64_t id = 1; id <= 1000; ++id) {
    const time_point now = start + 2s * id;
    EXPECT_EQ(calls.accept(id, now, no_deadline, 60s), verdict::run);
    EXPECT_EQ(calls.cancel(id, now), cancelled::stopped);
    calls.finish(id);
  }
}

// All events that can happen to a running call, in every order, each with and without the others.
// For handlers that end by themselves and for those that end as soon as they are stopped.
TEST(IncomingCalls, HaveOneTerminalFrameInEveryOrderOfEvents) {
  constexpr std::array names{"handler ends", "cancel", "deadline", "cancel again", "close"};
  for (const bool obedient : {false, true}) {
    for (const bool kept : {false, true}) {
      every_order(names.size(), [&](const std::vector<int>& order) {
        SCOPED_TRACE(text_of(order, names));
        incoming_calls calls(1);
        int terminals = 0;
        bool closed = false;
        handler h([&] {
          if (obedient) terminals += calls.finish(1) && !closed;
        });
        ASSERT_EQ(calls.accept(1, start, 1, 60s), verdict::run);
        if (kept) calls.keep(1, h, 0);
        for (const int step : order) {
          switch (step) {
            case 0:
              terminals += calls.finish(1) && !closed;
              break;
            case 1:
            case 3:
              terminals += calls.cancel(1, start) == cancelled::stopped && !closed;
              break;
            case 2:
              terminals += static_cast<int>(calls.expire(start + 1ms).size());
              break;
            case 4:
              closed = true;
              calls.stop_all();
              break;
            default:
              break;
          }
          EXPECT_EQ(terminals, order.front() == 4 ? 0 : 1);
          EXPECT_LE(h.stops, kept ? 1 : 0);
        }
        const bool ended_by_itself = order.empty() || order.front() == 0;
        EXPECT_EQ(h.stops, kept && !ended_by_itself ? 1 : 0);
        calls.finish(1);
        EXPECT_EQ(calls.running_now(), 0u);
        EXPECT_EQ(calls.next_deadline(), time_point::max());
      });
    }
  }
}

}  // namespace
