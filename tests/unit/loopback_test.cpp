// The network in memory: all guarantees of the transport interface, and the injected faults.
#include "parley/loopback.hpp"

#include "websocket/transport_recorder.hpp"

#include <gmock/gmock.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley::transport::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct loopback_test : ::testing::Test {
  loopback_test() { listen(); }

  void listen(transport::limits limits = {}, std::string name = {}) {
    door = network.listen(io.get_executor(), limits, std::move(name), [this](int status, std::string_view text, const std::string& remote) {
      refusals.push_back(remote + ' ' + std::to_string(status) + ' ' + std::string(text));
    });
    door->start([this](std::shared_ptr<request> ask) {
      if (decide) return decide(std::move(ask));
      ends.push_back(std::make_shared<recorder>());
      if (prepare) prepare(*ends.back());
      ask->accept(ask->subprotocols.empty() ? "" : ask->subprotocols.front(), ends.back());
    });
  }

  std::shared_ptr<recorder> begin(connect_options options = {}) {
    const auto end = std::make_shared<recorder>();
    if (options.url.empty()) options.url = "mem://server";
    abandon = network.connect(io.get_executor(), std::move(options), end);
    return end;
  }
  // A client and its server's end, both open.
  std::pair<std::shared_ptr<recorder>, std::shared_ptr<recorder>> pair(connect_options options = {}) {
    const auto client = begin(std::move(options));
    settle(io);
    EXPECT_EQ(client->opened, 1);
    EXPECT_EQ(ends.back()->opened, 1);
    return {client, ends.back()};
  }

  static std::vector<std::string> texts(const recorder& end) {
    std::vector<std::string> all;
    for (const auto& m : end.messages) all.push_back(m.content);
    return all;
  }

  asio::io_context io;
  loopback network;
  std::shared_ptr<listener> door;
  std::vector<std::shared_ptr<recorder>> ends;
  std::vector<std::string> refusals;
  std::function<void(recorder&)> prepare;
  std::function<void(std::shared_ptr<request>)> decide;
  std::function<void()> abandon;
};

TEST_F(loopback_test, carries_text_and_binary_both_ways_in_order) {
  const auto [client, server] = pair();
  client->send("one");
  client->send(std::string("\0\xFF", 2), opcode::binary);
  client->send("");
  server->send("answer");
  EXPECT_THAT(server->messages, IsEmpty());
  settle(io);
  EXPECT_THAT(server->messages,
              ElementsAre(recorder::message{"one", opcode::text}, recorder::message{std::string("\0\xFF", 2), opcode::binary},
                          recorder::message{"", opcode::text}));
  EXPECT_THAT(texts(*client), ElementsAre("answer"));
}

TEST_F(loopback_test, shows_the_request_and_tells_both_ends_the_subprotocol) {
  std::shared_ptr<request> seen;
  decide = [&](std::shared_ptr<request> ask) { seen = std::move(ask); };
  connect_options options;
  options.url = "mem://lobby/ws?room=red";
  options.subprotocols = {"b", "a"};
  options.headers = {{"X-Token", "secret"}};
  options.origin = "https://example.org";
  const auto client = begin(options);
  settle(io);
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->path, "/ws");
  EXPECT_EQ(seen->query, "room=red");
  EXPECT_EQ(seen->host, "lobby");
  EXPECT_EQ(seen->origin, "https://example.org");
  EXPECT_THAT(seen->subprotocols, ElementsAre("b", "a"));
  ASSERT_EQ(seen->headers.size(), 1u);
  EXPECT_EQ(seen->headers[0].name, "X-Token");
  EXPECT_EQ(client->opened, 0);  // the request is answered later

  const auto server = std::make_shared<recorder>();
  seen->accept("a", server);
  EXPECT_EQ(server->opened, 0);
  settle(io);
  EXPECT_EQ(server->subprotocol, "a");
  EXPECT_EQ(client->subprotocol, "a");
}

TEST_F(loopback_test, a_rejected_client_hears_what_the_status_stands_for) {
  const std::vector<std::pair<int, errc>> cases{{400, errc::version_mismatch}, {401, errc::unauthenticated}, {403, errc::denied},
                                                {404, errc::unimplemented},    {503, errc::overloaded},      {500, errc::disconnected}};
  for (const auto& [status, code] : cases) {
    decide = [status = status](std::shared_ptr<request> ask) { ask->reject(status, "a text for people"); };
    const auto client = begin();
    settle(io);
    EXPECT_EQ(client->opened, 0);
    ASSERT_EQ(client->closed, 1);
    EXPECT_EQ(client->how.code, code);
    EXPECT_EQ(client->why.code, 1006);
    EXPECT_THAT(client->how.message, HasSubstr(std::to_string(status)));
    EXPECT_EQ(client->how.message.find("people"), std::string::npos);
  }
}

TEST_F(loopback_test, a_request_that_is_dropped_is_rejected_with_503) {
  decide = [](const std::shared_ptr<request>&) {};
  const auto client = begin();
  settle(io);
  EXPECT_EQ(client->how.code, errc::overloaded);
}

TEST_F(loopback_test, accepting_with_a_subprotocol_that_was_not_offered_fails_both_ends) {
  const auto server = std::make_shared<recorder>();
  decide = [&](const std::shared_ptr<request>& ask) { ask->accept("other", server); };
  connect_options options;
  options.subprotocols = {"mine"};
  const auto client = begin(options);
  settle(io);
  EXPECT_EQ(server->how.code, errc::invalid);
  EXPECT_EQ(client->closed, 1);
  EXPECT_EQ(client->opened, 0);
}

TEST_F(loopback_test, names_find_their_listeners_and_the_nameless_one_gets_the_rest) {
  std::vector<std::string> asked;
  decide = [&](const std::shared_ptr<request>& ask) {
    asked.push_back("any " + ask->host);
    ask->reject(404, {});
  };
  const auto named = network.listen(io.get_executor(), {}, "red");
  named->start([&](const std::shared_ptr<request>& ask) {
    asked.push_back("red " + ask->host);
    ask->reject(404, {});
  });
  connect_options red, blue;
  red.url = "mem://red";
  blue.url = "mem://blue";
  begin(red);
  begin(blue);
  settle(io);
  named->stop();
  begin(red);
  settle(io);
  EXPECT_THAT(asked, ElementsAre("red red", "any blue", "any red"));
}

TEST_F(loopback_test, without_a_listener_connecting_fails) {
  door.reset();
  const auto client = begin();
  EXPECT_EQ(client->closed, 0);  // never from inside the call
  settle(io);
  EXPECT_EQ(client->closed, 1);
  EXPECT_EQ(client->how.code, errc::disconnected);
}

TEST_F(loopback_test, refuses_what_no_transport_could_send) {
  const auto fails_as_invalid = [&](auto change) {
    connect_options options;
    options.url = "mem://server";
    change(options);
    const auto client = begin(options);
    settle(io);
    EXPECT_EQ(client->how.code, errc::invalid) << client->how.message;
  };
  fails_as_invalid([](connect_options& o) { o.url = "ws://server"; });
  fails_as_invalid([](connect_options& o) { o.subprotocols = {"a b"}; });
  fails_as_invalid([](connect_options& o) { o.subprotocols = {"a", "a"}; });
  fails_as_invalid([](connect_options& o) { o.headers = {{"A", "b\r\nC: d"}}; });
  fails_as_invalid([](connect_options& o) { o.headers = {{"Sec-WebSocket-Key", "x"}}; });
}

TEST_F(loopback_test, what_was_sent_before_a_close_arrives_and_nothing_after) {
  const auto [client, server] = pair();
  client->send("before");
  client->call([](connection& to) {
    to.close(4003, "because");
    to.send(buffer("after"), opcode::text);
    to.close(1000, "again");
  });
  server->send("not heard any more");
  settle(io);
  EXPECT_THAT(texts(*server), ElementsAre("before"));
  EXPECT_EQ(server->closed, 1);
  EXPECT_EQ(server->why.code, 4003);
  EXPECT_EQ(server->why.text, "because");
  EXPECT_EQ(server->how.code, errc::disconnected);
  EXPECT_EQ(client->closed, 1);
  EXPECT_EQ(client->why.code, 4003);
  EXPECT_EQ(client->how.code, errc::cancelled);
  EXPECT_THAT(client->messages, IsEmpty());
}

TEST_F(loopback_test, close_codes_and_texts_are_made_fit_to_be_sent) {
  const auto closed_with = [&](std::uint16_t code, std::string text) {
    const auto [client, server] = pair();
    client->call([&](connection& to) { to.close(code, text); });
    settle(io);
    return server->why;
  };
  EXPECT_EQ(closed_with(1006, "").code, 1011);
  EXPECT_EQ(closed_with(5000, "").code, 1011);
  EXPECT_EQ(closed_with(4999, "").code, 4999);
  EXPECT_EQ(closed_with(1000, std::string(200, 'x')).text, std::string(123, 'x'));
  std::string umlauts;
  for (int i = 0; i < 100; ++i) umlauts += "ü";
  EXPECT_EQ(closed_with(1000, umlauts).text.size(), 122u);
  EXPECT_EQ(closed_with(1000, "\xFF").text, "");
}

TEST_F(loopback_test, an_abort_is_1006_at_the_other_end_and_takes_what_was_not_delivered) {
  const auto [client, server] = pair();
  client->send("lost");
  client->call([](connection& to) { to.abort(); });
  settle(io);
  EXPECT_THAT(server->messages, IsEmpty());
  EXPECT_EQ(server->why.code, 1006);
  EXPECT_EQ(server->how.code, errc::disconnected);
  EXPECT_EQ(client->why.code, 1006);
  EXPECT_EQ(client->how.code, errc::cancelled);
  EXPECT_EQ(client->closed + server->closed, 2);
}

TEST_F(loopback_test, too_large_a_message_closes_with_1009_and_one_of_the_limit_does_not) {
  listen({.max_message = 10});
  const auto [client, server] = pair();
  client->send(std::string(10, 'x'));
  settle(io);
  EXPECT_EQ(server->messages.size(), 1u);
  client->send(std::string(11, 'x'));
  client->send("after");
  settle(io);
  EXPECT_EQ(server->messages.size(), 1u);
  EXPECT_EQ(server->why.code, 1009);
  EXPECT_EQ(server->how.code, errc::too_large);
  EXPECT_NE(server->how.message.find("bytes (max_message"), std::string::npos) << server->how.message;
  EXPECT_EQ(client->why.code, 1009);
  EXPECT_EQ(client->how.code, errc::disconnected);
}

TEST_F(loopback_test, text_that_is_not_utf8_closes_with_1007) {
  const auto [client, server] = pair();
  server->send("\xC3");
  settle(io);
  EXPECT_THAT(client->messages, IsEmpty());
  EXPECT_EQ(client->why.code, 1007);
  EXPECT_EQ(client->how.code, errc::bad_frame);
  EXPECT_EQ(server->why.code, 1007);
}

TEST_F(loopback_test, beyond_max_connections_clients_are_refused_until_one_leaves) {
  listen({.max_connections = 2});
  const auto [first, first_server] = pair();
  pair();
  const auto third = begin();
  settle(io);
  EXPECT_EQ(third->how.code, errc::overloaded);
  EXPECT_THAT(refusals, ElementsAre("mem 503 too many connections"));
  first->call([](connection& to) { to.close(1000, {}); });
  settle(io);
  pair();
}

TEST_F(loopback_test, a_request_that_is_not_decided_yet_is_a_connection_too) {
  listen({.max_connections = 1});
  std::shared_ptr<request> seen;
  decide = [&](std::shared_ptr<request> ask) { seen = std::move(ask); };
  const auto first = begin();
  settle(io);
  const auto second = begin();
  settle(io);
  EXPECT_EQ(first->closed, 0);
  EXPECT_EQ(second->how.code, errc::overloaded);
  seen = nullptr;
  settle(io);
  EXPECT_EQ(first->closed, 1);
  decide = nullptr;
  pair();
}

TEST_F(loopback_test, who_is_refused_before_anybody_was_asked_is_reported_to_the_listener) {
  const auto early = network.listen(io.get_executor(), {}, "early", [this](int status, std::string_view, const std::string&) {
    refusals.push_back(std::to_string(status));
  });
  connect_options options;
  options.url = "mem://early";
  begin(options);
  settle(io);
  EXPECT_THAT(refusals, ElementsAre("503"));
  decide = [](std::shared_ptr<request> ask) { ask->reject(403, {}); };
  begin();
  settle(io);
  EXPECT_EQ(refusals.size(), 1u) << "this one the program knows of";
  decide = [](std::shared_ptr<request> ask) { ask->accept("other", std::make_shared<recorder>()); };
  begin();
  settle(io);
  EXPECT_EQ(refusals.back(), "mem 500 no agreement on a subprotocol");
}

TEST_F(loopback_test, errors_of_connecting_name_what_was_asked_for) {
  decide = [](std::shared_ptr<request> ask) { ask->reject(404, {}); };
  connect_options options;
  options.url = "mem://server/chat?room=red";
  const auto lost = begin(options);
  settle(io);
  EXPECT_THAT(lost->how.message, HasSubstr("nothing is served at /chat"));
  door = nullptr;
  options.url = "mem://nobody/chat";
  const auto alone = begin(options);
  settle(io);
  EXPECT_THAT(alone->how.message, HasSubstr("mem://nobody"));
}

constexpr std::size_t room = 64;  // counted for each message in addition to its bytes

TEST_F(loopback_test, buffered_amount_counts_what_the_other_end_has_not_taken_and_drains_between_the_marks) {
  const auto [client, server] = pair();
  server->link->pause_reading();
  client->link->set_water_marks(10 * (10 + room), 4 * (10 + room));
  for (int i = 0; i < 12; ++i) client->send(std::string(10, 'x'));
  settle(io);
  EXPECT_EQ(client->link->buffered_amount(), 12 * (10 + room));
  EXPECT_THAT(server->messages, IsEmpty());
  // Pauses again after the seventh message. Five are left, which is above the low mark.
  server->when_message = [server = server.get()](const auto&) {
    if (server->messages.size() == 7) server->link->pause_reading();
  };
  server->call([](connection& to) { to.resume_reading(); });
  settle(io);
  EXPECT_EQ(server->messages.size(), 7u);
  EXPECT_EQ(client->link->buffered_amount(), 5 * (10 + room));
  EXPECT_EQ(client->drained, 0);
  server->link->resume_reading();
  settle(io);
  EXPECT_EQ(client->link->buffered_amount(), 0u);
  EXPECT_EQ(client->drained, 1);  // once, although the amount fell further
}

TEST_F(loopback_test, what_has_no_bytes_counts_as_well_until_it_is_taken) {
  const auto [client, server] = pair();
  server->link->pause_reading();
  for (int i = 0; i < 3; ++i) client->send("");
  for (int i = 0; i < 2; ++i) client->link->ping();
  settle(io);
  EXPECT_EQ(client->link->buffered_amount(), 5 * room);
  client->link->pause_reading();
  server->link->resume_reading();
  settle(io);
  EXPECT_EQ(client->link->buffered_amount(), 0u);
  EXPECT_EQ(server->link->buffered_amount(), 2 * room) << "the pongs";
  client->link->resume_reading();
  settle(io);
  EXPECT_EQ(server->link->buffered_amount(), 0u);
}

TEST_F(loopback_test, on_drained_may_send_again) {
  const auto [client, server] = pair();
  client->link->set_water_marks(10, 0);
  client->when_drained = [client = client.get()] {
    if (client->drained < 5) client->send(std::string(20, 'x'));
  };
  client->send(std::string(20, 'x'));
  settle(io);
  EXPECT_EQ(client->drained, 5);
  EXPECT_EQ(server->messages.size(), 5u);
}

TEST_F(loopback_test, a_paused_end_hears_neither_messages_nor_the_close_behind_them_until_it_resumes) {
  const auto [client, server] = pair();
  server->link->pause_reading();
  client->send("waits");
  client->call([](connection& to) { to.close(1000, {}); });
  settle(io);
  EXPECT_EQ(client->closed, 1);
  EXPECT_EQ(server->closed, 0);
  server->link->resume_reading();
  settle(io);
  EXPECT_THAT(texts(*server), ElementsAre("waits"));
  EXPECT_EQ(server->closed, 1);
}

TEST_F(loopback_test, a_ping_is_answered_by_the_other_end) {
  const auto [client, server] = pair();
  int pongs = 0;
  client->link->on_pong([&] { ++pongs; });
  client->link->ping();
  client->link->ping();
  EXPECT_EQ(pongs, 0);
  settle(io);
  EXPECT_EQ(pongs, 2);
  server->link->pause_reading();
  client->link->ping();
  settle(io);
  EXPECT_EQ(pongs, 2);
}

TEST_F(loopback_test, abandoning_before_the_answer_ends_the_attempt_and_the_server_hears_it_when_it_accepts) {
  std::shared_ptr<request> seen;
  decide = [&](std::shared_ptr<request> ask) { seen = std::move(ask); };
  const auto client = begin();
  settle(io);
  abandon();
  abandon();
  EXPECT_EQ(client->closed, 0);
  settle(io);
  EXPECT_EQ(client->closed, 1);
  EXPECT_EQ(client->how.code, errc::cancelled);
  const auto server = std::make_shared<recorder>();
  seen->accept("", server);
  settle(io);
  EXPECT_EQ(server->opened, 0);
  EXPECT_EQ(server->closed, 1);
}

TEST_F(loopback_test, abandoning_does_nothing_once_open) {
  const auto [client, server] = pair();
  abandon();
  client->send("still here");
  settle(io);
  EXPECT_THAT(texts(*server), ElementsAre("still here"));
}

// ---- Faults.

TEST_F(loopback_test, the_connect_that_was_asked_to_fail_fails_and_no_other) {
  network.refuse_connect(1);
  const auto first = begin(), second = begin(), third = begin();
  settle(io);
  EXPECT_EQ(first->opened, 1);
  EXPECT_EQ(second->opened, 0);
  EXPECT_EQ(second->how.code, errc::disconnected);
  EXPECT_EQ(third->opened, 1);
}

TEST_F(loopback_test, the_message_that_was_asked_to_be_lost_takes_its_connection_with_it) {
  const auto [client, server] = pair();
  const auto [other, other_server] = pair();
  network.drop_at_message(2);
  client->send("one");
  other->send("two");
  client->send("lost");
  client->send("after");
  other->send("another's");
  server->send("not heard");
  settle(io);
  EXPECT_THAT(texts(*server), ElementsAre("one"));
  EXPECT_EQ(server->why.code, 1006);
  EXPECT_EQ(client->why.code, 1006);
  EXPECT_EQ(client->how.code, errc::disconnected);
  EXPECT_THAT(client->messages, IsEmpty());
  EXPECT_THAT(texts(*other_server), ElementsAre("two", "another's"));
}

TEST_F(loopback_test, a_scenario_can_be_run_with_each_of_its_operations_failing_until_all_succeed) {
  prepare = [](recorder& end) { end.when_message = [&end](const recorder::message& m) { end.send(m.content); }; };
  std::size_t number = 0;
  for (bool well = false; !well; ++number) {
    ASSERT_LT(number, 20u);
    network.fail_operation(number);
    const auto client = begin();
    client->when_open = [client = client.get()] {
      client->send("a");
      client->send("b");
    };
    settle(io);
    well = client->messages.size() == 2 && client->closed == 0;
    EXPECT_NE(well, client->closed == 1);
  }
  EXPECT_EQ(number, 1u + 4u + 1u);  // one connect, two messages in each direction, and the run in which nothing failed
}

TEST_F(loopback_test, while_held_nothing_arrives_and_release_lets_as_many_through_as_asked) {
  const auto [client, server] = pair();
  network.hold();
  client->send("a");
  server->send("b");
  client->send("c");
  client->call([](connection& to) { to.close(1000, {}); });
  settle(io);
  EXPECT_THAT(server->messages, IsEmpty());
  EXPECT_EQ(client->closed, 1);  // closed by this end itself
  network.release(1);
  settle(io);
  EXPECT_THAT(texts(*server), ElementsAre("a"));
  network.release(1);
  settle(io);
  EXPECT_THAT(texts(*server), ElementsAre("a", "c"));
  EXPECT_EQ(server->closed, 0);
  network.release();
  settle(io);
  EXPECT_EQ(server->closed, 1);
}

TEST_F(loopback_test, a_held_connect_opens_when_released) {
  network.hold();
  const auto client = begin();
  settle(io);
  EXPECT_EQ(ends.size(), 1u);
  EXPECT_EQ(client->opened, 0);
  network.release();
  settle(io);
  EXPECT_EQ(client->opened, 1);
}

// ---- Lifetimes and threads.

TEST_F(loopback_test, stopping_the_listener_leaves_connections_alone) {
  const auto [client, server] = pair();
  door->stop();
  settle(io);
  client->send("still");
  const auto late = begin();
  settle(io);
  EXPECT_THAT(texts(*server), ElementsAre("still"));
  EXPECT_EQ(late->how.code, errc::disconnected);
}

}  // namespace
}  // namespace parley::transport::testing
