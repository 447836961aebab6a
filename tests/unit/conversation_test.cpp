// Two conversations with each other, without sockets, clocks and loops: the consequences of each
// frame, and that every call ends exactly once in all cases and in every format.
#include "parley/conversation/conversation.hpp"
#include "parley/ends/loop_executor.hpp"
#include "parley/wire/wkt_codec.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace parley {
namespace {

using namespace std::chrono_literals;

constexpr std::array to_others{target_kind::others, target_kind::server};
const method ask{.name = "Test.Ask",
                 .id = wire::method_id("Test.Ask"),
                 .from = side::either,
                 .in = &codec_for<std::string>,
                 .out = &codec_for<std::string>};
const method note{.name = "Test.Note",
                  .id = wire::method_id("Test.Note"),
                  .event = true,
                  .from = side::either,
                  .to = to_others,
                  .in = &codec_for<std::string>};
const std::array<const method*, 2> methods{&ask, &note};
const service test{.name = "Test", .methods = methods};

const std::shared_ptr<const loop_executor> no_loop = std::make_shared<const loop_executor>();

// A connection in memory. Sent frames wait until the test delivers them.
class line final : public conversation_io {
 public:
  explicit line(const time_point& clock) : clock_(clock) {}

  struct message {
    std::string content;
    bool binary;
  };
  std::deque<message> sent;
  std::optional<std::uint16_t> closed_with;
  std::optional<error> given_up;
  time_point next = time_point::max();
  bool binary = false;
  bool full = false;

  session::outlet look() const override { return {.writable = !full}; }
  void transmit(const buffer& frame) override {
    EXPECT_FALSE(closed_with) << "a frame after the close";
    sent.push_back({std::string(frame.text()), binary});
  }
  void ping() override {}
  void close_connection(std::uint16_t code, std::string_view) override {
    EXPECT_FALSE(closed_with) << "closed twice";
    closed_with = code;
  }
  time_point now() const override { return clock_; }
  void tick_by(time_point when) override { next = std::min(next, when); }
  void tell_when_below(std::size_t) override {}
  void costs(std::size_t) override {}
  bool reached() const override { return true; }
  void give_up(error why) override { given_up = std::move(why); }
  void abort() override {}
  std::string remote() const override { return "memory"; }

 private:
  const time_point& clock_;
};

// A call that is answered later, like the call of a coroutine.
struct left_open final : call_memory {
  std::shared_ptr<answers> to;
  const method* what = nullptr;
  std::uint64_t id = 0;
  int stopped = 0;
  void stop() override { ++stopped; }
};

// One end: the conversation, and an owner that records its calls.
struct end final : conversation_owner {
  end(const time_point& clock, side self, const wire::envelope_format& format) : over(clock), format_(format) {
    EXPECT_TRUE(known.add(test));
    session::session_options options{.self = self};
    options.limits.max_calls = 4;
    options.peer_limits.max_calls = 4;
    talk = std::make_shared<conversation>(*this, conversation_setup{.session = std::move(options), .contract = &known}, no_loop);
    over.binary = format.binary();
    talk->attach(over);
    talk->begin(*talk->choose_format(""), clock);
  }
  ~end() override { talk->forget_owner(); }

  const wire::envelope_format* format_for(std::string_view) override { return &format_; }
  void opened(conversation&) override { is_open = true; }
  void event_received(conversation&, const wire::envelope&, const invocation& in) override { events.emplace_back(as_text(in.payload)); }
  void unknown_event(conversation&, const wire::envelope&) override { ADD_FAILURE() << "an unknown event"; }
  void call_received(conversation&, incoming_call& in) override {
    EXPECT_FALSE(was_closed) << "a call after the end";
    if (answer_at_once) return in.to->answer(in.what, in.id, &answer);
    auto open = std::make_unique<left_open>();
    open->to = in.to->hold();
    open->what = &in.what;
    open->id = in.id;
    in.to->keep(in.id, *open);
    handlers.push_back(std::move(open));
  }
  void error_received(conversation&, const error& why, std::string_view) override { errors.push_back(why); }
  void call_handler_threw(const method&, const std::exception_ptr&) override {}
  void drained(conversation&) override {}
  void closed(conversation&, std::uint16_t code, const error&) override {
    EXPECT_FALSE(was_closed) << "ended twice";
    was_closed = code;
  }

  // Completes the handler of one call.
  void finish(std::size_t which) {
    const auto open = std::move(handlers.at(which));
    handlers.erase(handlers.begin() + static_cast<std::ptrdiff_t>(which));
    open->to->answer(*open->what, open->id, &answer);
  }

  session::contract known;
  line over;
  std::shared_ptr<conversation> talk;
  const std::string answer = "yes";
  bool answer_at_once = true;
  bool is_open = false;
  std::optional<std::uint16_t> was_closed;
  std::vector<std::string> events;
  std::vector<error> errors;
  std::vector<std::unique_ptr<left_open>> handlers;

 private:
  const wire::envelope_format& format_;
};

struct outcome {
  int times = 0;
  std::error_code code{};
  bool maybe_done = false;
};

struct counted final : pending_call {
  explicit counted(std::shared_ptr<outcome> to) : told(std::move(to)) {}
  void finish(result<encoded_answer> got) override {
    ++told->times;
    if (!got) {
      told->code = got.error().code;
      told->maybe_done = got.error().maybe_done;
    }
    delete this;
  }
  void finish_late() override { delete this; }
  std::shared_ptr<outcome> told;
};

struct format_under_test {
  const char* name;
  const wire::envelope_format& (*format)();
};

class Conversations : public testing::TestWithParam<format_under_test> {
 protected:
  Conversations() { deliver_all(); }

  bool plain() const { return !GetParam().format().has_session(); }

  void deliver_one(end& from, end& to) {
    if (from.over.sent.empty()) return;
    const line::message one = std::move(from.over.sent.front());
    from.over.sent.pop_front();
    if (!to.was_closed) to.talk->receive(clock, as_bytes(one.content), one.binary);
  }
  void deliver_all() {
    while (!client.over.sent.empty() || !server.over.sent.empty()) {
      deliver_one(client, server);
      deliver_one(server, client);
    }
  }
  void advance(std::chrono::milliseconds time) {
    clock += time;
    for (end* one : {&client, &server})
      if (!one->was_closed) one->talk->tick(clock);
  }
  // Both ends learn that the connection has ended.
  void cut() {
    for (end* one : {&client, &server}) {
      one->over.sent.clear();
      if (!one->was_closed) one->talk->detach(1006, error{errc::disconnected});
    }
  }
  std::shared_ptr<outcome> call(end& from, rpc::ticket of, std::chrono::milliseconds within = 10s) {
    auto told = std::make_shared<outcome>();
    outgoing request{.what = &ask};
    const std::string question = "may I?";
    EXPECT_TRUE(ask.in->write(format::json, &question, request.json.emplace()));
    from.talk->start_call(clock, of, request, clock + within, std::make_unique<counted>(told));
    return told;
  }

  time_point clock{std::chrono::hours(1)};
  end server{clock, side::server, GetParam().format()};
  end client{clock, side::client, GetParam().format()};
};
INSTANTIATE_TEST_SUITE_P(In, Conversations,
                         testing::Values(format_under_test{"json", wire::json_format}, format_under_test{"binary", wire::fbs_format},
                                         format_under_test{"plain", wire::plain_format}),
                         [](const auto& one) { return one.param.name; });

TEST_P(Conversations, A_call_is_answered_once) {
  ASSERT_TRUE(client.is_open && server.is_open);
  const auto told = call(client, 1);
  deliver_all();
  EXPECT_EQ(told->times, 1);
  EXPECT_FALSE(told->code);
  advance(1min);
  cut();
  EXPECT_EQ(told->times, 1);
}

TEST_P(Conversations, A_call_that_left_is_maybe_done_when_the_connection_ends_and_one_that_did_not_is_not) {
  server.answer_at_once = false;
  const auto left = call(client, 1);
  deliver_all();
  client.over.full = true;
  const auto waiting = call(client, 2);
  cut();
  EXPECT_EQ(left->times, 1);
  EXPECT_EQ(left->code, errc::disconnected);
  EXPECT_TRUE(left->maybe_done);
  EXPECT_EQ(waiting->times, 1);
  EXPECT_FALSE(waiting->maybe_done);
  EXPECT_EQ(server.handlers.at(0)->stopped, 1);
  server.finish(0);  // too late, but harmless
  EXPECT_TRUE(server.over.sent.empty());
}

TEST_P(Conversations, Time_ends_a_call_at_both_ends) {
  server.answer_at_once = false;
  const auto told = call(client, 1, 1s);
  deliver_all();
  EXPECT_LE(client.over.next, clock + 1s);
  advance(2s);
  EXPECT_EQ(told->times, 1);
  EXPECT_EQ(told->code, errc::deadline_exceeded);
  EXPECT_EQ(server.handlers.at(0)->stopped, plain() ? 0 : 1);  // a plain caller sends no deadline
  deliver_all();
  EXPECT_EQ(told->times, 1);
}

TEST_P(Conversations, A_coroutine_may_answer_after_its_conversation_was_released) {
  server.answer_at_once = false;
  const auto told = call(client, 1);
  deliver_all();
  const std::weak_ptr<conversation> gone = server.talk;
  cut();
  server.talk =
      std::make_shared<conversation>(server, conversation_setup{.session{.self = side::server}, .contract = &server.known}, no_loop);
  EXPECT_FALSE(gone.expired());
  server.finish(0);
  EXPECT_TRUE(gone.expired());
  EXPECT_EQ(told->times, 1);
}

// The connection is destroyed with its loop. Nothing is reported, and what the handlers still do
// has no effect.
TEST_P(Conversations, Whose_connection_is_gone_without_a_word_sends_nothing_more) {
  server.answer_at_once = false;
  call(client, 1);
  deliver_all();
  client.over.sent.clear();
  server.talk->forget(server.over);
  EXPECT_FALSE(server.talk->open());
  EXPECT_EQ(server.talk->connection(), nullptr);
  server.finish(0);
  server.talk->close(1000, "late");
  EXPECT_TRUE(server.over.sent.empty());
  EXPECT_FALSE(server.over.closed_with);
  EXPECT_FALSE(server.talk->send_event({.what = &note}));
  EXPECT_EQ(server.talk->next_tick(), time_point::max());
  EXPECT_FALSE(server.was_closed);
}

// All possible events in random order, with the end at any point. The model is small: a call that
// was started ends once.
TEST_P(Conversations, Every_call_ends_once_whatever_happens) {
  for (unsigned seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const auto below = [&](std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random); };
    clock = time_point{std::chrono::hours(1)};
    end s(clock, side::server, GetParam().format());
    end c(clock, side::client, GetParam().format());
    s.answer_at_once = c.answer_at_once = false;
    std::vector<std::shared_ptr<outcome>> calls;
    rpc::ticket next = 1;
    const std::size_t steps = below(120);
    for (std::size_t step = 0; step < steps; ++step) {
      end& one = below(2) == 0 ? s : c;
      end& other = &one == &s ? c : s;
      if (one.over.closed_with || other.over.closed_with) break;
      switch (below(8)) {
        case 0:
        case 1:
          calls.push_back(call(&one == &s && plain() ? c : one, next++, std::chrono::milliseconds(below(3'000))));
          break;
        case 2:
          one.talk->cancel_call(1 + below(next));
          break;
        case 3:
          if (!one.handlers.empty()) one.finish(below(one.handlers.size()));
          break;
        case 4:
          clock += std::chrono::milliseconds(below(700));
          one.talk->tick(clock);
          break;
        case 5:
          one.over.full = !one.over.full;
          if (!one.over.full) one.talk->drained();
          break;
        default:
          deliver_one(one, other);
      }
      EXPECT_LE(s.handlers.size(), 64u);
    }
    for (end* one : {&s, &c}) one->talk->detach(1006, error{errc::disconnected});
    for (const auto& told : calls) EXPECT_EQ(told->times, 1);
    while (!s.handlers.empty()) s.finish(0);
    while (!c.handlers.empty()) c.finish(0);
    for (const auto& told : calls) EXPECT_EQ(told->times, 1);
  }
}

// The same exchange, cut off after each of its steps.
TEST_P(Conversations, An_exchange_can_be_cut_at_every_step) {
  for (std::size_t last = 0; last < 24; ++last) {
    SCOPED_TRACE(last);
    clock = time_point{std::chrono::hours(1)};
    end s(clock, side::server, GetParam().format());
    end c(clock, side::client, GetParam().format());
    s.answer_at_once = false;
    std::vector<std::shared_ptr<outcome>> calls;
    for (std::size_t step = 0; step < last; ++step) {
      if (step % 6 == 0) calls.push_back(call(c, step + 1));
      else if (step % 6 == 3 && !s.handlers.empty()) s.finish(0);
      else if (step % 2 == 1) deliver_one(c, s);
      else deliver_one(s, c);
    }
    for (end* one : {&c, &s}) one->talk->detach(1006, error{errc::disconnected});
    for (const auto& told : calls) EXPECT_EQ(told->times, 1);
    EXPECT_EQ(c.was_closed, 1006);
    EXPECT_EQ(s.was_closed, 1006);
  }
}

}  // namespace
}  // namespace parley
