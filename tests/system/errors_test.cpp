// The conditions of docs/errors.md, for a typed client, a client without a schema and a raw
// connection.
#include "held_port.hpp"
#include "system/world.hpp"

#include <parley/by_name.hpp>
#include <parley/raw.hpp>
#include <parley/transport/websocket.hpp>

#include <gmock/gmock.h>

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/use_future.hpp>

#include <future>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace talk::v1;
using parley::condition;
using parley::errc;
using testing::HasSubstr;

// A port that accepts connections and never answers.
struct silent_port {
  silent_port() : accepting(io, {asio::ip::make_address("127.0.0.1"), 0}) {}
  std::string url() const { return "ws://127.0.0.1:" + std::to_string(accepting.local_endpoint().port()) + "/"; }
  asio::io_context io;
  asio::ip::tcp::acceptor accepting;
};

// Answers every upgrade with the given status.
struct refusing_server {
  explicit refusing_server(int status) {
    auto made = parley::transport::websocket_listen(io.get_executor(), {});
    listening = made.value();
    listening->start([status](std::shared_ptr<parley::transport::request> ask) { ask->reject(status, "go away: a secret"); });
    thread = std::thread([this] { io.run(); });
  }
  ~refusing_server() {
    listening->stop();
    io.stop();
    thread.join();
  }
  std::string url() const { return "ws://127.0.0.1:" + std::to_string(listening->port()) + "/"; }
  asio::io_context io;
  std::shared_ptr<parley::transport::listener> listening;
  std::thread thread;
};

template <class F>
parley::error error_of(F f) {
  try {
    f();
  } catch (const parley::call_failed& failed) { return failed.error(); }
  return {errc::failed, "nothing was thrown"};
}

struct Errors : EveryMedium {};
INSTANTIATE_TEST_SUITE_P(Over, Errors, testing::ValuesIn(every_medium()), medium_name);

// --- Not connected.

TEST_P(Errors, Not_connected) {
  world w(GetParam());
  w.start();
  guest a(w, without_reconnecting(w.client_options()));
  w.server->stop();
  w.server->join();
  a.lost.next();
  const parley::error call = error_of([&] { a.talk.add({}); });
  EXPECT_EQ(call.code, errc::disconnected);
  EXPECT_TRUE(call == condition::gone);
  EXPECT_TRUE(call == condition::retryable);
  EXPECT_FALSE(call.maybe_done);
  EXPECT_FALSE(call.code == condition::retryable) << "a code alone does not know whether anything has left";
  EXPECT_EQ(a.talk.say({.text = "nobody"}), parley::sent::closed);
}

TEST(RawErrors, Not_connected) {
  silent_port nobody;
  parley::raw_connection ws{nobody.url()};
  ws.close();
  EXPECT_EQ(error_of([&] { ws.send("late"); }).code, errc::cancelled);
  EXPECT_EQ(error_of([&] { ws.receive(); }).code, errc::cancelled);
  EXPECT_EQ(ws.try_send("late").error().code, errc::disconnected);
}

// --- Refused.

TEST(ClientErrors, Refused_by_the_machine) {
  const held_port nobody;
  const std::string url = "ws://" + nobody.address() + "/";
  parley::client link{url};
  parley::raw_connection raw{url};
  for (const parley::error& why : {error_of([&] { link.connect(); }), error_of([&] { raw.connect(); })}) {
    EXPECT_EQ(why.code, errc::disconnected);
    EXPECT_FALSE(why.from_peer);
  }
}

TEST(ClientErrors, Refused_by_the_server) {
  for (const auto& [status, code] : {std::pair{401, errc::unauthenticated},
                                     {403, errc::denied},
                                     {404, errc::unimplemented},
                                     {400, errc::version_mismatch},
                                     {429, errc::overloaded},
                                     {503, errc::overloaded},
                                     {500, errc::disconnected}}) {
    SCOPED_TRACE(status);
    refusing_server server(status);
    parley::client link{server.url()};
    parley::raw_connection raw{server.url()};
    for (const parley::error& why : {error_of([&] { link.connect(); }), error_of([&] { raw.connect(); })}) {
      EXPECT_EQ(why.code, code);
      EXPECT_THAT(why.message, HasSubstr(std::to_string(status)));
      EXPECT_THAT(why.message, testing::Not(HasSubstr("secret")));
    }
  }
}

// --- Timed out.

TEST(ClientErrors, Connecting_timed_out) {
  silent_port silent;
  parley::client link{silent.url(), {.connect_timeout = std::chrono::milliseconds(30)}};
  parley::raw_connection raw{silent.url(), {.connect_timeout = std::chrono::milliseconds(30)}};
  for (const parley::error& why : {error_of([&] { link.connect(); }), error_of([&] { raw.connect(); })}) {
    EXPECT_EQ(why.code, errc::deadline_exceeded);
    EXPECT_TRUE(why == condition::retryable);
    EXPECT_FALSE(why == condition::gone);
  }
}

TEST_P(Errors, A_call_timed_out) {
  world w(GetParam());
  w.start();
  guest a(w);
  EXPECT_EQ(error_of([&] { a.talk.with({.deadline = 20ms}).later({}); }).code, errc::deadline_exceeded);
}

// --- Worth another attempt.

MATCHER_P(IsUnanswered, code, "") { return arg.code == code && arg.maybe_done && !(arg == condition::retryable); }
MATCHER_P(IsUnansweredAndRepeatable, code, "") { return arg.code == code && arg.maybe_done && arg == condition::retryable; }
MATCHER_P(HasNeverLeft, code, "") { return arg.code == code && !arg.maybe_done && arg == condition::retryable; }

TEST_P(Errors, What_may_have_arrived_is_repeated_only_if_the_schema_says_so) {
  world w(GetParam());
  w.start();
  guest a(w, without_reconnecting(w.client_options()));
  a.talk.add({});                                             // a plain client learns here that several calls may be in flight
  const TalkClient hasty = a.talk.with({.deadline = 300ms});  // on a busy machine, the request needs time to leave
  EXPECT_THAT(error_of([&] { hasty.later({}); }), IsUnanswered(errc::deadline_exceeded));
  EXPECT_THAT(error_of([&] { hasty.look({}); }), IsUnansweredAndRepeatable(errc::deadline_exceeded));
  w.host->waiting.next();
  w.host->waiting.next();

  auto later = a.talk.async_later({}, asio::use_future);
  auto look = a.talk.async_look({}, asio::use_future);
  const auto held = w.host->waiting.next(), held_too = w.host->waiting.next();
  w.server->stop();
  EXPECT_THAT(later.get().error(), IsUnanswered(errc::disconnected));
  EXPECT_THAT(look.get().error(), IsUnansweredAndRepeatable(errc::disconnected));
}

TEST(ClientErrors, What_waited_for_the_link_has_never_left) {
  silent_port silent;
  parley::client link{silent.url()};
  const TalkClient talk{link};
  EXPECT_THAT(error_of([&] { talk.with({.deadline = 20ms}).later({}); }), HasNeverLeft(errc::deadline_exceeded));
  const held_port nobody;
  parley::client refused{"ws://" + nobody.address() + "/"};
  EXPECT_THAT(error_of([&] { TalkClient{refused}.later({}); }), HasNeverLeft(errc::disconnected));
}

TEST(ClientErrors, What_is_taken_back_out_of_a_queue_has_never_left) {
  world w({carrier::loopback, parley::encoding::binary});
  w.start();
  guest a(w);
  w.network.hold();  // the messages exceed what a transport accepts at once
  auto large = a.talk.async_echo(std::string(100'000, 'x'), asio::use_future);
  EXPECT_THAT(error_of([&] { a.talk.with({.deadline = 20ms}).later({}); }), HasNeverLeft(errc::deadline_exceeded));
  auto queued = a.talk.async_later({}, asio::use_future);
  a.link.close();
  EXPECT_THAT(large.get().error().maybe_done, true);
  EXPECT_FALSE(queued.get().error().maybe_done);
  w.network.release();
}

TEST(ClientErrors, A_plain_call_that_waits_for_the_one_before_has_never_left) {
  world w({carrier::websocket, parley::encoding::plain});
  w.start();
  guest a(w);
  auto first = a.talk.async_later({}, asio::use_future);
  const auto held = w.host->waiting.next();
  EXPECT_THAT(error_of([&] { a.talk.with({.deadline = 20ms}).touch(); }), HasNeverLeft(errc::deadline_exceeded));
  w.server->stop();
  EXPECT_THAT(first.get().error(), IsUnanswered(errc::disconnected));
}

TEST(ServerErrors, What_a_slow_client_was_not_asked_any_more_has_never_left) {
  world w({carrier::loopback, parley::encoding::json}, {.max_queue = 200'000});
  w.start();
  guest a(w);
  w.network.hold();
  std::vector<std::future<parley::result<Line>>> asked;
  for (int i = 0; i < 4; ++i)
    asked.push_back(w.host->peers.async_meet({.text = std::string(60'000, 'x')}, parley::to::client{a.id}, asio::use_future));
  for (std::size_t i = 2; i < 4; ++i) {  // two fill the transport, the third waits, and the fourth finds no room
    ASSERT_EQ(asked[i].wait_for(5s), std::future_status::ready) << i;
    EXPECT_THAT(asked[i].get().error(), HasNeverLeft(errc::disconnected)) << i;
  }
  w.network.release();
}

TEST_P(Errors, An_answer_that_is_too_large_was_made_all_the_same) {
  world w(GetParam());
  w.start();
  auto options = w.client_options();
  options.max_message = 1000;
  guest a(w, options);
  const parley::error why = error_of([&] { a.talk.meet({.text = std::string(1500, 'x')}); });
  EXPECT_TRUE(why.maybe_done) << why.message;
  EXPECT_FALSE(why == condition::retryable);
  EXPECT_THAT(why.message, HasSubstr("1000"));
  if (!GetParam().plain()) { EXPECT_EQ(why.code, errc::failed); }
}

TEST_P(Errors, An_answer_that_refuses_is_clear_and_one_that_gives_up_is_not) {
  world w(GetParam());
  w.host->on_add = [](const Numbers& n, parley::call& call) -> parley::reply<Sum> {
    switch (static_cast<int>(n.numbers.at(0))) {
      case 1:
        return errc::denied;
      case 2:
        return errc::overloaded;
      case 3:
        return errc::disconnected;  // for example from a call that the handler made itself
      case 4:
        throw std::runtime_error("half of it is done");
      default:
        return call.fail(Refusal::CLOSED);
    }
  };
  w.start();
  guest a(w);
  const auto ask = [&](double which) { return error_of([&] { a.talk.add({.numbers = {which}}); }); };
  EXPECT_FALSE(ask(1).maybe_done);
  EXPECT_THAT(ask(2), HasNeverLeft(errc::overloaded));
  EXPECT_THAT(ask(3), IsUnanswered(errc::disconnected));
  EXPECT_THAT(ask(4), IsUnanswered(errc::failed));
  if (!GetParam().plain()) { EXPECT_FALSE(ask(5).maybe_done); }
}

TEST(ServerErrors, A_clients_answer_that_does_not_come_may_have_been_made) {
  world w({carrier::websocket, parley::encoding::json});
  w.start();
  guest a(w);
  auto [reply, answer] = parley::defer<Ready>();
  auto never = std::make_shared<parley::reply<Ready>>(std::move(reply));
  events<int> asked;
  a.talk.on_are_you_ready([&asked, never](const Check&) -> parley::reply<Ready> {
    asked.put(1);
    return std::move(*never);
  });
  a.talk.touch();
  auto pending = w.host->peers.async_are_you_ready({}, parley::to::client{a.id}, asio::use_future);
  asked.next();
  a.link.close();
  EXPECT_THAT(pending.get().error(), IsUnanswered(errc::disconnected));
}

TEST(RawErrors, What_was_asked_without_an_answer_may_have_been_done) {
  world w({carrier::websocket, parley::encoding::plain});
  w.start();
  parley::raw_connection ws{w.url(), {.receive_timeout = 20ms}};
  ws.connect();                                                              // may take longer than the timeout
  const std::string event = R"({"event_name":"Talk.Report","payload":{}})";  // an event has no answer
  EXPECT_THAT(error_of([&] { ws.ask(event); }), IsUnanswered(errc::deadline_exceeded));
  EXPECT_THAT(error_of([&] { ws.receive_within(10ms); }), HasNeverLeft(errc::deadline_exceeded));
}

TEST(RawErrors, Receiving_timed_out_and_lost_nothing) {
  parley::server server{{}};
  server.start();
  parley::raw_connection ws{"ws://127.0.0.1:" + std::to_string(server.port()) + "/ws"};
  ws.connect();
  EXPECT_EQ(error_of([&] { ws.receive_within(10ms); }).code, errc::deadline_exceeded);
  ws.send("{");
  EXPECT_THAT(std::string(ws.receive().text()), HasSubstr(R"("event_name":"error")"));
}

// --- Closed.

TEST_P(Errors, Closed_by_the_other_end) {
  world w(GetParam());
  w.host->on_say = [](const Line&, parley::event& event) {
    event.peer().close("no more of this");
    return parley::relay::drop;
  };
  w.start();
  guest a(w);
  auto open = a.talk.async_later({}, asio::use_future);
  a.talk.say({.text = "what?"});
  const parley::error why = a.lost.next();
  EXPECT_EQ(why.code, errc::disconnected);
  EXPECT_TRUE(why.from_peer);
  EXPECT_THAT(why.message, HasSubstr("no more of this"));
  const auto ended = open.get();
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().code, errc::disconnected);
  EXPECT_TRUE(ended.error().from_peer);
}

TEST_P(Errors, Closed_here) {
  world w(GetParam());
  w.start();
  guest a(w);
  auto open = a.talk.async_later({}, asio::use_future);
  const auto held = w.host->waiting.next();  // a handler that is dropped without an answer counts as failed
  a.link.close();
  EXPECT_EQ(open.get().error().code, errc::cancelled);
  EXPECT_EQ(error_of([&] { a.talk.add({}); }).code, errc::cancelled);
  EXPECT_EQ(a.talk.say({}), parley::sent::closed);
}

TEST(RawErrors, Closed_by_the_other_end) {
  world w({carrier::websocket, parley::encoding::plain});
  w.host->on_connected = [](parley::peer& peer) { peer.close("go"); };
  w.start();
  parley::raw_connection ws{w.url()};
  const parley::error why = error_of([&] {
    for (;;) ws.receive();
  });
  EXPECT_EQ(why.code, errc::disconnected);
  EXPECT_EQ(ws.close_code(), 4012);
  EXPECT_EQ(ws.close_reason(), "go");
}

// --- Malformed.

// An invalid frame of one client is answered to that client alone. The client stays connected, and
// its next event reaches all others.
TEST(ServerErrors, Malformed_frames_are_answered_and_cost_nobody_anything) {
  for (const carrier over : {carrier::websocket, carrier::threads}) {
    world w({over, parley::encoding::plain});
    w.start();
    guest other(w);
    parley::raw_connection wrong{w.url()};
    wrong.connect();
    w.host->arrivals.next();
    for (const char* frame :
         {"{", "[]", "5", "\"text\"", "", R"({"payload":1})", R"({"event_name":7})", R"({"event_name":"Talk.Say","to":5})",
          R"({"event_name":"Talk.Report","payload":{"text":1}})", R"({"event_name":"Talk.Say","payload":{"text":"x"},"to":"nobody"})"}) {
      SCOPED_TRACE(frame);
      const std::string answer(wrong.ask(frame).text());
      EXPECT_THAT(answer, testing::StartsWith(R"({"event_name":"error","payload":null,"to":")"));
      EXPECT_THAT(answer, HasSubstr(R"("from_id":"server","message":")"));
    }
    EXPECT_TRUE(wrong.open());
    other.talk.say({.text = "everybody"}, parley::to::all);
    EXPECT_EQ(other.heard.next().line.text, "everybody");
    EXPECT_THAT(std::string(wrong.receive().text()), HasSubstr("everybody"));
    EXPECT_TRUE(other.errors.empty());
  }
}

TEST_P(Errors, A_malformed_payload_is_the_senders_error) {
  world w(GetParam());
  w.start();
  guest a(w);
  parley::client_options options = w.client_options(GetParam().plain() ? parley::encoding::plain : parley::encoding::json);
  parley::client link(w.url(), std::move(options));
  const parley::by_name names(link);
  events<parley::error> told;
  link.on_error([&](const parley::error& e, std::string_view) { told.put(e); });
  const parley::error call = error_of([&] { names.call({.name = "Talk.Add", .payload = R"({"numbers":{}})", .reply = "add_result"}); });
  EXPECT_EQ(call.code, errc::bad_payload);
  EXPECT_TRUE(call.from_peer);
  EXPECT_TRUE(call.code == condition::peer_at_fault);
  EXPECT_TRUE(names.send({.name = "Talk.Report", .payload = "[]"}));
  EXPECT_TRUE(told.next().from_peer);
  EXPECT_EQ(a.talk.add({.numbers = {1, 2}}).value, 3) << "nobody else notices";
}

// --- A handler fails.

TEST_P(Errors, A_handler_that_fails_says_nothing_of_why) {
  world w(GetParam());
  w.host->on_add = [](const Numbers&, parley::call&) -> parley::reply<Sum> { throw std::runtime_error("a secret"); };
  w.host->on_say = [](const Line&, parley::event&) -> parley::relay { throw std::runtime_error("a secret"); };
  w.start();
  guest a(w), b(w);
  const parley::error call = error_of([&] { a.talk.add({}); });
  EXPECT_EQ(call.code, errc::failed);
  EXPECT_EQ(call.message, "the handler failed");
  EXPECT_TRUE(call.from_peer);
  a.talk.say({.text = "x"});
  const auto event = a.errors.next();
  EXPECT_EQ(event.error.code, errc::failed);
  EXPECT_EQ(event.error.message, GetParam().plain() ? "Talk.Say: the handler failed (failed)" : "the handler failed");
  EXPECT_TRUE(b.heard.empty());
  a.talk.touch();
  w.host->touches.next();
}

TEST_P(Errors, The_servers_log_is_told_what_a_handler_threw) {
  events<std::string> logged;
  parley::server_options options;
  options.log = [&](parley::log_level level, std::string_view text) {
    if (level == parley::log_level::error) logged.put(std::string(text));
  };
  world w(GetParam(), std::move(options));
  w.host->on_add = [](const Numbers&, parley::call&) -> parley::reply<Sum> { throw std::runtime_error("a secret"); };
  w.host->on_say = [](const Line&, parley::event&) -> parley::relay { throw std::runtime_error("a secret"); };
  w.start();
  guest a(w);
  error_of([&] { a.talk.add({}); });
  EXPECT_EQ(logged.next(), "the handler of Talk.Add failed: a secret");
  a.talk.say({.text = "x"});
  EXPECT_EQ(logged.next(), "the handler of Talk.Say failed: a secret");
  w.host->on_add = [](const Numbers&, parley::call&) -> parley::reply<Sum> { throw 7; };
  error_of([&] { a.talk.add({}); });
  EXPECT_EQ(logged.next(), "the handler of Talk.Add failed");
}

TEST_P(Errors, A_clients_own_handler_that_fails_is_told_to_that_client) {
  world w(GetParam());
  w.start();
  guest a(w), b(w);
  b.talk.on_say([](const Line&) { throw std::runtime_error("a secret"); });
  b.talk.touch();  // once this is answered, the handler is set
  a.talk.say({.text = "x"});
  const auto told = b.errors.next();
  EXPECT_EQ(told.error.code, errc::failed);
  EXPECT_FALSE(told.error.from_peer);
  EXPECT_EQ(told.event, "Talk.Say");
  EXPECT_EQ(b.heard.next().line.text, "x") << "the other handler hears it all the same";
}

TEST_P(Errors, What_is_told_of_errors_may_fail_itself) {
  world w(GetParam());
  w.start();
  events<std::string> logged;
  parley::client_options options = w.client_options();
  options.log = [&](parley::log_level level, std::string_view text) {
    if (level == parley::log_level::error) logged.put(std::string(text));
  };
  parley::client link(w.url(), std::move(options));
  TalkClient talk(link);
  talk.on_say([](const Line&) { throw std::runtime_error("a secret"); });
  link.on_error([](const parley::error&, std::string_view) { throw std::runtime_error("a secret"); });
  link.on_disconnected([](const parley::error&) { throw std::runtime_error("a secret"); });
  talk.touch();
  talk.say({.text = "x"}, parley::to::all);
  EXPECT_EQ(logged.next(), "the handler of Talk.Say failed: a secret");
  EXPECT_EQ(logged.next(), "the handler of on_error failed");
  w.server->stop();
  EXPECT_EQ(logged.next(), "the handler of on_disconnected failed");
}

}  // namespace
