// Events and calls without a schema: against a server with a schema, and byte by byte against a
// server that does not know Parley.
#include "system/world.hpp"
#include "websocket/transport_recorder.hpp"

#include <parley/by_name.hpp>

#include <gmock/gmock.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace talk::v1;
using parley::encoding;
using parley::errc;
using parley::named_event;
using parley::transport::testing::recorder;
using testing::ElementsAre;
using testing::IsEmpty;

struct named_guest {
  named_guest(world& w, encoding e) : link(w.url(), w.client_options(e)), names(link) {
    names.on_event([this](const named_event& what, const parley::origin& from) { heard.put({what, from.id}); });
    link.on_error([this](const parley::error& why, std::string_view about) { errors.put({why, std::string(about)}); });
    link.connect();
    id = w.host->arrivals.next();
  }
  struct event {
    named_event what;
    std::string from;
  };
  struct complaint {
    parley::error why;
    std::string event;
  };
  events<event> heard;
  events<complaint> errors;
  std::string id;
  parley::client link;
  parley::by_name names;
};

struct ByName : EveryMedium {
  // The other clients use the encoding of the medium. This client uses JSON or plain JSON.
  ByName() : w(GetParam()), mine(GetParam().plain() ? encoding::plain : encoding::json) { w.start(); }
  world w;
  encoding mine;
};
INSTANTIATE_TEST_SUITE_P(Over, ByName, testing::ValuesIn(every_medium()), medium_name);

TEST_P(ByName, Events_go_to_stubs_and_come_from_them) {
  guest other(w);
  named_guest me(w, mine);
  ASSERT_TRUE(me.names.send({.name = "Talk.Say", .payload = R"( { "text" : "by name", "number": "7" } )"}, parley::to::others));
  const auto said = other.heard.next();
  EXPECT_EQ(said.line, (Line{.text = "by name", .number = 7}));
  EXPECT_EQ(said.from.id, me.id);

  other.talk.say({.text = "typed"}, parley::to::client(me.id));
  const auto heard = me.heard.next();
  EXPECT_EQ(heard.what.name, "Talk.Say");
  EXPECT_EQ(heard.what.payload, R"({"text":"typed"})");
  EXPECT_FALSE(heard.what.message);
  EXPECT_EQ(heard.from, other.id);
}

TEST_P(ByName, The_text_of_a_method_with_body_message_is_the_message) {
  guest other(w);
  named_guest me(w, mine);
  ASSERT_TRUE(me.names.send({.name = "Talk.Chat", .message = "hello"}));
  EXPECT_EQ(other.heard.next().line.text, "hello");
  other.talk.chat("and back");
  const auto heard = me.heard.next();
  EXPECT_EQ(heard.what.message, "and back");
  EXPECT_EQ(heard.what.payload, "null");
}

TEST_P(ByName, Calls_are_answered_and_refused_as_typed_ones_are) {
  named_guest me(w, mine);
  EXPECT_EQ(me.names.call({.name = "Talk.Add", .payload = R"({"numbers":[391,29]})", .reply = "add_result"}), R"({"value":420})");
  const auto refused = [&](parley::named_request request) {
    try {
      return parley::error{errc::failed, "answered: " + me.names.call(std::move(request))};
    } catch (const parley::call_failed& failed) { return failed.error(); }
  };
  const parley::error many = refused({.name = "Talk.Add", .payload = R"({"numbers":[1,2,3,4]})", .reply = "add_result"});
  EXPECT_TRUE(many.from_peer);
  EXPECT_EQ(many.message, "at most three");
  EXPECT_EQ(refused({.name = "Talk.Add", .payload = R"({"numbers":"x"})", .reply = "add_result"}).code, errc::bad_payload);
  EXPECT_EQ(refused({.name = "Talk.Nowhere"}).code, errc::unimplemented);
  EXPECT_EQ(refused({.name = "", .payload = "{}"}).code, errc::invalid);
  EXPECT_EQ(refused({.name = "Talk.Add", .payload = "{"}).code, errc::invalid);
}

TEST_P(ByName, What_the_server_refuses_is_told) {
  named_guest me(w, mine);
  ASSERT_TRUE(me.names.send({.name = "Talk.Report", .payload = R"({"text":5})"}));
  EXPECT_EQ(me.errors.next().why.code, errc::bad_payload);
  ASSERT_TRUE(me.names.send({.name = "Talk.Report", .payload = R"({"text":"fine"})"}));
  EXPECT_EQ(w.host->reports.next().text, "fine");
}

TEST_P(ByName, What_the_server_does_not_know_is_told_by_its_name) {
  named_guest me(w, mine);
  ASSERT_TRUE(me.names.send({.name = "Talk.Nowhere"}, parley::to::all));
  const auto told = me.errors.next();
  EXPECT_EQ(told.why.code, errc::unimplemented);
  EXPECT_THAT(mine == encoding::plain ? told.why.message : told.event, testing::StartsWith("Talk.Nowhere"));
}

TEST_P(ByName, Typed_and_named_handlers_hear_the_same_event) {
  guest other(w);
  named_guest me(w, mine);
  TalkClient typed(me.link);
  events<std::string> lines;
  typed.on_say([&](const Line& line) { lines.put(line.text); });
  other.talk.say({.text = "for both"}, parley::to::client(me.id));
  EXPECT_EQ(lines.next(), "for both");
  EXPECT_EQ(me.heard.next().what.name, "Talk.Say");
}

// The test itself plays the server, on one thread.
struct NamedPlain : testing::Test {
  NamedPlain() {
    door->start([this](std::shared_ptr<parley::transport::request> ask) {
      server = std::make_shared<recorder>();
      ask->accept("", server);
    });
    link.async_connect([](const parley::result<>& r) { EXPECT_TRUE(r); });
    settle();
  }
  ~NamedPlain() override {
    link.close();
    settle();
  }
  void settle() {
    io.restart();
    io.poll();
  }
  std::vector<std::string> arrived() {
    settle();
    std::vector<std::string> all;
    for (const auto& m : server->messages) all.push_back(m.content);
    server->messages.clear();
    return all;
  }

  asio::io_context io;
  parley::loopback network;
  std::shared_ptr<parley::transport::listener> door = network.listen(io.get_executor());
  std::shared_ptr<recorder> server;
  parley::client link{io.get_executor(), "mem://foreign", {.encoding = encoding::plain, .max_queue = 1000, .loopback = &network}};
  parley::by_name names{link};
};

TEST_F(NamedPlain, Writes_the_five_keys_and_an_id_of_no_call) {
  ASSERT_TRUE(names.send({.name = "greet", .payload = "[1,2]", .message = "both"}, parley::to::all));
  ASSERT_TRUE(names.send({.name = "msg"}));
  EXPECT_THAT(arrived(), ElementsAre(R"({"event_name":"greet","payload":[1,2],"to":"all","from_id":"server","message":"both","id":0})",
                                     R"({"event_name":"msg","payload":null,"to":"others","from_id":"server","message":null,"id":0})"));
}

TEST_F(NamedPlain, Refuses_what_cannot_be_sent_and_sends_nothing) {
  const auto code = [](const parley::result<>& r) { return r ? std::error_code() : r.error().code; };
  for (const char* name : {"", "error", "$ping", "\xff"}) EXPECT_EQ(code(names.send({.name = name})), errc::invalid) << name;
  EXPECT_EQ(code(names.send({.name = std::string(129, 'n')})), errc::invalid);
  for (const char* payload : {"", "{", "1 2", "{\"a\":1,}", "nope", "\"\xff\""})
    EXPECT_EQ(code(names.send({.name = "n", .payload = payload})), errc::invalid) << payload;
  EXPECT_EQ(code(names.send({.name = "n", .payload = std::string(65, '[') + std::string(65, ']')})), errc::invalid);
  EXPECT_EQ(code(names.send({.name = "n", .message = "\xff"})), errc::invalid);
  EXPECT_EQ(code(names.send({.name = "n", .payload = '"' + std::string(70'000, 'x') + '"'})), errc::too_large);
  ASSERT_TRUE(names.send({.name = "n", .message = std::string(900, 'm')}));
  EXPECT_EQ(code(names.send({.name = "n", .message = std::string(900, 'm')})), errc::overloaded) << "a message counts, too";
  EXPECT_THAT(arrived(), testing::SizeIs(1));
}

TEST_F(NamedPlain, Sends_what_is_typed_as_an_object) {
  ASSERT_TRUE(
      names.send_json(R"( {"to":"all", "more": [], "message":"\u00e4", "payload": {"n": 12345678901234567890}, "event_name":"MOVED"} )"));
  EXPECT_THAT(
      arrived(),
      ElementsAre(R"({"event_name":"MOVED","payload":{"n": 12345678901234567890},"to":"all","from_id":"server","message":"ä","id":0})"));
  ASSERT_TRUE(names.send_json(R"({"event_name":null,"payload":null,"to":null,"message":null})", "msg"));
  ASSERT_TRUE(names.send_json("{}", "msg"));
  const std::string nothing = R"({"event_name":"msg","payload":null,"to":"others","from_id":"server","message":null,"id":0})";
  EXPECT_THAT(arrived(), ElementsAre(nothing, nothing));

  const auto refused = [&](std::string_view typed) { return names.send_json(typed, "msg").error().code; };
  for (const char* typed : {"", "{", "{no}", "nothing", R"({"a":1} 2)", R"({"payload":[})"})
    EXPECT_EQ(refused(typed), errc::bad_frame) << typed;
  for (const char* typed :
       {"[]", "7", "\"text\"", "null", R"({"to":7})", R"({"message":{}})", R"({"event_name":true})", R"({"event_name":""})"})
    EXPECT_EQ(refused(typed), errc::invalid) << typed;
  for (const char* typed : {R"({"to":""})", R"({"to":"nobody:x"})"}) EXPECT_EQ(refused(typed), errc::unknown_target) << typed;
  EXPECT_EQ(names.send_json("{}").error().code, errc::invalid) << "nothing names it";
  EXPECT_THAT(arrived(), IsEmpty());
}

TEST_F(NamedPlain, Hears_everything_until_it_has_heard_enough) {
  std::vector<std::string> heard;
  auto until = names.on_event([&](const named_event& e, const parley::origin& from) {
    heard.push_back(from.id + ' ' + e.name + ' ' + e.payload + ' ' + e.message.value_or("-"));
  });
  settle();
  server->send(R"({"event_name":"a","payload":{"x": [NaN]},"to":"all","from_id":"someone","message":null})");
  server->send(R"({"event_name":"b","payload":null,"to":"all","from_id":"server","message":"text"})");
  settle();
  EXPECT_THAT(heard, ElementsAre(R"(someone a {"x": [NaN]} -)", " b null text"));
  until.cancel();
  settle();
  server->send(R"({"event_name":"c","payload":null,"to":"all","from_id":"server","message":null})");
  settle();
  EXPECT_THAT(heard, testing::SizeIs(2));
}

TEST_F(NamedPlain, Answers_are_found_by_their_name) {
  std::vector<std::string> answers;
  const auto note = [&](const parley::result<std::string>& r) { answers.push_back(r ? *r : r.error().message); };
  names.async_call({.name = "sum_event", .payload = "{}", .reply = "sum_result"}, note);
  names.async_call({.name = "sum_event", .payload = "{", .reply = "sum_result"}, note);
  EXPECT_THAT(answers, IsEmpty()) << "never inside the call that starts it";
  EXPECT_THAT(arrived(), testing::SizeIs(1));
  EXPECT_THAT(answers, ElementsAre("the payload is not JSON"));
  server->send(R"({"event_name":"sum_result","payload":3.0,"to":"me","from_id":"server","message":null})");
  settle();
  EXPECT_THAT(answers, ElementsAre("the payload is not JSON", "3.0"));
}

TEST_F(NamedPlain, A_client_asks_so_many_different_calls_and_no_more) {
  std::size_t refused = 0;
  for (int i = 0; i < 1030; ++i)
    names.async_call({.name = "call" + std::to_string(i)},
                     [&](const parley::result<std::string>& r) { refused += !r && r.error().code == errc::invalid ? 1 : 0; });
  link.close();
  settle();
  EXPECT_EQ(refused, 6u);
}

TEST(ByNameOptions, A_binary_client_has_no_names) {
  parley::loopback network;
  parley::client link("mem://nobody", {.loopback = &network});
  EXPECT_THROW(parley::by_name{link}, std::invalid_argument);
}

TEST(ByNameOptions, Outlives_its_client) {
  parley::loopback network;
  auto link = std::make_unique<parley::client>("mem://nobody", parley::client_options{.encoding = encoding::json, .loopback = &network});
  const parley::by_name names(*link);
  link.reset();
  const auto sent = names.send({.name = "late"});
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, errc::disconnected);
  try {
    names.call({.name = "late"});
    FAIL();
  } catch (const parley::call_failed& failed) { EXPECT_EQ(failed.error().code, errc::cancelled); }
}

}  // namespace
