// An open session: the frames that it passes on, the reasons to close, its heartbeat, and the
// limits on waiting data.
#include "sessions.hpp"

#include <algorithm>
#include <random>

namespace {

using namespace sessions;

wire::envelope of_kind(wire::kind kind, std::uint64_t id = 0) {
  wire::envelope e;
  e.kind = kind;
  e.id = id;
  e.name = "Lobby.Add";
  e.method = wire::method_id(e.name);
  e.counted = true;
  return e;
}

class Session : public testing::TestWithParam<encoding> {
 protected:
  std::string_view payload() const { return GetParam().format().binary() ? std::string_view() : std::string_view("{}"); }
  program known;
};
INSTANTIATE_TEST_SUITE_P(In, Session, testing::ValuesIn(with_greeting()), testing::PrintToStringParamName());

// Tests for plain mode and for sessions with a greeting.
class AnySession : public Session {};
INSTANTIATE_TEST_SUITE_P(In, AnySession,
                         testing::Values(encoding{"json", wire::json_format}, encoding{"fbs", wire::fbs_format},
                                         encoding{"plain", wire::plain_format}),
                         testing::PrintToStringParamName());

constexpr encoding plain{"plain", wire::plain_format};

// --- Frames that are passed on.

TEST_P(Session, HandsOnEventsCallsAnswersAndCancels) {
  const auto server = open_server(GetParam(), known.contract);
  for (const wire::kind kind : {wire::kind::event, wire::kind::call, wire::kind::reply, wire::kind::error, wire::kind::cancel}) {
    wire::envelope e = of_kind(kind, 5);
    e.re = 6;
    if (kind == wire::kind::event || kind == wire::kind::reply || kind == wire::kind::error) e.id = 0;
    const wire::envelope* heard = server->hear(e, payload());
    ASSERT_NE(heard, nullptr) << static_cast<int>(kind);
    EXPECT_EQ(heard->kind, kind);
  }
  EXPECT_EQ(server->session.counters().frames_received, 6u);  // including the hello
  EXPECT_TRUE(server->silent());
  EXPECT_FALSE(server->out.closed);
}

TEST_P(Session, IgnoresAnUnknownKindThatAsksForIt) {
  const bool binary = GetParam().format().binary();
  const auto server = open_server(GetParam(), known.contract);
  EXPECT_EQ(server->hear(binary ? std::string("\x63\x40\0\x01\0\0\0\0", 8) : R"({"event_name":"$later","opt":true})"), nullptr);
  EXPECT_FALSE(server->out.closed);
  EXPECT_TRUE(server->silent());
  EXPECT_EQ(server->hear(binary ? std::string("\x63\0\0\x01\0\0\0\0", 8) : R"({"event_name":"$later"})"), nullptr);
  EXPECT_EQ(server->out.code(), close_code::protocol_violation);
}

TEST_P(Session, ClosesOnFramesOfFeaturesThatWereNotAgreed) {
  using wire::kind;
  for (const kind k : {kind::mark, kind::ack, kind::credit, kind::item, kind::end, kind::gap, kind::auth}) {
    const auto server = open_server(GetParam(), known.contract);
    wire::envelope e = of_kind(k, 1);
    e.name.clear();
    e.method = 0;
    e.seq = e.ack = 1;
    if (k == kind::gap || k == kind::auth) e.id = 0;
    std::string content(payload());
    if (k == kind::credit) content = server->binary() ? std::string(8, '\x01') : R"({"limit":1})";
    EXPECT_EQ(server->hear(e, content), nullptr);
    EXPECT_EQ(server->out.code(), close_code::protocol_violation) << static_cast<int>(k);
    EXPECT_TRUE(server->silent());
  }
}

TEST_P(Session, ClosesOnACallThatIsToBeAnsweredOnce) {
  const auto server = open_server(GetParam(), known.contract);
  wire::envelope e = of_kind(wire::kind::call, 1);
  e.key = "k";
  EXPECT_EQ(server->hear(e, payload()), nullptr);
  EXPECT_EQ(server->out.code(), close_code::protocol_violation);
}

TEST_P(Session, OfAClientIsAskedOnlyIfItAgreed) {
  const auto willing = open_client(GetParam(), known.contract);
  EXPECT_NE(willing->hear(of_kind(wire::kind::call, 1), payload()), nullptr);

  end unwilling({.self = side::client, .format = &GetParam().format()}, known.contract);
  unwilling.session.start(unwilling.now);
  wire::welcome w = welcome_of_a_server();
  w.features = 0;
  unwilling.hear_welcome(w);
  unwilling.out.frames.clear();
  EXPECT_EQ(unwilling.hear(of_kind(wire::kind::call, 1), payload()), nullptr);
  EXPECT_EQ(unwilling.out.code(), close_code::protocol_violation);
}

TEST_P(Session, ClosesOnListsOfTargetsThatWereNotAgreed) {
  wire::envelope list = of_kind(wire::kind::event);
  list.to.kind = target_kind::several;
  list.to.parts = {{.kind = target_kind::all}, {.kind = target_kind::others}};
  wire::envelope one = list;
  one.to.parts.resize(1);
  wire::envelope except = of_kind(wire::kind::event);
  except.to = {.kind = target_kind::all, .except = {"0b8c2a34-9f0e-4a7e-8f0e-2d1a5b6c7d8e"}};
  for (const wire::envelope* e : {&list, &one, &except}) {
    const auto server = open_server(GetParam(), known.contract);
    EXPECT_NE(server->hear(*e, payload()), nullptr);

    end without({.self = side::server, .format = &GetParam().format()}, known.contract);
    without.session.start(without.now);
    without.hear_hello({});
    without.next_welcome();
    EXPECT_EQ(without.hear(*e, payload()), nullptr);
    EXPECT_EQ(without.out.code(), close_code::protocol_violation);
    EXPECT_TRUE(without.silent());
  }
  end client({.self = side::client, .format = &GetParam().format()}, known.contract);
  client.session.start(client.now);
  wire::welcome w = welcome_of_a_server();
  w.features = 0;
  client.hear_welcome(w);
  client.out.frames.clear();
  EXPECT_EQ(client.hear(list, payload()), nullptr);
  EXPECT_EQ(client.out.code(), close_code::protocol_violation);
}

TEST(JsonSession, ClosesOnAListThatWasNotAgreedWhateverElseIsWrongWithTheFrame) {
  program known;
  for (const char* frame :
       {R"({"event_name":"Lobby.Say","to":[]})", R"({"event_name":"Lobby.Say","to":[7],"meta":7})",
        R"({"event_name":"Lobby.Say","except":[]})", R"({"event_name":"$ping","id":1,"to":["all"]})", R"({"to":["all"]})"}) {
    end without({.self = side::server, .format = &wire::json_format()}, known.contract);
    without.session.start(without.now);
    without.hear_hello({});
    without.next_welcome();
    EXPECT_EQ(without.hear(frame), nullptr);
    EXPECT_EQ(without.out.code(), close_code::protocol_violation) << frame;
  }
}

TEST_P(Session, ClosesOnTheWrongOpcode) {
  const auto server = open_server(GetParam(), known.contract);
  EXPECT_EQ(server->session.receive(server->now, as_bytes("{}"), !server->binary()), nullptr);
  EXPECT_EQ(server->out.code(), close_code::wrong_opcode);
}

TEST(PlainSession, IsOpenAtOnceAndGreetsNobody) {
  program known;
  for (const side self : {side::server, side::client}) {
    end e({.self = self, .format = &wire::plain_format()}, known.contract);
    e.session.start(e.now);
    EXPECT_TRUE(e.session.open());
    EXPECT_EQ(e.out.opened_times, 1);
    EXPECT_TRUE(e.silent());
    EXPECT_EQ(e.session.next_tick(), e.now + 20s);
  }
}

TEST(PlainSession, TakesNamesWithADollarForEventsLikeAnyOther) {
  program known;
  const auto server = open_server(plain, known.contract);
  const wire::envelope* e = server->hear(R"({"event_name":"$hello","payload":null})");
  ASSERT_NE(e, nullptr);
  EXPECT_EQ(e->kind, wire::kind::event);
  EXPECT_EQ(e->name, "$hello");
}

// --- Heartbeat.

TEST_P(Session, PingsASilentPeerOnceAndClosesAfterTwoIntervals) {
  const auto server = open_server(GetParam(), known.contract);
  server->pass(19'999ms);
  EXPECT_TRUE(server->silent());
  server->pass(1ms);
  const wire::envelope ping = server->next();
  EXPECT_EQ(ping.kind, wire::kind::ping);
  EXPECT_NE(ping.id, 0u);
  server->pass(19'999ms);
  EXPECT_TRUE(server->silent());  // a ping is pending
  EXPECT_FALSE(server->out.closed);
  server->pass(1ms);
  EXPECT_EQ(server->out.code(), close_code::heartbeat_lost);
  EXPECT_TRUE(server->silent());
}

TEST_P(Session, TakesAnyFrameForASignOfLife) {
  const auto server = open_server(GetParam(), known.contract);
  for (int minute = 0; minute < 3; ++minute) {
    server->pass(20s);
    EXPECT_EQ(server->next().kind, wire::kind::ping);
    server->pass(19s);
    server->hear(of_kind(wire::kind::event), payload());
    server->pass(1s);
    EXPECT_TRUE(server->silent());
    server->pass(18s);
    EXPECT_TRUE(server->silent());
    server->hear(wire::kind::pong, 77);  // a pong that answers no ping counts as well
  }
  EXPECT_FALSE(server->out.closed);
}

TEST_P(Session, WakesNoLaterThanItSays) {
  const auto server = open_server(GetParam(), known.contract);
  int wakings = 0;
  while (!server->out.closed && ++wakings < 10) {
    EXPECT_GT(server->session.next_tick(), server->now);
    server->now = server->session.next_tick();
    server->session.tick(server->now);
  }
  EXPECT_EQ(server->out.code(), close_code::heartbeat_lost);
  EXPECT_EQ(wakings, 2);
}

TEST_P(Session, AnswersAPingAheadOfDataWithItsNumber) {
  const auto server = open_server(GetParam(), known.contract);
  server->out.can_write = false;
  server->session.send(buffer("data"));
  server->hear(wire::kind::ping, 9'007'199'254'740'991);
  server->out.can_write = true;
  server->session.drained();
  const wire::envelope pong = server->next();
  EXPECT_EQ(pong.kind, wire::kind::pong);
  EXPECT_EQ(pong.id, 9'007'199'254'740'991u);
  EXPECT_EQ(server->out.frames.front().text(), "data");
}

TEST_P(Session, ClosesOnAFloodOfPings) {
  const auto server = open_server(GetParam(), known.contract);
  for (int second = 0; second < 3; ++second) {
    for (int i = 0; i < 10; ++i) server->hear(wire::kind::ping, 1);
    EXPECT_FALSE(server->out.closed);
    server->now += 1s;
  }
  EXPECT_EQ(server->out.frames.size(), 30u);
  for (int i = 0; i < 11; ++i) server->hear(wire::kind::ping, 1);
  EXPECT_EQ(server->out.code(), close_code::policy);
}

TEST_P(Session, Of_a_client_keeps_the_servers_heartbeat_unless_it_has_its_own) {
  wire::welcome welcome = welcome_of_a_server();
  welcome.heartbeat_ms = 7000;
  const auto greeted = [&](session::session_options options) {
    options.self = side::client;
    options.format = &GetParam().format();
    auto client = std::make_unique<end>(std::move(options), known.contract);
    client->session.start(client->now);
    client->hear_welcome(welcome);
    client->out.frames.clear();
    return client;
  };
  EXPECT_EQ(greeted({})->session.next_tick() - time_point{1h}, 7s);
  EXPECT_EQ(greeted({.heartbeat = 3s, .own_heartbeat = true})->session.next_tick() - time_point{1h}, 3s);
  EXPECT_EQ(greeted({.heartbeat = 9s, .own_heartbeat = true})->session.next_tick() - time_point{1h}, 9s);
  EXPECT_EQ(greeted({.max_silence = 2s})->session.next_tick() - time_point{1h}, 1s);
}

TEST_P(AnySession, Bears_as_much_silence_as_it_is_told) {
  const auto client = open_client(GetParam(), known.contract, {.max_silence = 3s});
  client->pass(1499ms);
  EXPECT_TRUE(client->silent() && client->out.pings == 0);
  client->pass(1ms);
  EXPECT_TRUE(client->silent() == client->session.plain() && client->out.pings == (client->session.plain() ? 1 : 0));
  client->pass(1499ms);
  EXPECT_FALSE(client->out.closed);
  client->pass(1ms);
  EXPECT_EQ(client->out.code(), close_code::heartbeat_lost);
}

TEST_P(AnySession, Bears_silence_for_ever_and_goes_on_pinging) {
  using std::chrono::milliseconds;
  const auto client = open_client(GetParam(), known.contract, {.heartbeat = 1s, .own_heartbeat = true, .max_silence = milliseconds::max()});
  for (int second = 0; second < 100; ++second) {
    client->pass(1s);
    client->session.pong_received(client->now);
  }
  EXPECT_EQ(client->session.plain() ? client->out.pings : static_cast<int>(client->out.frames.size()), 100);
  client->pass(24h);
  EXPECT_FALSE(client->out.closed);
  const auto patient = open_client(GetParam(), known.contract,
                                   {.heartbeat = milliseconds::max(), .own_heartbeat = true, .max_silence = milliseconds::max()});
  EXPECT_GT(patient->session.next_tick(), patient->now + 24h);
}

// For any time limits and any arrivals, the peer is lost exactly when nothing has arrived for
// max_silence, and a ping was sent well before.
TEST_P(AnySession, Asks_before_it_gives_a_peer_up) {
  std::mt19937 random(11);
  const auto below = [&](int n) { return std::chrono::milliseconds(static_cast<int>(random() % static_cast<unsigned>(n))); };
  int lost = 0;
  for (int round = 0; round < 200; ++round) {
    const auto heartbeat = 100ms + below(2000);
    const auto limit = below(2) == 0ms ? 0ms : 200ms + below(6000);
    const auto client = open_client(GetParam(), known.contract, {.heartbeat = heartbeat, .own_heartbeat = true, .max_silence = limit});
    const auto borne = limit == 0ms ? 2 * heartbeat : limit;
    const auto asked_within = std::min(heartbeat, borne / 2);
    time_point heard = client->now;
    std::optional<time_point> asked;
    for (int step = 0; step < 40 && !client->out.closed; ++step) {
      const time_point comes = client->now + 1ms + below(3000);
      while (!client->out.closed && client->session.next_tick() <= comes) {
        client->now = client->session.next_tick();
        const std::size_t before = client->out.frames.size() + static_cast<std::size_t>(client->out.pings);
        client->session.tick(client->now);
        if (client->out.frames.size() + static_cast<std::size_t>(client->out.pings) != before) asked = client->now;
      }
      if (client->out.closed) break;
      client->now = heard = comes;
      asked.reset();
      client->session.pong_received(comes);
    }
    if (!client->out.closed) continue;
    ++lost;
    EXPECT_EQ(client->out.code(), close_code::heartbeat_lost);
    EXPECT_EQ(client->now - heard, borne);
    ASSERT_TRUE(asked) << "given up without a question";
    EXPECT_LE(*asked - heard, 2 * asked_within);
    EXPECT_LT(*asked, client->now);
  }
  EXPECT_GT(lost, 20);
}

TEST_P(AnySession, KeepsItsHeartbeatWithinWhatThePeerAllows) {
  for (const auto heartbeat : {0ms, -5ms, 1ms}) {
    const auto server = open_server(GetParam(), known.contract, {.heartbeat = heartbeat});
    EXPECT_EQ(server->session.next_tick(), server->now + session::shortest_heartbeat);
  }
}

TEST(PlainSession, PingsWithTheTransportsPing) {
  program known;
  const auto server = open_server(plain, known.contract);
  server->pass(20s);
  EXPECT_EQ(server->out.pings, 1);
  EXPECT_TRUE(server->silent());
  server->pass(10s);
  server->session.pong_received(server->now);
  server->pass(10s);
  EXPECT_FALSE(server->out.closed);
  server->pass(10s);
  EXPECT_EQ(server->out.pings, 2);
  server->pass(20s);
  EXPECT_EQ(server->out.code(), close_code::heartbeat_lost);
}

// --- Waiting data.

TEST_P(Session, KeepsItsOrderWhileTheTransportIsFull) {
  const auto server = open_server(GetParam(), known.contract);
  server->out.can_write = false;
  for (const char* text : {"one", "two", "three"}) EXPECT_TRUE(server->session.send(buffer(text)));
  EXPECT_TRUE(server->silent());
  EXPECT_EQ(server->session.queued(), 11 + 3 * message_room);
  server->out.can_write = true;
  server->session.drained();
  ASSERT_EQ(server->out.frames.size(), 3u);
  EXPECT_EQ(server->out.frames[0].text(), "one");
  EXPECT_EQ(server->out.frames[2].text(), "three");
  EXPECT_EQ(server->session.queued(), 0u);
}

TEST_P(Session, ClosesASlowPeerWith4009AndSendsNothingMore) {
  const auto server = open_server(GetParam(), known.contract, {.max_queue = cost_of(100)});
  server->out.can_write = false;
  EXPECT_TRUE(server->session.send(buffer(std::string(60, 'a'))));
  EXPECT_FALSE(server->session.send(buffer(std::string(60, 'b'))));
  EXPECT_EQ(server->out.code(), close_code::too_slow);
  server->out.can_write = true;
  server->session.drained();
  EXPECT_FALSE(server->session.send(buffer("c")));
  server->pass(1h);
  EXPECT_TRUE(server->silent());
  EXPECT_EQ(server->session.queued(), 0u);
}

TEST_P(Session, CountsWhatTheTransportHoldsAgainstItsBound) {
  const auto server = open_server(GetParam(), known.contract, {.max_queue = 60 + cost_of(40)});
  server->out.held = 60;
  EXPECT_EQ(server->session.queued(), 60u);
  EXPECT_TRUE(server->session.send(buffer(std::string(40, 'a'))));
  server->out.held = 100;
  EXPECT_FALSE(server->session.send(buffer("b")));
  EXPECT_EQ(server->out.code(), close_code::too_slow);
}

TEST_P(Session, ClosesAPeerThatAsksAndNeverReads) {
  const auto server = open_server(GetParam(), known.contract);
  server->out.can_write = false;
  std::size_t pings = 0;
  while (!server->out.closed && pings < 100'000) {
    server->hear(wire::kind::ping, 1);
    if (++pings % 10 == 0) server->now += 1s;
  }
  EXPECT_EQ(server->out.code(), close_code::too_slow);
  EXPECT_LE(pings, session::outbox::max_control / 8);
  EXPECT_TRUE(server->silent());
}

// Both ends limit what the other end causes them to send, including refusals.
TEST_P(Session, BoundsWhatItIsMadeToSendInBothRoles) {
  for (const side self : {side::server, side::client}) {
    const session::session_options options{.max_queue = 10'000};
    const auto end =
        self == side::server ? open_server(GetParam(), known.contract, options) : open_client(GetParam(), known.contract, options);
    end->out.can_write = false;
    std::uint64_t refused = 0;
    while (!end->out.closed && refused < 100'000) end->session.refuse(end->now, {.code = errc::unimplemented, .re = ++refused});
    EXPECT_EQ(end->out.code(), close_code::too_slow);
    EXPECT_LE(refused, 10'000 / message_room);
    EXPECT_EQ(end->session.queued(), 0u);
  }
}

TEST_P(Session, WhatAClientSendsOfItsOwnAccordNeverClosesIt) {
  const auto client = open_client(GetParam(), known.contract, {.max_queue = 100});
  client->out.can_write = false;
  for (int i = 0; i < 100; ++i) {
    std::string event(100, 'e');
    EXPECT_TRUE(client->session.send_admitted(event));
  }
  EXPECT_TRUE(client->session.send(buffer("an answer")));  // the events do not use the room for answers
  EXPECT_FALSE(client->out.closed);
  client->out.can_write = true;
  client->session.drained();
  ASSERT_EQ(client->out.frames.size(), 101u);
  EXPECT_EQ(client->out.frames.back().text(), "an answer");
}

TEST_P(Session, SaysWhenTheBoundOverAllPeersWasReached) {
  session::session_options options{.max_queue = 1'000'000};
  options.total = std::make_shared<account>(10'000);
  const auto server = open_server(GetParam(), known.contract, options);
  server->out.can_write = false;
  while (server->session.send(buffer(std::string(100, 'a')))) EXPECT_LE(options.total->used(), 10'000u);
  EXPECT_EQ(server->out.code(), close_code::too_slow);
  EXPECT_TRUE(server->session.total_was_full());
  EXPECT_EQ(options.total->used(), 0u);
}

TEST_P(Session, TakesBackACallThatHasNotLeft) {
  const auto client = open_client(GetParam(), known.contract);
  client->session.send(buffer("left"), 1);
  client->out.can_write = false;
  client->session.send(buffer("stays"), 2);
  client->session.send(buffer("event"));
  EXPECT_FALSE(client->session.take_back(1));
  EXPECT_FALSE(client->session.take_back(0));
  EXPECT_TRUE(client->session.take_back(2));
  EXPECT_FALSE(client->session.take_back(2));
  client->out.can_write = true;
  client->session.drained();
  ASSERT_EQ(client->out.frames.size(), 2u);
  EXPECT_EQ(client->out.frames[1].text(), "event");
}

TEST_P(Session, DoesNotSendAControlFrameThatIsOverItsBound) {
  const auto server = open_server(GetParam(), known.contract);
  wire::envelope e = of_kind(wire::kind::cancel, 1);
  e.reason = std::string(1000, 'r');
  EXPECT_FALSE(server->session.send_control(e));
  EXPECT_TRUE(server->silent());
  EXPECT_FALSE(server->out.closed);
}

// --- The end.

TEST_P(AnySession, SendsWhatWaitedAndThenCloses) {
  const auto server = open_server(GetParam(), known.contract);
  server->out.can_write = false;
  server->session.send(buffer("last words"));
  server->session.close(close_code::done, "bye");
  ASSERT_EQ(server->out.frames.size(), 1u);
  EXPECT_EQ(server->out.code(), close_code::done);
  EXPECT_TRUE(server->session.closed());
  server->session.close(close_code::removed, "again");  // the recorder fails the test if this call reaches it
}

TEST_P(AnySession, IsDeafAndDumbAfterTheClose) {
  const auto server = open_server(GetParam(), known.contract);
  server->session.close(close_code::done, "");
  EXPECT_EQ(server->hear("rubbish"), nullptr);
  EXPECT_EQ(server->session.receive(server->now, {}, !server->binary()), nullptr);
  EXPECT_FALSE(server->session.send(buffer("x")));
  wire::envelope e = of_kind(wire::kind::event);
  EXPECT_FALSE(server->session.send_control(e));
  server->pass(1h);
  server->session.drained();
  EXPECT_TRUE(server->silent());
  EXPECT_EQ(server->out.pings, 0);
}

TEST_P(AnySession, WithoutItsConnectionAsksForNothing) {
  const auto server = open_server(GetParam(), known.contract);
  server->out.can_write = false;
  server->session.send(buffer("x"));
  server->session.lost();
  EXPECT_TRUE(server->session.closed());
  EXPECT_EQ(server->session.queued(), 0u);
  server->out.can_write = true;
  server->session.drained();
  server->pass(1h);
  EXPECT_TRUE(server->silent());
  EXPECT_FALSE(server->out.closed);
}

TEST_P(Session, HandsOnTheGoodbyeOfAServer) {
  const auto client = open_client(GetParam(), known.contract);
  std::string payload;
  wire::goaway bye;
  bye.reason = 2;
  wire::write_goaway(client->session.format().payload_format(), bye, payload);
  wire::envelope e;
  e.kind = wire::kind::goaway;
  const wire::envelope* const heard = client->hear(e, payload);
  ASSERT_NE(heard, nullptr);
  EXPECT_EQ(heard->kind, wire::kind::goaway);
  EXPECT_FALSE(client->out.closed);
  for (int i = 0; i < 10'000 && !client->out.closed; ++i) client->hear(e, payload);
  EXPECT_EQ(client->out.code(), close_code::policy) << "many are a flood";
}

// The example of session/session.hpp.
TEST(SessionDoor, DoesWhatItsExampleSays) {
  program known;
  const method& method = known.add(method_named("Lobby.Say", 1));
  const session::contract& contract = known.contract;
  recorder out;
  time_point now{};
  int acted = 0;
  const auto act = [&](const wire::envelope& e) { acted += e.name == "Lobby.Say"; };
  const bool binary = false;

  session::peer_session s({.self = side::server, .format = &wire::json_format()}, contract, out, out);
  s.start(now);
  for (const std::string_view text : {R"({"event_name":"$hello","payload":{"revision":1}})", R"({"event_name":"Lobby.Say"})"}) {
    const bytes_view frame = as_bytes(text);
    if (const wire::envelope* e = s.receive(now, frame, binary)) act(*e);
  }
  s.refuse(now, {.code = errc::denied}, {&method});
  now = s.next_tick();
  s.tick(now);
  EXPECT_EQ(out.opened_times, 1);
  EXPECT_EQ(acted, 1);
  EXPECT_EQ(out.frames.size(), 3u);  // welcome, error, ping
}

}  // namespace
