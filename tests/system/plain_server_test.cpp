// Our client in plain mode against servers that know nothing of Parley: what they answer too late, under a name that others use, or with
// ids of a form of their own. The server here is the test itself, which says what stands on the wire; time is turned by hand.
#include "talk.client.hpp"
#include "websocket/transport_recorder.hpp"

#include <parley/client.hpp>
#include <parley/loopback.hpp>

#include <gmock/gmock.h>

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
  PlainServer() {
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
  // What has come since, as text.
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
  parley::client link{io.get_executor(), "mem://foreign", {.encoding = parley::encoding::plain, .loopback = &network, .clock = clock}};
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

}  // namespace
