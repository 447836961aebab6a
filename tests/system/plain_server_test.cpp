// Parley's client in plain mode against servers that do not know Parley: servers that answer too
// late, under a name that another method uses, with ids in their own form, or one call at a time.
// Also how the client learns its own id. The test plays the server and checks the bytes on the
// wire. It advances the time by hand.
#include "talk.client.hpp"
#include "websocket/transport_recorder.hpp"

#include <parley/by_name.hpp>
#include <parley/client.hpp>
#include <parley/loopback.hpp>

#include <gmock/gmock.h>
#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using namespace talk::v1;
using parley::errc;
using parley::transport::testing::recorder;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct PlainServer : testing::Test {
  explicit PlainServer(bool in_order = false)
      : link(io.get_executor(), "mem://foreign",
             {.encoding = parley::encoding::plain, .answers_in_order = in_order, .loopback = &network, .clock = clock}) {
    door->start([this](std::shared_ptr<parley::transport::request> ask) {
      EXPECT_THAT(ask->subprotocols, IsEmpty());
      server = std::make_shared<recorder>();
      ask->accept("", server);
    });
    link.on_error([this](const parley::error& e, std::string_view) { errors.push_back(e); });
    link.on_disconnected([this](const parley::error& why) { lost.push_back(why); });
    talk.on_say([this](const Line& line, const parley::origin& from) { heard.push_back(from.id + ": " + line.text); });
    connect();
  }
  ~PlainServer() override {
    link.close();
    settle();
  }

  void connect() {
    link.async_connect([](const parley::result<>& r) { EXPECT_TRUE(r); });
    settle();
  }
  void settle() {
    io.restart();
    io.poll();
  }
  void pass(std::chrono::milliseconds time) {
    clock->advance(time, [this] { settle(); });
  }
  // The frames that have arrived since the last call, as text.
  std::vector<std::string> asked() {
    settle();
    std::vector<std::string> all;
    for (const auto& m : server->messages) all.push_back(m.content);
    server->messages.clear();
    return all;
  }
  void say(const std::string& json) {
    server->send(json);
    settle();
  }

  using sum = std::optional<parley::result<Sum>>;
  std::shared_ptr<sum> add(double number, std::chrono::milliseconds deadline = 10s) {
    auto outcome = std::make_shared<sum>();
    talk.with({.deadline = deadline}).async_add({.numbers = {number}}, [outcome](parley::result<Sum> r) {
      EXPECT_FALSE(*outcome) << "completed twice";
      *outcome = std::move(r);
    });
    settle();
    return outcome;
  }
  using own_id = std::optional<parley::result<std::string>>;
  std::shared_ptr<own_id> learn_id(std::chrono::milliseconds deadline = 10s) {
    auto outcome = std::make_shared<own_id>();
    link.async_learn_id(
        [outcome](parley::result<std::string> id) {
          EXPECT_FALSE(*outcome) << "completed twice";
          *outcome = std::move(id);
        },
        {.deadline = deadline});
    settle();
    return outcome;
  }
  // The random text of the one search that was sent to `whom` since the last call.
  std::string searched(const std::string& whom) {
    const auto sent = asked();
    if (sent.size() != 1) return "sent " + std::to_string(sent.size());
    const std::string& frame = sent.front();
    EXPECT_THAT(frame, HasSubstr(R"({"event_name":"parley.own_id","payload":")"));
    EXPECT_THAT(frame, HasSubstr(R"(,"to":")" + whom + R"(","from_id":"server","message":null,"id":"parley.own_id"})"));
    return frame.substr(frame.find("payload") + 9, 38);
  }
  static std::string search(const std::string& text, const std::string& to, const std::string& from) {
    return R"({"event_name":"parley.own_id","payload":)" + text + R"(,"to":")" + to + R"(","from_id":")" + from + R"(","message":null})";
  }

  static testing::AssertionResult is(const std::shared_ptr<sum>& outcome, double value) {
    if (!*outcome) return testing::AssertionFailure() << "not completed";
    if (!**outcome) return testing::AssertionFailure() << (*outcome)->error().message;
    if ((**outcome)->value != value) return testing::AssertionFailure() << (**outcome)->value;
    return testing::AssertionSuccess();
  }

  asio::io_context io;
  parley::loopback network;
  std::shared_ptr<parley::manual_clock> clock = std::make_shared<parley::manual_clock>();
  std::shared_ptr<parley::transport::listener> door = network.listen(io.get_executor());
  std::shared_ptr<recorder> server;
  parley::client link;
  TalkClient talk{link};
  std::vector<std::string> heard;
  std::vector<parley::error> errors, lost;
};

TEST_F(PlainServer, An_id_that_reads_like_a_target_is_refused_here_and_never_sent) {
  for (const char* id : {"all", "others", "server", "sender"}) {
    SCOPED_TRACE(id);
    talk.say({.text = "for one"}, parley::to::client(id));
    EXPECT_THAT(asked(), IsEmpty());
    ASSERT_EQ(errors.size(), 1u);
    EXPECT_EQ(errors[0].code, errc::unknown_target);
    EXPECT_FALSE(errors[0].from_peer);
    errors.clear();
  }
  talk.say({.text = "for one"}, parley::to::client("somebody"));
  EXPECT_THAT(asked(), ElementsAre(HasSubstr(R"("to":"somebody")")));
}

TEST_F(PlainServer, A_server_without_ids_is_asked_one_thing_at_a_time) {
  const auto first = add(1), second = add(2);
  EXPECT_THAT(asked(), ElementsAre(AllOf(HasSubstr(R"("event_name":"Talk.Add")"), HasSubstr("[1]"))));
  say(R"({"event_name":"add_result","payload":{"value":1},"from_id":"server"})");
  EXPECT_TRUE(is(first, 1));
  EXPECT_FALSE(*second);
  EXPECT_THAT(asked(), ElementsAre(HasSubstr("[2]")));
  say(R"({"event_name":"add_result","payload":{"value":2},"from_id":"server"})");
  EXPECT_TRUE(is(second, 2));
}

TEST_F(PlainServer, What_other_clients_send_under_the_name_of_an_answer_is_none) {
  const auto asked_for = add(1);
  for (const char* from : {R"("somebody")", R"("0b8c2a34-9f0e-4a7e-8f0e-2d1a5b6c7d8e")", R"("Server")", R"("")"})
    say(std::string(R"({"event_name":"add_result","payload":{"value":666},"from_id":)") + from + "}");
  EXPECT_FALSE(*asked_for);
  EXPECT_TRUE(link.connected());
  say(R"({"event_name":"Talk.Say","payload":{"text":"still here"},"from_id":"somebody"})");
  EXPECT_THAT(heard, ElementsAre("somebody: still here"));
  say(R"({"event_name":"add_result","payload":{"value":1},"from_id":"server"})");
  EXPECT_TRUE(is(asked_for, 1));
}

TEST_F(PlainServer, An_overdue_answer_without_an_id_is_left_to_the_connection_it_belongs_to) {
  const auto late = add(1, 50ms);
  EXPECT_THAT(asked(), ElementsAre(HasSubstr("[1]")));
  pass(60ms);
  ASSERT_TRUE(*late);
  EXPECT_EQ((*late)->error().code, errc::deadline_exceeded);

  EXPECT_TRUE(errors.empty());
  ASSERT_EQ(lost.size(), 1u) << "only a fresh connection is sure not to take it for the next answer";
  EXPECT_EQ(server->why.code, 1000);

  connect();
  const auto next = add(2);
  EXPECT_THAT(asked(), ElementsAre(HasSubstr("[2]")));
  say(R"({"event_name":"add_result","payload":{"value":2},"from_id":"server"})");
  EXPECT_TRUE(is(next, 2));
}

TEST_F(PlainServer, With_ids_an_overdue_answer_is_swallowed_and_the_connection_stays) {
  const auto first = add(1);
  EXPECT_THAT(asked(), ElementsAre(HasSubstr(R"("id":1)")));
  say(R"({"event_name":"add_result","re":1,"payload":{"value":1},"from_id":"server"})");
  EXPECT_TRUE(is(first, 1));

  const auto late = add(2, 50ms);
  pass(60ms);
  ASSERT_TRUE(*late);
  EXPECT_EQ((*late)->error().code, errc::deadline_exceeded);
  const auto next = add(3), other = add(4);
  EXPECT_THAT(asked(), ElementsAre(HasSubstr(R"("id":2)"), HasSubstr(R"("id":3)"), HasSubstr(R"("id":4)")));
  say(R"({"event_name":"add_result","re":2,"payload":{"value":2},"from_id":"server"})");
  EXPECT_FALSE(*next);
  say(R"({"event_name":"add_result","re":4,"payload":{"value":4},"from_id":"server"})");
  EXPECT_FALSE(*next);
  EXPECT_TRUE(is(other, 4));
  say(R"({"event_name":"add_result","re":3,"payload":{"value":3},"from_id":"server"})");
  EXPECT_TRUE(is(next, 3));
  EXPECT_THAT(lost, IsEmpty());
}

TEST_F(PlainServer, An_answer_that_is_not_what_the_schema_says_fails_that_call_alone) {
  const auto wrong = add(1);
  say(R"({"event_name":"add_result","payload":{"value":"many"},"from_id":"server"})");
  ASSERT_TRUE(*wrong);
  EXPECT_EQ((*wrong)->error().code, errc::bad_payload);
  const auto right = add(2);
  say(R"({"event_name":"add_result","payload":{"value":2},"from_id":"server"})");
  EXPECT_TRUE(is(right, 2));
}

TEST_F(PlainServer, An_error_without_an_id_is_no_answer_once_the_server_has_repeated_ids) {
  const auto first = add(1);
  say(R"({"event_name":"add_result","re":1,"payload":{"value":1},"from_id":"server"})");
  const auto second = add(2);
  say(R"({"event_name":"error","payload":null,"to":"me","from_id":"server","message":"about an event"})");
  EXPECT_FALSE(*second);
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_EQ(errors[0].message, "about an event");
  say(R"({"event_name":"add_result","re":2,"payload":{"value":2},"from_id":"server"})");
  EXPECT_TRUE(is(second, 2));
}

TEST_F(PlainServer, An_error_about_an_event_ends_no_call_not_even_the_first) {
  talk.say({.text = "to nobody"}, parley::to::client("gone"));
  const auto first = add(1);
  EXPECT_THAT(asked(), ElementsAre(testing::EndsWith(R"("message":null,"id":0})"), HasSubstr(R"("id":1)")));
  say(R"({"event_name":"error","payload":null,"to":"me","from_id":"server","message":"nobody","re":0,"code":"unknown_target"})");
  EXPECT_FALSE(*first);
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_EQ(errors[0].code, errc::unknown_target);
  say(R"({"event_name":"add_result","re":1,"payload":{"value":1},"from_id":"server"})");
  EXPECT_TRUE(is(first, 1));
}

TEST_F(PlainServer, What_others_send_that_cannot_be_read_is_passed_over) {
  const std::string deep = std::string(200, '[') + std::string(200, ']');
  for (int i = 0; i < 20; ++i) {
    for (const std::string& frame :
         {std::string(R"({"event_name":"","payload":null,"to":"all","from_id":"somebody","message":null})"), std::string("no JSON"),
          R"({"event_name":"Talk.Say","payload":)" + deep + R"(,"to":"all","from_id":"somebody"})",
          R"({"event_name":")" + std::string(5000, 'x') + R"(","payload":null,"from_id":"somebody"})",
          std::string(R"({"event_name":"Talk.Add","payload":{},"from_id":"somebody"})"),
          std::string(R"({"event_name":"Talk.Say","payload":[1],"from_id":"somebody"})")})
      say(frame);
  }
  EXPECT_THAT(lost, IsEmpty());
  say(R"({"event_name":"Talk.Say","payload":{"text":"still here"},"from_id":"somebody"})");
  EXPECT_THAT(heard, ElementsAre("somebody: still here"));
}

// --- A server that answers in order.

struct PlainServerInOrder : PlainServer {
  PlainServerInOrder() : PlainServer(true) {}
  void answers(double value) {
    say(R"({"event_name":"add_result","payload":{"value":)" + std::to_string(value) + R"(},"to":"me","from_id":"server","message":null})");
  }
};

TEST_F(PlainServerInOrder, Is_asked_many_things_at_once) {
  const auto first = add(1), second = add(2), third = add(3);
  EXPECT_EQ(asked().size(), 3u);
  answers(1);
  say(R"({"event_name":"error","payload":null,"to":"me","from_id":"server","message":"not that one"})");
  EXPECT_TRUE(is(first, 1));
  ASSERT_TRUE(*second);
  EXPECT_EQ((*second)->error().code, errc::failed);
  EXPECT_EQ((*second)->error().message, "not that one");
  EXPECT_TRUE((*second)->error().from_peer);
  EXPECT_FALSE(*third);
  answers(3);
  EXPECT_TRUE(is(third, 3));
}

TEST_F(PlainServerInOrder, An_overdue_answer_is_swallowed_and_the_connection_stays) {
  const auto late = add(1, 50ms), next = add(2);
  pass(60ms);
  ASSERT_TRUE(*late);
  EXPECT_EQ((*late)->error().code, errc::deadline_exceeded);
  answers(1);
  EXPECT_FALSE(*next);
  answers(2);
  EXPECT_TRUE(is(next, 2));
  EXPECT_THAT(lost, IsEmpty());
  EXPECT_TRUE(errors.empty());
}

TEST_F(PlainServerInOrder, What_was_passed_over_swallows_nothing) {
  const auto never = add(1, 50ms);
  auto met = std::make_shared<std::optional<parley::result<Line>>>();
  talk.async_meet({.text = "you"}, [met](parley::result<Line> line) { *met = std::move(line); });
  pass(60ms);
  EXPECT_EQ((*never)->error().code, errc::deadline_exceeded);
  say(R"({"event_name":"Talk.Meet","payload":{"text":"me"},"to":"me","from_id":"server","message":null})");
  ASSERT_TRUE(*met);
  EXPECT_EQ((**met)->text, "me");
  const auto next = add(2);
  answers(2);
  EXPECT_TRUE(is(next, 2));
}

TEST_F(PlainServerInOrder, That_answers_nothing_any_more_loses_the_connection_in_the_end) {
  for (int i = 0; i < 255; ++i) (void)add(i, 50ms);
  pass(60ms);
  EXPECT_THAT(lost, IsEmpty());
  (void)add(255, 50ms);
  pass(60ms);
  EXPECT_EQ(lost.size(), 1u);
}

// --- The client's own id.

TEST_F(PlainServer, An_answer_tells_a_client_its_own_id) {
  EXPECT_EQ(link.id(), "");
  const auto first = add(1);
  say(R"({"event_name":"Talk.Say","payload":{"text":"hi"},"to":"no-answer","from_id":"server"})");
  EXPECT_EQ(link.id(), "");
  say(R"({"event_name":"add_result","payload":{"value":1},"to":"4b31","from_id":"server","message":null})");
  EXPECT_TRUE(is(first, 1));
  EXPECT_EQ(link.id(), "4b31");
  asked();
  const auto known = learn_id();
  EXPECT_THAT(asked(), IsEmpty()) << "nobody needs to be asked";
  ASSERT_TRUE(*known);
  EXPECT_EQ(**known, std::string("4b31"));
}

TEST_F(PlainServer, An_error_tells_a_client_its_own_id) {
  say(R"({"event_name":"error","payload":null,"to":"4b31","from_id":"server","message":"malformed"})");
  EXPECT_EQ(link.id(), "4b31");
}

TEST_F(PlainServer, An_answer_to_everybody_names_nobody) {
  const auto first = add(1);
  say(R"({"event_name":"add_result","payload":{"value":1},"to":"all","from_id":"server","message":null})");
  EXPECT_TRUE(is(first, 1));
  EXPECT_EQ(link.id(), "");
}

TEST_F(PlainServer, What_is_addressed_to_one_id_and_comes_back_was_addressed_to_this_client) {
  const auto id = learn_id(), again = learn_id();
  const std::string text = searched("all");
  say(search(text, "all", "4b31"));
  EXPECT_EQ(link.id(), "") << "not yet certain";
  EXPECT_EQ(searched("4b31"), text);
  say(search(text, "all", "4b31"));
  EXPECT_THAT(asked(), IsEmpty()) << "asked once";
  say(search(text, "4b31", "4b31"));
  ASSERT_TRUE(*id && *again);
  EXPECT_EQ(**id, std::string("4b31"));
  EXPECT_EQ(**again, std::string("4b31"));
  EXPECT_EQ(link.id(), "4b31");
  EXPECT_TRUE(errors.empty());
}

TEST_F(PlainServer, Another_client_that_repeats_the_search_is_not_believed) {
  const auto id = learn_id();
  const std::string text = searched("all");
  say(search(text, "all", "somebody"));
  EXPECT_EQ(searched("somebody"), text);
  say(search(text, "4b31", "somebody"));
  say(search("\"another text\"", "all", "4b31"));
  say(search(text, "all", "server"));
  EXPECT_EQ(link.id(), "");
  EXPECT_THAT(asked(), IsEmpty());
  say(search(text, "all", "4b31"));
  EXPECT_EQ(searched("4b31"), text);
  say(search(text, "4b31", "4b31"));
  ASSERT_TRUE(*id);
  EXPECT_EQ(**id, std::string("4b31"));
}

TEST_F(PlainServer, A_search_stays_beside_the_calls_and_is_given_up_in_its_time) {
  const auto id = learn_id(50ms);
  searched("all");
  const auto first = add(1);
  EXPECT_THAT(asked(), ElementsAre(HasSubstr("[1]")));
  say(R"({"event_name":"error","payload":null,"to":"all","from_id":"server","message":"for the call"})");
  ASSERT_TRUE(*first);
  EXPECT_EQ((*first)->error().message, "for the call");
  EXPECT_FALSE(*id);
  pass(60ms);
  ASSERT_TRUE(*id);
  EXPECT_EQ((*id)->error().code, errc::deadline_exceeded);
  EXPECT_THAT(lost, IsEmpty());
  const auto next = learn_id();
  searched("all");
  server->link->close(1000, "");
  settle();
  ASSERT_TRUE(*next);
  EXPECT_EQ((*next)->error().code, errc::disconnected);
}

TEST_F(PlainServer, A_server_that_refuses_to_relay_the_search_tells_the_id_by_that) {
  const auto id = learn_id();
  searched("all");
  say(R"({"event_name":"error","payload":null,"to":"4b31","from_id":"server","message":"unknown event","re":"parley.own_id"})");
  ASSERT_TRUE(*id);
  EXPECT_EQ(**id, std::string("4b31"));
  EXPECT_TRUE(errors.empty());
}

TEST_F(PlainServer, Searches_of_others_are_not_heard) {
  say(search("\"text\"", "all", "somebody"));
  say(search("\"text\"", "4b31", "somebody"));
  EXPECT_TRUE(errors.empty());
  EXPECT_THAT(asked(), IsEmpty());
  EXPECT_EQ(link.id(), "");
}

TEST_F(PlainServer, A_search_can_be_cancelled) {
  asio::cancellation_signal stop;
  auto outcome = std::make_shared<own_id>();
  link.async_learn_id(asio::bind_cancellation_slot(stop.slot(), [outcome](parley::result<std::string> id) { *outcome = std::move(id); }));
  settle();
  stop.emit(asio::cancellation_type::terminal);
  settle();
  ASSERT_TRUE(*outcome);
  EXPECT_EQ((*outcome)->error().code, errc::cancelled);
}

TEST(PlainServersLimit, Is_an_option_because_nobody_says_it) {
  asio::io_context io;
  parley::loopback network;
  const auto door = network.listen(io.get_executor(), {.max_message = 1'000'000});
  std::shared_ptr<recorder> server;
  door->start([&](std::shared_ptr<parley::transport::request> ask) { ask->accept("", server = std::make_shared<recorder>()); });
  const auto settle = [&] {
    io.restart();
    io.poll();
  };
  const Line large{.text = std::string(100'000, 'x')};
  const Line larger{.text = std::string(200'000, 'x')};
  for (const bool said : {false, true}) {
    parley::client_options options{.encoding = parley::encoding::plain, .loopback = &network};
    if (said) options.peer_max_message = 150'000;
    parley::client link{io.get_executor(), "mem://foreign", options};
    const TalkClient talk(link);
    const auto expected = said ? parley::sent::queued : parley::sent::too_large;
    EXPECT_EQ(talk.say(large, parley::to::others), expected) << "before anybody answers";
    link.async_connect([](const parley::result<>& r) { EXPECT_TRUE(r); });
    settle();
    EXPECT_EQ(talk.say(large, parley::to::others), expected);
    EXPECT_EQ(talk.say(larger, parley::to::others), parley::sent::too_large);
    std::optional<std::error_code> outcome;
    const std::string payload = '"' + larger.text + '"';
    parley::by_name(link).async_call({.name = "call", .payload = payload, .reply = "answer"},
                                     [&](const parley::result<std::string>& r) { outcome = r.error().code; });
    settle();
    EXPECT_EQ(outcome, std::error_code(errc::too_large));
    EXPECT_EQ(server->messages.size(), said ? 2u : 0u);
    link.close();
    settle();
  }
}

}  // namespace
