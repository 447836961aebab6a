// Calls between two ends over real frames, with the events of one call in every order, and with the
// events of many calls in random orders. Each call completes once and has one terminal frame, and
// no more handlers run than agreed.
#include "calls.hpp"
#include "sessions.hpp"

#include <map>
#include <numeric>
#include <random>
#include <set>

namespace {

using namespace calls;
using sessions::end;
using sessions::exchange;
using wire::kind;

constexpr std::size_t max_calls = 4;

class conversation {
 public:
  explicit conversation(const wire::envelope_format& format)
      : add_(known_.add(sessions::method_named("add", 1))),
        asker({.self = side::client, .format = &format}, known_.contract),
        asked({.self = side::server, .format = &format, .limits = {.max_calls = max_calls}}, known_.contract),
        theirs(max_calls) {
    asked.session.start(now);
    asker.session.start(now);
    exchange(asker, asked);
    EXPECT_TRUE(asker.session.open());
  }

  // --- The possible events.

  void call(std::optional<std::chrono::milliseconds> deadline) {
    outcome& o = outcomes[++tickets];
    if (!asker.session.open()) {
      expect(o).release()->finish(errc::disconnected);
      return;
    }
    if (mine.in_flight() >= asker.session.peer_limits().max_calls) {  // as the owner of a session does
      expect(o).release()->finish(errc::overloaded);
      return;
    }
    const std::uint64_t id = mine.open(tickets, add_, deadline ? now + *deadline : time_point::max(), expect(o));
    wire::envelope e = about(kind::call);
    e.id = id;
    if (deadline) e.deadline_ms = static_cast<std::uint32_t>(deadline->count());
    asker.session.send(written(asker, e), id);
  }

  void cancel(rpc::ticket of) {
    if (auto call = mine.cancel(of)) give_up(std::move(*call));
  }

  void turn_clock(std::chrono::milliseconds by) {
    now += by;
    if (!asker.out.closed) {
      for (const std::uint64_t id : theirs.expire(now)) terminal(id, errc::deadline_exceeded);
      for (auto& late : mine.expire(now)) give_up(std::move(late));
    }
  }

  void end_handler(std::uint64_t id) {
    handlers.erase(id);
    if (theirs.finish(id)) terminal(id, std::nullopt);
  }

  // Delivers one frame. Returns false if there is none.
  bool deliver_to_asked() {
    if (asker.silent()) return false;
    const buffer frame = take(asker);
    const wire::envelope* e = asked.session.receive(now, frame.bytes(), asked.binary());
    if (!e) return true;
    if (e->kind == kind::cancel) {
      switch (theirs.cancel(e->id, now)) {
        case rpc::incoming_calls::cancelled::stopped:
          terminal(e->id, *e->code);
          break;
        case rpc::incoming_calls::cancelled::ignored:
          break;
        case rpc::incoming_calls::cancelled::violation:
          ADD_FAILURE() << "a cancel before its call, id " << e->id;
          break;
        case rpc::incoming_calls::cancelled::too_many:
          close();
          break;
      }
      return true;
    }
    EXPECT_EQ(e->kind, kind::call);
    arrived.insert(e->id);
    switch (theirs.accept(e->id, now, e->deadline_ms, 60s)) {
      case rpc::incoming_calls::verdict::run:
        handlers.emplace(e->id, std::make_unique<handler>());
        theirs.keep(e->id, *handlers[e->id], 0);
        break;
      case rpc::incoming_calls::verdict::overloaded:
        terminal(e->id, errc::overloaded);
        break;
      case rpc::incoming_calls::verdict::late:
        terminal(e->id, errc::deadline_exceeded);
        break;
      case rpc::incoming_calls::verdict::violation:
        ADD_FAILURE() << "id " << e->id << " came twice";
        break;
    }
    return true;
  }
  bool deliver_to_asker() {
    if (asked.silent()) return false;
    const buffer frame = take(asked);
    const wire::envelope* e = asker.session.receive(now, frame.bytes(), asker.binary());
    if (!e) return true;
    EXPECT_TRUE(mine.was_opened(e->re));
    if (auto done = mine.take_terminal(e->re)) {
      if (e->kind == kind::reply) done.release()->finish(encoded_answer{});
      else done.release()->finish(*e->code);
    }
    return true;
  }

  void close() {
    if (asker.out.closed) return;
    asker.session.close(sessions::close_code::done, "");
    asker.session.lost();
    asked.session.lost();
    asker.out.frames.clear();
    asked.out.frames.clear();
    for (auto& lost : mine.take_all()) lost.completion.release()->finish(errc::disconnected);
    theirs.stop_all();
  }

  // Whether the transport accepts frames. If it does not, calls wait and can still be removed from
  // the queue.
  void block(bool blocked) {
    asker.out.can_write = !blocked;
    asker.session.drained();
  }

  // --- The conditions that must always hold.

  void check() const {
    EXPECT_LE(theirs.running_now(), max_calls);
    EXPECT_EQ(theirs.running_now(), handlers.size());
    EXPECT_LE(mine.in_flight(), max_calls);
    const auto twice = [](const auto& one) { return one.second > 1; };
    EXPECT_TRUE(std::none_of(terminals.begin(), terminals.end(), twice));
    const auto completed = [](std::size_t n, const auto& one) { return n + static_cast<std::size_t>(one.second.completions); };
    const std::size_t done = std::accumulate(outcomes.begin(), outcomes.end(), std::size_t{0}, completed);
    EXPECT_LE(outcomes.size() - done, mine.in_flight());
    EXPECT_FALSE(asked.out.closed);
  }

  // Lets all calls come to their end.
  void finish() {
    block(false);
    while (deliver_to_asked() || deliver_to_asker()) check();
    while (!handlers.empty()) end_handler(handlers.begin()->first);
    while (deliver_to_asked() || deliver_to_asker()) check();
    check();
    for (const auto& [of, o] : outcomes) EXPECT_EQ(o.completions, 1) << "call " << of;
    EXPECT_EQ(mine.in_flight(), 0u);
    EXPECT_EQ(theirs.running_now(), 0u);
    EXPECT_EQ(theirs.next_deadline(), time_point::max());
    if (asker.out.closed) return;
    for (const std::uint64_t id : arrived) EXPECT_EQ(terminals[id], 1) << "id " << id;
    EXPECT_EQ(mine.next_deadline(), time_point::max());
  }

 private:
  struct handler final : rpc::running {
    void stop() override { EXPECT_EQ(++stops, 1); }
    int stops = 0;
  };

  wire::envelope about(kind k) const {
    wire::envelope e;
    e.kind = k;
    e.name = add_.name;
    e.method = add_.id;
    e.counted = true;
    return e;
  }
  static buffer written(const end& by, const wire::envelope& e) {
    std::string frame;
    EXPECT_TRUE(by.session.write(e, as_bytes(by.binary() ? "" : "{}"), frame));
    return buffer(std::move(frame));
  }
  static buffer take(end& from) {
    const buffer frame = from.out.frames.front();
    from.out.frames.pop_front();
    return frame;
  }
  void terminal(std::uint64_t id, std::optional<errc> code) {
    if (!asked.session.open()) return;
    wire::envelope e = about(code ? kind::error : kind::reply);
    e.re = id;
    e.code = code;
    ++terminals[id];
    asked.session.send(written(asked, e));
  }
  void give_up(rpc::outgoing_calls::given_up call) {
    if (asker.session.take_back(call.id)) {
      mine.forget(call.id);
    } else if (call.completion) {
      wire::envelope e;
      e.kind = kind::cancel;
      e.id = call.id;
      e.code = call.code;
      e.counted = true;
      EXPECT_TRUE(asker.session.send_control(e));
    }
    if (call.completion) call.completion.release()->finish(call.code);
  }

  sessions::program known_;
  const method& add_;

 public:
  time_point now{1h};
  end asker;
  end asked;
  rpc::outgoing_calls mine;
  rpc::incoming_calls theirs;
  std::map<std::uint64_t, std::unique_ptr<handler>> handlers;
  std::map<rpc::ticket, outcome> outcomes;
  std::set<std::uint64_t> arrived;
  std::map<std::uint64_t, int> terminals;
  rpc::ticket tickets = 0;
};

class CallsBetweenEnds : public testing::TestWithParam<sessions::encoding> {};
INSTANTIATE_TEST_SUITE_P(In, CallsBetweenEnds, testing::ValuesIn(sessions::with_greeting()), testing::PrintToStringParamName());

// The events of one call. Each of the first five happens at most once, and frames are delivered as
// often as there are any.
enum step { cancel, deadline, handler_ends, close, unblock, to_asked, to_asker, steps };
constexpr std::array step_names{"cancel", "deadline", "handler ends", "close", "unblock", "to asked", "to asker"};

// Applies `order` to a new conversation. Returns false if the last step is not possible there.
bool run(const wire::envelope_format& format, bool blocked, const std::vector<int>& order, bool to_the_end) {
  conversation c(format);
  c.block(blocked);
  c.call(5ms);
  bool possible = true;
  for (const int next : order) {
    switch (next) {
      case cancel:
        c.cancel(1);
        break;
      case deadline:
        c.turn_clock(5ms);
        break;
      case handler_ends:
        possible = !c.handlers.empty();
        if (possible) c.end_handler(1);
        break;
      case close:
        c.close();
        break;
      case unblock:
        possible = blocked;
        c.block(false);
        break;
      case to_asked:
        possible = c.deliver_to_asked();
        break;
      case to_asker:
        possible = c.deliver_to_asker();
        break;
      default:
        break;
    }
    c.check();
  }
  if (possible && to_the_end) {
    SCOPED_TRACE(text_of(order, step_names));
    c.finish();
  }
  return possible;
}

std::size_t explore(const wire::envelope_format& format, bool blocked, std::vector<int>& order) {
  if (!run(format, blocked, order, true) || testing::Test::HasFailure()) return 0;
  std::size_t orders = 1;
  for (int next = 0; next < steps; ++next) {
    const auto times = std::count(order.begin(), order.end(), next);
    if (times >= (next < to_asked ? 1 : 3)) continue;
    order.push_back(next);
    orders += explore(format, blocked, order);
    order.pop_back();
  }
  return orders;
}

// In one encoding only, because the orders are the same in the other.
TEST(OneCallBetweenEnds, EndsOnceAtBothInEveryOrderOfEvents) {
  for (const bool blocked : {false, true}) {
    std::vector<int> order;
    EXPECT_GT(explore(wire::fbs_format(), blocked, order), 500u);
  }
}

TEST_P(CallsBetweenEnds, KeepTheirPromisesInRandomOrders) {
  for (const std::uint32_t seed : {1u, 2u, 3u, 5u, 8u, 13u, 21u, 34u, 55u, 89u, 144u, 233u}) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    const auto below = [&random](std::size_t n) { return static_cast<std::size_t>(random()) % n; };
    conversation c(GetParam().format());
    const std::size_t length = 200 + below(800);
    for (std::size_t i = 0; i < length && !HasFailure(); ++i) {
      switch (below(16)) {
        case 0:
        case 1:
        case 2:
          c.call(below(3) == 0 ? std::nullopt : std::optional(std::chrono::milliseconds(below(20))));
          break;
        case 3:
          if (c.tickets != 0) c.cancel(1 + c.tickets - std::min<std::uint64_t>(c.tickets, 1 + below(6)));
          break;
        case 4:
          c.turn_clock(below(5) == 0 ? 10s : std::chrono::milliseconds(below(10)));
          break;
        case 5:
        case 6:
          if (!c.handlers.empty())
            c.end_handler(std::next(c.handlers.begin(), static_cast<std::ptrdiff_t>(below(c.handlers.size())))->first);
          break;
        case 7:
          c.block(below(2) == 0);
          break;
        case 8:
          if (below(300) == 0) c.close();
          break;
        case 9:
        case 10:
        case 11:
        case 12:
          c.deliver_to_asked();
          break;
        default:
          c.deliver_to_asker();
          break;
      }
      c.now += 1ms;
      c.check();
    }
    c.finish();
  }
}

}  // namespace
