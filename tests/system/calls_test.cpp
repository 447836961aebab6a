// Calls from client to server and from server to client, over every transport and in every
// encoding.
#include "system/world.hpp"

#include <asio/bind_executor.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/experimental/awaitable_operators.hpp>
#include <asio/experimental/deferred.hpp>
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_future.hpp>

#include <atomic>
#include <future>
#include <thread>

namespace talk::v1 {
namespace {

using namespace asio::experimental::awaitable_operators;
using parley::errc;

INSTANTIATE_TEST_SUITE_P(Over, EveryMedium, testing::ValuesIn(every_medium()), medium_name);
INSTANTIATE_TEST_SUITE_P(Over, WithSessions, testing::ValuesIn(media_with_sessions()), medium_name);

parley::error error_of(const TalkClient& talk, const Numbers& numbers) { return talk.async_add(numbers, asio::use_future).get().error(); }

TEST_P(EveryMedium, A_call_is_answered) {
  world w(GetParam());
  w.start();
  guest a(w);
  EXPECT_EQ(a.talk.add({.numbers = {391, 29}}), Sum{.value = 420});
  EXPECT_EQ(a.talk.echo("grüße"), "grüße");
  a.talk.touch();
  EXPECT_EQ(w.host->touches.next(), 1);
}

TEST_P(EveryMedium, An_any_holds_what_both_ends_know) {
  parley::any_types types;
  types.add<Line>();
  world w(GetParam(), {.types = &types});
  w.start();
  auto options = w.client_options();
  options.types = &types;
  guest a(w, std::move(options));
  const auto line = parley::unpack<Line>(a.talk.carry(parley::pack(Line{.text = "a line"})));
  EXPECT_EQ(line.value().text, "carried a line");
  EXPECT_EQ(parley::unpack<double>(a.talk.carry(parley::pack(1.5))).value(), 1.5);
}

TEST_P(EveryMedium, The_first_call_connects) {
  world w(GetParam());
  w.start();
  parley::client link{w.url(), w.client_options()};
  TalkClient talk{link};
  EXPECT_FALSE(link.connected());
  EXPECT_EQ(talk.add({.numbers = {1, 2}}).value, 3);
  EXPECT_TRUE(link.connected());
}

TEST_P(EveryMedium, The_first_event_connects_and_is_not_lost) {
  world w(GetParam());
  w.start();
  parley::client link{w.url(), w.client_options()};
  TalkClient talk{link};
  EXPECT_EQ(talk.report({.text = "early"}), parley::sent::queued);
  EXPECT_EQ(w.host->reports.next().text, "early");
}

TEST_P(EveryMedium, Every_completion_token_works) {
  world w(GetParam());
  w.start();
  guest a(w);
  const TalkClient talk = a.talk;
  const Numbers numbers{.numbers = {1, 2}};

  EXPECT_EQ(talk.async_add({.numbers = {1, 2}}, parley::block).value, 3);
  EXPECT_EQ(talk.async_add({.numbers = {4}}, asio::use_future).get()->value, 4);

  std::promise<double> called;
  talk.async_add({.numbers = {1, 2}}, [&](parley::result<Sum> r) { called.set_value(r.value().value); });
  EXPECT_EQ(called.get_future().get(), 3);

  std::promise<double> deferred;
  auto operation = talk.async_add(numbers, asio::experimental::deferred);
  std::move(operation)([&](parley::result<Sum> r) { deferred.set_value(r.value().value); });
  EXPECT_EQ(deferred.get_future().get(), 3);

  asio::io_context mine;
  bool on_mine = false;
  talk.async_add(numbers, asio::bind_executor(mine, [&](parley::result<Sum>) { on_mine = mine.get_executor().running_in_this_thread(); }));
  mine.run();
  EXPECT_TRUE(on_mine);

  std::exception_ptr thrown;
  asio::co_spawn(
      mine,
      [&]() -> asio::awaitable<void> {
        parley::result<Sum> sum = co_await talk.async_add(numbers);
        EXPECT_EQ(sum.value().value, 3);
        EXPECT_EQ((co_await talk.with({.deadline = 5s}).async_add(numbers))->value, 3);
        EXPECT_EQ((co_await talk.async_add(numbers, asio::bind_executor(mine, asio::use_awaitable)))->value, 3);
        auto both = co_await (talk.async_add(numbers) && talk.async_add(numbers));
        EXPECT_EQ(std::get<1>(both)->value, 3);
      },
      [&](std::exception_ptr e) { thrown = e; });
  mine.restart();
  mine.run();
  EXPECT_FALSE(thrown);
}

TEST_P(WithSessions, A_race_against_a_timer_cancels_the_call_at_both_ends) {
  world w(GetParam());
  w.start();
  guest a(w);
  asio::io_context mine;
  int winner = -1;
  asio::co_spawn(
      mine,
      [&]() -> asio::awaitable<void> {
        const Numbers numbers;
        asio::steady_timer timer(mine, 1ms);
        auto first = co_await (a.talk.async_later(numbers) || timer.async_wait(asio::use_awaitable));
        winner = static_cast<int>(first.index());
      },
      asio::detached);
  mine.run();
  EXPECT_EQ(winner, 1);
  // Whether or not the call was sent, the next one is answered.
  EXPECT_EQ(a.talk.add({.numbers = {1}}).value, 1);
}

TEST_P(EveryMedium, Refusals_carry_their_code_text_and_reason) {
  world w(GetParam());
  w.host->on_add = [](const Numbers& n, parley::call& call) -> parley::reply<Sum> {
    switch (static_cast<int>(n.numbers.at(0))) {
      case 1:
        return errc::denied;
      case 2:
        return parley::error{errc::overloaded, "come back later"};
      case 3:
        throw std::runtime_error("a secret");
      case 4:
        return call.fail(Refusal::CLOSED, "closed on Sundays");
      default:
        return Sum{.value = 7};
    }
  };
  w.start();
  guest a(w);
  EXPECT_EQ(error_of(a.talk, {.numbers = {1}}).code, errc::denied);
  const parley::error busy = error_of(a.talk, {.numbers = {2}});
  EXPECT_EQ(busy.code, errc::overloaded);
  EXPECT_EQ(busy.message, "come back later");
  EXPECT_TRUE(busy.from_peer);
  EXPECT_TRUE(busy == parley::condition::retryable);
  EXPECT_EQ(error_of(a.talk, {.numbers = {3}}).message, "the handler failed");
  const parley::error refused = error_of(a.talk, {.numbers = {4}});
  EXPECT_EQ(refused.code, errc::failed);
  EXPECT_EQ(refused.message, "closed on Sundays");
  if (!GetParam().plain()) { EXPECT_EQ(refused.reason<Refusal>(), Refusal::CLOSED); }
  try {
    a.talk.add({.numbers = {1}});
    FAIL() << "a blocking call throws what the server refused";
  } catch (const parley::call_failed& failed) { EXPECT_EQ(failed.code(), errc::denied); }
  EXPECT_EQ(a.talk.add({.numbers = {9}}).value, 7);
}

TEST_P(EveryMedium, A_refusal_may_be_words_alone) {
  world w(GetParam());
  w.host->on_add = [](const Numbers& n, parley::call& call) -> parley::reply<Sum> {
    if (n.numbers.empty()) return call.fail("nothing to add");
    return call.fail(errc::denied, "not today");
  };
  w.start();
  guest a(w);
  const parley::error words = error_of(a.talk, {});
  EXPECT_EQ(words.code, errc::failed);
  EXPECT_EQ(words.message, "nothing to add");
  const parley::error both = error_of(a.talk, {.numbers = {1}});
  EXPECT_EQ(both.code, errc::denied);
  EXPECT_EQ(both.message, "not today");
}

TEST_P(WithSessions, A_refusal_is_a_value_of_the_enum_that_the_method_names) {
  events<std::string> logged;
  parley::server_options options;
  options.log = [&](parley::log_level level, std::string_view text) {
    if (level == parley::log_level::error) logged.put(std::string(text));
  };
  world w(GetParam(), std::move(options));
  w.host->on_add = [](const Numbers& n, parley::call& call) -> parley::reply<Sum> {
    if (n.numbers.size() == 1) return call.fail(Mood::GLAD);
    if (n.numbers.size() == 2) return call.fail(static_cast<Refusal>(77));
    parley::error passed_on{errc::failed, "of another call"};
    passed_on.reason_name = n.numbers.size() == 3 ? "MOOD_GLAD" : "REFUSAL_CLOSED";
    return passed_on;
  };
  w.host->on_touch = [](parley::call& call) -> parley::reply<> { return call.fail(Refusal::CLOSED); };
  w.start();
  guest a(w);
  for (const std::size_t count : {1U, 2U}) {
    const parley::error refused = error_of(a.talk, {.numbers = std::vector<double>(count)});
    EXPECT_EQ(refused.message, "the handler failed");
    EXPECT_EQ(refused.reason_name, "");
    EXPECT_EQ(logged.next(),
              "the handler of Talk.Add failed: call.fail: not a value of the enum that the schema gives in `errors` of Talk.Add");
  }
  const parley::error of_another = error_of(a.talk, {.numbers = {1, 2, 3}});
  EXPECT_EQ(of_another.message, "of another call");
  EXPECT_EQ(of_another.reason_name, "");
  EXPECT_EQ(error_of(a.talk, {.numbers = {1, 2, 3, 4}}).reason<Refusal>(), Refusal::CLOSED);
  EXPECT_EQ(a.talk.async_touch(asio::use_future).get().error().message, "the handler failed") << "a method without `errors`";
}

TEST_P(WithSessions, A_servers_call_can_be_cancelled_before_it_has_reached_its_loop) {
  world w(GetParam());
  events<parley::result<Ready>> ended;
  asio::cancellation_signal cancel;
  w.host->on_add = [&](const Numbers&, parley::call& call) -> parley::reply<Sum> {
    // The call is posted, so none of it has run when it is cancelled.
    w.host->peers.async_are_you_ready({}, parley::to::client{call.from().id},
                                      asio::bind_cancellation_slot(cancel.slot(), [&](auto r) { ended.put(std::move(r)); }));
    cancel.emit(asio::cancellation_type::terminal);
    return Sum{};
  };
  w.start();
  guest a(w);
  std::atomic<int> asked = 0;
  a.talk.on_are_you_ready([&](const Check&) {
    ++asked;
    return Ready{};
  });
  a.talk.add({});
  const auto outcome = ended.next();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, errc::cancelled);
  EXPECT_FALSE(outcome.error().maybe_done);
  a.talk.touch();
  EXPECT_EQ(asked, 0);
}

TEST_P(WithSessions, A_deadline_ends_the_call_for_the_caller_and_stops_the_handler) {
  world w(GetParam());
  events<bool> stopped;
  w.host->on_add = [&](const Numbers&, parley::call& call) -> parley::reply<Sum> {
    // A coroutine that waits forever unless it is interrupted.
    return [](parley::call& c, events<bool>& out) -> asio::awaitable<parley::result<Sum>> {
      asio::steady_timer timer(co_await asio::this_coro::executor, 1h);
      try {
        co_await timer.async_wait(asio::use_awaitable);
      } catch (const std::system_error&) {
        out.put(c.cancelled());
        throw;
      }
      co_return Sum{};
    }(call, stopped);
  };
  w.start();
  guest a(w);
  try {
    a.talk.with({.deadline = 20ms}).add({});
    FAIL();
  } catch (const parley::call_failed& late) { EXPECT_EQ(late.code(), errc::deadline_exceeded); }
  EXPECT_TRUE(stopped.next());
}

TEST_P(WithSessions, An_answer_may_come_later_from_any_thread) {
  world w(GetParam());
  w.start();
  guest a(w);
  auto future = a.talk.async_later({}, asio::use_future);
  auto call = w.host->waiting.next();
  std::thread([&] { call.answer->answer(Sum{.value = 5}); }).join();
  EXPECT_EQ(future.get().value().value, 5);

  auto dropped = a.talk.async_later({}, asio::use_future);
  w.host->waiting.next().answer.reset();
  EXPECT_EQ(dropped.get().error().code, errc::failed);
}

TEST_P(WithSessions, A_cancelled_call_completes_once_and_its_late_answer_is_nobodys) {
  world w(GetParam());
  w.start();
  guest a(w);
  for (int i = 0; i < 20; ++i) {
    asio::cancellation_signal cancel;
    std::promise<parley::error> completed;
    int times = 0;
    a.talk.async_later({}, asio::bind_cancellation_slot(cancel.slot(), asio::bind_executor(a.link.executor(), [&](parley::result<Sum> r) {
                                                          ++times;
                                                          completed.set_value(r ? parley::error{errc::invalid} : r.error());
                                                        })));
    auto call = w.host->waiting.next();
    asio::post(a.link.executor(), [&] { cancel.emit(asio::cancellation_type::terminal); });
    call.answer->answer(Sum{.value = 1});  // crosses the cancel on the way
    const parley::error e = completed.get_future().get();
    EXPECT_TRUE(e.code == errc::cancelled || e.code == errc::invalid) << e.message;
    EXPECT_EQ(a.talk.add({.numbers = {1}}).value, 1);
    EXPECT_EQ(times, 1);
  }
}

TEST_P(EveryMedium, Many_calls_in_flight_are_each_answered_with_their_own) {
  world w(GetParam());
  w.start();
  guest a(w);
  std::vector<std::future<parley::result<std::string>>> all;
  for (int i = 0; i < 200; ++i) all.push_back(a.talk.async_echo(std::to_string(i), asio::use_future));
  for (int i = 0; i < 200; ++i) EXPECT_EQ(all[static_cast<std::size_t>(i)].get().value(), std::to_string(i));
}

TEST_P(WithSessions, Too_many_calls_at_once_are_overloaded_and_the_rest_goes_on) {
  world w(GetParam(), {.max_calls = 4});
  w.start();
  guest a(w);
  std::vector<std::future<parley::result<Sum>>> running;
  for (int i = 0; i < 4; ++i) running.push_back(a.talk.async_later({}, asio::use_future));
  std::vector<Host::waiting_call> calls;
  for (int i = 0; i < 4; ++i) calls.push_back(w.host->waiting.next());
  EXPECT_EQ(a.talk.async_add({}, asio::use_future).get().error().code, errc::overloaded);
  for (auto& c : calls) c.answer->answer(Sum{.value = 2});
  for (auto& r : running) EXPECT_EQ(r.get().value().value, 2);
  EXPECT_EQ(a.talk.add({.numbers = {1}}).value, 1);
}

// Four payloads of 16 MiB reach the limit for the calls of one connection. The limit belongs to the
// connection and not to the payload.
TEST(HeldPayloads, Are_bounded_for_each_connection) {
  const std::string much(std::size_t{16} * 1024 * 1024, 'x');
  world w({carrier::loopback, parley::encoding::binary}, {.max_message = 2 * much.size()});
  events<std::shared_ptr<parley::later<Line>>> waiting;
  w.host->on_meet = [&](const Line&) {
    auto [reply, answer] = parley::defer<Line>();
    waiting.put(std::make_shared<parley::later<Line>>(std::move(answer)));
    return std::move(reply);
  };
  w.start();
  parley::client_options options = w.client_options();
  options.max_queue = 8 * much.size();
  guest a(w, options), other(w);
  std::vector<std::future<parley::result<Line>>> running;
  for (int i = 0; i < 4; ++i) running.push_back(a.talk.async_meet({.text = much}, asio::use_future));
  std::vector<std::shared_ptr<parley::later<Line>>> answers;
  for (int i = 0; i < 4; ++i) answers.push_back(waiting.next());
  const parley::error refused = a.talk.async_add({}, asio::use_future).get().error();
  EXPECT_EQ(refused.code, errc::overloaded);
  EXPECT_EQ(refused.message, "the running calls hold too much memory");
  EXPECT_FALSE(refused.maybe_done);
  EXPECT_EQ(other.talk.add({.numbers = {1}}).value, 1) << "another client's calls are its own";
  answers.front()->answer(Line{.text = "done"});
  EXPECT_EQ(running.front().get().value().text, "done");
  EXPECT_EQ(a.talk.add({.numbers = {1}}).value, 1);
  for (std::size_t i = 1; i < 4; ++i) answers[i]->answer(Line{});
  for (std::size_t i = 1; i < 4; ++i) EXPECT_TRUE(running[i].get());
}

TEST_P(WithSessions, The_server_asks_a_client_in_every_way) {
  world w(GetParam());
  w.start();
  guest a(w);
  a.talk.on_are_you_ready([](const Check& check) { return Ready{.accepted = check.seconds == 5}; });
  const parley::to::client whom{a.id};
  EXPECT_TRUE(w.host->peers.are_you_ready({.seconds = 5}, whom).accepted);
  EXPECT_FALSE(w.host->peers.async_are_you_ready({.seconds = 6}, whom, asio::use_future).get().value().accepted);

  a.talk.on_are_you_ready([](const Check&, parley::call& call) -> parley::reply<Ready> {
    return call.fail(parley::error{errc::denied, "not now"});
  });
  EXPECT_EQ(w.host->peers.async_are_you_ready({}, whom, asio::use_future).get().error().message, "not now");

  // A coroutine in a lambda with captures. The lambda lives as long as the call.
  auto answer = std::make_shared<bool>(true);
  a.talk.on_are_you_ready([answer](const Check&) -> asio::awaitable<parley::result<Ready>> {
    asio::steady_timer timer(co_await asio::this_coro::executor, 1ms);
    co_await timer.async_wait(asio::use_awaitable);
    co_return Ready{.accepted = *answer};
  });
  EXPECT_TRUE(w.host->peers.are_you_ready({}, whom).accepted);

  EXPECT_EQ(w.host->peers.async_are_you_ready({}, parley::to::client{"0b8c2a34-9f0e-4a7e-8f0e-2d1a5b6c7d8e"}, asio::use_future)
                .get()
                .error()
                .code,
            errc::unknown_target);
}

TEST_P(WithSessions, A_client_without_a_handler_answers_unimplemented) {
  world w(GetParam());
  w.start();
  guest a(w);
  EXPECT_EQ(w.host->peers.async_are_you_ready({}, parley::to::client{a.id}, asio::use_future).get().error().code, errc::unimplemented);
}

TEST_P(WithSessions, A_call_of_either_side_has_a_stub_and_a_handler_at_both) {
  world w(GetParam());
  w.start();
  guest a(w);
  a.talk.on_meet([](const Line& line) { return Line{.text = "client met " + line.text}; });
  EXPECT_EQ(a.talk.meet({.text = "me"}).text, "server met me");
  EXPECT_EQ(w.host->peers.meet({.text = "you"}, parley::to::client{a.id}).text, "client met you");
}

TEST_P(EveryMedium, A_payload_over_its_limit_is_refused_and_the_connection_stays) {
  world w(GetParam(), {.max_message = 1000});
  w.start();
  guest a(w);
  const std::string long_text(1500, 'x');
  EXPECT_EQ(a.talk.async_later({.numbers = std::vector<double>(500, 1.5)}, asio::use_future).get().error().code, errc::too_large);
  EXPECT_EQ(a.talk.echo(long_text), long_text) << "max_bytes of the method is larger than the connection's";
  EXPECT_EQ(a.talk.whisper({.text = std::string(5000, 'x')}), parley::sent::too_large);
}

TEST_P(EveryMedium, Bounds_of_fields_hold_in_the_decoder) {
  world w(GetParam());
  w.start();
  guest a(w);
  const parley::error e = error_of(a.talk, {.numbers = std::vector<double>(1001, 1)});
  EXPECT_EQ(e.code, errc::bad_payload);
  EXPECT_NE(e.message.find("$.numbers"), std::string::npos) << e.message;
  EXPECT_EQ(a.talk.add({.numbers = {1}}).value, 1);
}

TEST_P(WithSessions, Blocking_on_a_loop_thread_is_refused_at_once) {
  world w(GetParam());
  std::promise<std::error_code> at_server;
  w.host->on_add = [&](const Numbers&, parley::call& call) -> parley::reply<Sum> {
    try {
      w.host->peers.are_you_ready({}, parley::to::client{call.peer()});
    } catch (const parley::call_failed& refused) { at_server.set_value(refused.code()); }
    return Sum{};
  };
  w.start();
  guest a(w);
  a.talk.add({});
  EXPECT_EQ(at_server.get_future().get(), std::errc::resource_deadlock_would_occur);
  std::promise<std::error_code> at_client;
  a.talk.async_touch([&](parley::result<>) {
    try {
      a.talk.touch();
    } catch (const parley::call_failed& refused) { at_client.set_value(refused.code()); }
  });
  EXPECT_EQ(at_client.get_future().get(), std::errc::resource_deadlock_would_occur);
}

}  // namespace
}  // namespace talk::v1
