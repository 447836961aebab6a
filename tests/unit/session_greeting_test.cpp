// hello and welcome, from both ends, in both encodings that have them, and the comparison of the
// contracts.
#include "sessions.hpp"

#include <array>

namespace {

using namespace sessions;
namespace feature = wire::feature;

class Greeting : public testing::TestWithParam<encoding> {
 protected:
  session::session_options as(side self) {
    session::session_options options;
    options.self = self;
    options.format = &GetParam().format();
    return options;
  }
  wire::print print_of(const method& m) { return {std::string(m.name), m.id, m.fingerprint}; }

  program known;
};
INSTANTIATE_TEST_SUITE_P(In, Greeting, testing::ValuesIn(with_greeting()), testing::PrintToStringParamName());

TEST_P(Greeting, OpensBothEndsAndTellsEachWhatTheOtherAccepts) {
  known.add(method_named("Lobby.Add", 1));
  auto at_server = as(side::server);
  at_server.limits.max_calls = 3;
  at_server.limits.max_depth = 9;
  at_server.heartbeat = 7s;
  auto at_client = as(side::client);
  at_client.limits.max_message = 1234;
  end server(at_server, known.contract);
  end client(at_client, known.contract);
  server.session.start(server.now);
  client.session.start(client.now);
  EXPECT_TRUE(server.silent());
  EXPECT_FALSE(client.session.open());
  exchange(client, server);
  ASSERT_TRUE(server.session.open());
  ASSERT_TRUE(client.session.open());
  EXPECT_EQ(server.out.opened_times, 1);
  EXPECT_EQ(client.out.opened_times, 1);

  EXPECT_TRUE(wire::is_client_id(server.session.client_id()));
  EXPECT_EQ(client.session.client_id(), server.session.client_id());
  EXPECT_EQ(client.session.peer_limits().max_calls, 3u);
  EXPECT_EQ(client.session.peer_limits().max_depth, 9u);
  EXPECT_EQ(client.session.peer_limits().max_message, 65'536u);
  EXPECT_EQ(server.session.peer_limits().max_message, 1234u);
  EXPECT_EQ(client.session.next_tick(), client.now + 7s);
  for (const end* e : {&server, &client}) {
    EXPECT_TRUE(e->session.has_feature(feature::server_calls));
    EXPECT_TRUE(e->session.has_feature(feature::multi));
    EXPECT_FALSE(e->session.has_feature(feature::resume));
  }
}

TEST_P(Greeting, OfAClientListsItsMethodsAndOffersNothingThatIsNotBuilt) {
  const std::array<std::uint64_t, 2> earlier{7, 8};
  const method& add = known.add(method_named("Lobby.Add", 1, earlier));
  const method& say = known.add(method_named("Lobby.Say", 2));
  auto options = as(side::client);
  options.agent = std::string(63, 'a') + "\xc3\xa9";  // the last character begins at byte 64
  end client(options, known.contract);
  client.session.start(client.now);
  const wire::hello hello = client.next_hello();
  EXPECT_EQ(hello.revision, 1u);
  EXPECT_EQ(hello.features, feature::server_calls | feature::multi);
  EXPECT_EQ(hello.required, 0u);
  EXPECT_EQ(hello.agent, std::string(63, 'a'));
  ASSERT_EQ(hello.methods.size(), 2u);
  EXPECT_EQ(hello.methods[0].method, add.id);
  EXPECT_EQ(hello.methods[0].fingerprint, 1u);
  EXPECT_EQ(hello.methods[1].method, say.id);
  EXPECT_EQ(hello.contract, wire::contract_of(hello.methods));
  ASSERT_EQ(hello.accepted.size(), 2u);
  EXPECT_EQ(hello.accepted[0].method, add.id);
  EXPECT_EQ(hello.accepted[0].fingerprint, 7u);
  EXPECT_EQ(hello.accepted[1].fingerprint, 8u);
  EXPECT_FALSE(hello.resume);
  EXPECT_EQ(hello.limits.max_message, 1'048'576u);
}

TEST_P(Greeting, ThatNeverComesIsClosedWith4002AfterItsTime) {
  for (const side self : {side::server, side::client}) {
    end e(as(self), known.contract);
    e.session.start(e.now);
    EXPECT_EQ(e.session.next_tick(), e.now + 5s);
    e.pass(4999ms);
    EXPECT_FALSE(e.out.closed);
    e.pass(1ms);
    EXPECT_EQ(e.out.code(), close_code::bad_hello);
    EXPECT_EQ(e.session.next_tick(), time_point::max());
  }
}

TEST_P(Greeting, IsTheFirstFrameAndEverythingElseIsClosedWith4002) {
  wire::envelope event;
  event.name = "Lobby.Say";
  event.method = 1;
  wire::envelope ping;
  ping.kind = wire::kind::ping;
  ping.id = 1;
  for (const wire::envelope& e : {event, ping}) {
    end server(as(side::server), known.contract);
    server.session.start(server.now);
    EXPECT_EQ(server.hear(e, GetParam().format().binary() ? "" : "{}"), nullptr);
    EXPECT_EQ(server.out.code(), close_code::bad_hello);
    EXPECT_TRUE(server.silent());
  }
  for (const std::string_view rubbish :
       {"", "x", "hello", "{\"event_name\":\"$welcome\",\"payload\":{}}", "\x15\x80\x00\x01\x00\x00\x00\x00"}) {
    end server(as(side::server), known.contract);
    server.session.start(server.now);
    EXPECT_EQ(server.hear(rubbish), nullptr);
    EXPECT_EQ(server.out.code(), close_code::bad_hello);
    EXPECT_TRUE(server.silent());
  }
}

TEST_P(Greeting, MayNotBePrecededEvenByAFrameThatAsksToBeIgnored) {
  const std::string unknown =
      GetParam().format().binary() ? std::string("\x63\x40\0\x01\0\0\0\0", 8) : R"({"event_name":"$later","opt":true})";
  end server(as(side::server), known.contract);
  server.session.start(server.now);
  EXPECT_EQ(server.hear(unknown), nullptr);
  EXPECT_EQ(server.out.code(), close_code::bad_hello);
}

TEST_P(Greeting, OfTheWrongOpcodeIsClosedWith1003) {
  end server(as(side::server), known.contract);
  server.session.start(server.now);
  EXPECT_EQ(server.session.receive(server.now, as_bytes("{}"), !server.binary()), nullptr);
  EXPECT_EQ(server.out.code(), close_code::wrong_opcode);
}

TEST_P(Greeting, TwiceIsClosedWith4002) {
  const auto server = open_server(GetParam(), known.contract);
  server->hear_hello(hello_of_a_client());
  EXPECT_EQ(server->out.code(), close_code::bad_hello);
  EXPECT_TRUE(server->silent());
}

TEST_P(Greeting, ThatCannotBeReadIsClosedWithoutAnAnswer) {
  const auto closed_with = [&](const wire::hello& hello) {
    end server(as(side::server), known.contract);
    server.session.start(server.now);
    server.hear_hello(hello);
    EXPECT_TRUE(server.silent());
    return server.out.code();
  };
  wire::hello h = hello_of_a_client();
  h.revision = 0;
  EXPECT_EQ(closed_with(h), close_code::bad_hello);
  h = hello_of_a_client();
  h.agent = std::string(65, 'a');
  EXPECT_EQ(closed_with(h), close_code::bad_hello);
  h = hello_of_a_client();
  h.methods = {{"Lobby.Add", wire::method_id("Lobby.Add"), 1}, {"Lobby.Add", wire::method_id("Lobby.Add"), 1}};
  EXPECT_EQ(closed_with(h), close_code::protocol_violation);
}

TEST(JsonGreeting, WithAcceptedShapesThatCannotBeReadIsClosedWith4002) {
  program known;
  for (const char* accepted : {"7", "[]", R"({"Lobby.Add":"0000000000000001"})", R"({"Lobby.Add":[1]})", R"({"Lobby.Add":["1"]})",
                               R"({"$add":["0000000000000001"]})", R"({"Lobby.Add":[[]]})", R"({"Lobby.Add":["0000000000000001"])"}) {
    end server({.self = side::server, .format = &wire::json_format()}, known.contract);
    server.session.start(server.now);
    server.hear(std::string(R"({"event_name":"$hello","payload":{"revision":1,"accepted":)") + accepted + "}}");
    EXPECT_EQ(server.out.code(), close_code::bad_hello) << accepted;
  }
}

TEST_P(Greeting, LargerThanAMessageMayBeIsClosedWith1009) {
  auto options = as(side::server);
  options.limits.max_message = 1000;
  end server(options, known.contract);
  server.session.start(server.now);
  wire::hello h = hello_of_a_client();
  for (int i = 0; i < 100; ++i) {
    const std::string name = "Lobby.M" + std::to_string(i);
    h.methods.push_back({name, wire::method_id(name), 1});
  }
  server.hear_hello(h);
  EXPECT_EQ(server.out.code(), close_code::too_large);
}

TEST_P(Greeting, ThatRequiresWhatIsNotOfferedIsClosedWith4003) {
  for (const std::uint64_t bit : {feature::resume, feature::streams}) {
    end server(as(side::server), known.contract);
    server.session.start(server.now);
    wire::hello h = hello_of_a_client();
    h.features |= bit;
    h.required = bit;
    server.hear_hello(h);
    EXPECT_EQ(server.out.code(), close_code::unsupported);
    EXPECT_TRUE(server.silent());
  }
}

TEST_P(Greeting, ThatRequiresWhatNobodyHereHasHeardOfIsClosedWith4003) {
  end server(as(side::server), known.contract);
  server.session.start(server.now);
  if (server.binary()) {
    wire::hello h = hello_of_a_client();
    h.required = std::uint64_t{1} << 40;
    server.hear_hello(h);
  } else {
    server.hear(R"({"event_name":"$hello","payload":{"revision":1,"features":["later"],"required":["later"]}})");
  }
  EXPECT_EQ(server.out.code(), close_code::unsupported);
}

TEST_P(Greeting, AgreesOnTheFeaturesOfBoth) {
  end server(as(side::server), known.contract);
  server.session.start(server.now);
  wire::hello h;
  h.revision = 9;  // from a later client
  h.features = feature::multi | feature::streams | feature::resume;
  h.required = feature::multi;
  server.hear_hello(h);
  const wire::welcome w = server.next_welcome();
  EXPECT_EQ(w.revision, 1u);
  EXPECT_EQ(w.features, feature::multi);
  EXPECT_FALSE(server.session.has_feature(feature::server_calls));
  EXPECT_EQ(w.outcome, wire::outcome::fresh_session);
  EXPECT_EQ(w.heartbeat_ms, 20'000u);
  EXPECT_TRUE(w.token.empty());

  end client(as(side::client), known.contract);
  client.session.start(client.now);
  wire::welcome more = welcome_of_a_server();
  more.features = feature::server_calls | feature::streams;
  client.hear_welcome(more);
  EXPECT_TRUE(client.session.has_feature(feature::server_calls));
  EXPECT_FALSE(client.session.has_feature(feature::streams));
}

TEST_P(Greeting, ThatAsksToResumeIsAnsweredFreshAndComesOnceMore) {
  known.add(method_named("Lobby.Add", 1));
  end server(as(side::server), known.contract);
  server.session.start(server.now);
  wire::hello h = hello_of_a_client();
  h.resume = wire::resume{"6fNo2rXqQ1m0vJqv0c8d4A", 1, 5};
  server.pass(4s);
  server.hear_hello(h);
  const wire::welcome fresh = server.next_welcome();
  EXPECT_EQ(fresh.outcome, wire::outcome::fresh);
  EXPECT_TRUE(fresh.client_id.empty());
  EXPECT_TRUE(fresh.token.empty());
  EXPECT_EQ(fresh.epoch, 0u);
  EXPECT_FALSE(server.session.open());
  EXPECT_EQ(server.out.opened_times, 0);

  server.pass(4s);  // the time for a hello starts again
  EXPECT_FALSE(server.out.closed);
  h.resume.reset();
  h.methods = {{"Lobby.Add", wire::method_id("Lobby.Add"), 1}};
  server.hear_hello(h);
  const wire::welcome second = server.next_welcome();
  EXPECT_EQ(second.outcome, wire::outcome::fresh_session);
  EXPECT_EQ(second.client_id, server.session.client_id());
  EXPECT_TRUE(server.session.open());
}

TEST_P(Greeting, ThatAsksToResumeTwiceIsClosedWith4002) {
  end server(as(side::server), known.contract);
  server.session.start(server.now);
  wire::hello h = hello_of_a_client();
  h.resume = wire::resume{"6fNo2rXqQ1m0vJqv0c8d4A", 1, 5};
  server.hear_hello(h);
  EXPECT_FALSE(server.out.closed);
  server.hear_hello(h);
  EXPECT_EQ(server.out.code(), close_code::bad_hello);
}

TEST_P(Greeting, OfAServerThatIsNoneIsClosedWith4001) {
  const auto closed_with = [&](const auto& hear) {
    end client(as(side::client), known.contract);
    client.session.start(client.now);
    client.next();
    hear(client);
    EXPECT_FALSE(client.session.open());
    EXPECT_TRUE(client.silent());
    return client.out.code();
  };
  wire::welcome resumed = welcome_of_a_server();
  resumed.outcome = wire::outcome::exact;
  wire::welcome nobody = welcome_of_a_server();
  nobody.client_id.clear();
  EXPECT_EQ(closed_with([&](end& c) { c.hear_welcome(resumed); }), close_code::protocol_violation);
  EXPECT_EQ(closed_with([&](end& c) { c.hear_welcome(nobody); }), close_code::protocol_violation);
  EXPECT_EQ(closed_with([&](end& c) { c.hear("rubbish"); }), close_code::protocol_violation);
  EXPECT_EQ(closed_with([&](end& c) { c.hear(wire::kind::ping, 1); }), close_code::protocol_violation);
}

TEST_P(Greeting, OfAServerThatRefusesIsHandedOnAndItsCloseIsWaitedFor) {
  end client(as(side::client), known.contract);
  client.session.start(client.now);
  client.next();
  wire::envelope e;
  e.kind = wire::kind::error;
  e.code = errc::unauthenticated;
  e.text = "no";
  e.has_text = true;
  const wire::envelope* why = client.hear(e);
  ASSERT_NE(why, nullptr);
  EXPECT_EQ(why->code, errc::unauthenticated);
  EXPECT_EQ(why->text, "no");
  EXPECT_FALSE(client.out.closed);
  client.pass(5s);
  EXPECT_EQ(client.out.code(), close_code::bad_hello);
}

TEST_P(Greeting, MayBeFollowedByTheClosingOfWhoHearsOfIt) {
  end server(as(side::server), known.contract);
  server.out.on_opened = [&] { server.session.close(close_code::removed, "not you"); };
  server.session.start(server.now);
  server.hear_hello(hello_of_a_client());
  server.next_welcome();
  EXPECT_EQ(server.out.code(), close_code::removed);
  EXPECT_EQ(server.session.next_tick(), time_point::max());
  EXPECT_EQ(server.hear(wire::kind::ping, 1), nullptr);
}

TEST_P(Greeting, SendsNothingBeforeItIsComplete) {
  end client(as(side::client), known.contract);
  client.session.start(client.now);
  client.next();
  EXPECT_FALSE(client.session.send(buffer("early")));
  wire::envelope ping;
  ping.kind = wire::kind::ping;
  ping.id = 1;
  EXPECT_FALSE(client.session.send_control(ping));
  EXPECT_TRUE(client.silent());
}

// Two programs that were built from two versions of one schema.
class Contracts : public Greeting {
 protected:
  // Exchanges the greeting and returns the server's answer.
  wire::welcome greet(end& client, end& server) {
    server.session.start(server.now);
    client.session.start(client.now);
    const buffer hello = client.out.frames.front();
    client.out.frames.clear();
    server.session.receive(server.now, hello.bytes(), server.binary());
    if (server.silent()) return {};
    const buffer welcome = server.out.frames.front();
    const wire::welcome answer = server.next_welcome();
    client.session.receive(client.now, welcome.bytes(), client.binary());
    return answer;
  }
  program other;
};
INSTANTIATE_TEST_SUITE_P(In, Contracts, testing::ValuesIn(with_greeting()), testing::PrintToStringParamName());

TEST_P(Contracts, ThatAreEqualAgreeOnEverything) {
  const method& mine = known.add(method_named("Lobby.Add", 1));
  const method& theirs = other.add(method_named("Lobby.Add", 1));
  end server(as(side::server), known.contract);
  end client(as(side::client), other.contract);
  const wire::welcome w = greet(client, server);
  EXPECT_TRUE(w.mismatched.empty());
  EXPECT_TRUE(w.missing.empty());
  const std::vector same{print_of(mine)};
  EXPECT_EQ(w.contract, wire::contract_of(same));
  EXPECT_TRUE(server.session.agreed(mine));
  EXPECT_TRUE(client.session.agreed(theirs));
}

TEST_P(Contracts, OfAnOldClientAreAcceptedByANewServer) {
  const std::array<std::uint64_t, 1> earlier{1};
  const method& mine = known.add(method_named("Lobby.Add", 2, earlier));
  const method& theirs = other.add(method_named("Lobby.Add", 1));
  end server(as(side::server), known.contract);
  end client(as(side::client), other.contract);
  const wire::welcome w = greet(client, server);
  EXPECT_TRUE(w.mismatched.empty());
  EXPECT_TRUE(server.session.agreed(mine));
  EXPECT_TRUE(client.session.agreed(theirs));
}

TEST_P(Contracts, OfAnOldServerAreAcceptedByANewClientUnderEveryPolicy) {
  const std::array<std::uint64_t, 2> earlier{0, 1};
  const method& mine = known.add(method_named("Lobby.Add", 1));
  const method& theirs = other.add(method_named("Lobby.Add", 2, earlier));
  for (const wire::policy policy : {wire::policy::degrade, wire::policy::refuse, wire::policy::warn}) {
    auto options = as(side::server);
    options.policy = policy;
    end server(options, known.contract);
    end client(as(side::client), other.contract);
    const wire::welcome w = greet(client, server);
    EXPECT_TRUE(w.mismatched.empty());
    ASSERT_TRUE(server.session.open());
    EXPECT_TRUE(server.session.agreed(mine));
    EXPECT_TRUE(client.session.agreed(theirs));
    EXPECT_TRUE(server.session.mismatched().empty());
  }
}

TEST_P(Contracts, NamedByAServerThatKnowsNothingOfAcceptedShapesAreStruckByTheClient) {
  const std::array<std::uint64_t, 1> earlier{1};
  const method& add = known.add(method_named("Lobby.Add", 2, earlier));
  const method& say = known.add(method_named("Lobby.Say", 2));
  end client(as(side::client), known.contract);
  client.session.start(client.now);
  wire::welcome w = welcome_of_a_server();
  w.mismatched = {{"Lobby.Add", add.id, 1}, {"Lobby.Say", say.id, 1}, {"Lobby.Gone", wire::method_id("Lobby.Gone"), 1}};
  client.hear_welcome(w);
  ASSERT_TRUE(client.session.open());
  EXPECT_TRUE(client.session.agreed(add));
  EXPECT_FALSE(client.session.agreed(say));
  EXPECT_EQ(client.session.mismatched(), std::vector<const method*>{&say});
}

TEST_P(Contracts, ThatDifferDegradeOnlyTheMethodsThatDo) {
  const std::array<std::uint64_t, 1> earlier{9};
  const method& mine = known.add(method_named("Lobby.Add", 1, earlier));
  const method& same = known.add(method_named("Lobby.Say", 1));
  const method& theirs = other.add(method_named("Lobby.Add", 2, earlier));
  other.add(method_named("Lobby.Say", 1));
  end server(as(side::server), known.contract);
  end client(as(side::client), other.contract);
  const wire::welcome w = greet(client, server);
  ASSERT_EQ(w.mismatched.size(), 1u);
  EXPECT_EQ(w.mismatched[0].method, mine.id);
  EXPECT_EQ(w.mismatched[0].fingerprint, 1u);
  EXPECT_EQ(w.policy, wire::policy::degrade);
  ASSERT_TRUE(server.session.open());
  ASSERT_TRUE(client.session.open());
  EXPECT_FALSE(server.session.agreed(mine));
  EXPECT_TRUE(server.session.agreed(same));
  EXPECT_FALSE(client.session.agreed(theirs));
  EXPECT_EQ(server.session.mismatched(), std::vector<const method*>{&mine});
  EXPECT_EQ(client.session.mismatched(), std::vector<const method*>{&theirs});
}

TEST_P(Contracts, ThatDifferAreOnlyNamedUnderThePolicyWarn) {
  const method& mine = known.add(method_named("Lobby.Add", 1));
  const method& theirs = other.add(method_named("Lobby.Add", 2));
  auto options = as(side::server);
  options.policy = wire::policy::warn;
  end server(options, known.contract);
  end client(as(side::client), other.contract);
  EXPECT_EQ(greet(client, server).mismatched.size(), 1u);
  EXPECT_TRUE(server.session.agreed(mine));
  EXPECT_TRUE(client.session.agreed(theirs));
  EXPECT_EQ(server.session.mismatched(), std::vector<const method*>{&mine});
  EXPECT_EQ(client.session.mismatched(), std::vector<const method*>{&theirs});
}

TEST_P(Contracts, ThatDifferAreClosedWith4004ByNameUnderThePolicyRefuse) {
  known.add(method_named("Lobby.Add", 1));
  known.add(method_named("Lobby.Say", 1));
  other.add(method_named("Lobby.Add", 2));
  other.add(method_named("Lobby.Say", 2));
  auto options = as(side::server);
  options.policy = wire::policy::refuse;
  end server(options, known.contract);
  end client(as(side::client), other.contract);
  greet(client, server);
  ASSERT_EQ(server.out.code(), close_code::contract_refused);
  EXPECT_EQ(server.out.closed->second, "contract differs: Lobby.Add, Lobby.Say");
  EXPECT_TRUE(server.silent());
  EXPECT_EQ(server.out.opened_times, 0);
}

TEST_P(Contracts, ThatAServerLeavesToTheClientToRefuseAreClosedThere) {
  const method& add = known.add(method_named("Lobby.Add", 2));
  end client(as(side::client), known.contract);
  client.session.start(client.now);
  client.next();
  wire::welcome w = welcome_of_a_server();
  w.policy = wire::policy::refuse;
  w.mismatched = {{"Lobby.Add", add.id, 1}};
  client.hear_welcome(w);
  EXPECT_EQ(client.out.code(), close_code::contract_refused);
  EXPECT_EQ(client.out.opened_times, 0);
}

TEST_P(Contracts, OfWhichTheServerKnowsAPartNameWhatIsMissing) {
  known.add(method_named("Lobby.Add", 1));
  other.add(method_named("Lobby.Add", 1));
  const method& kick = other.add(method_named("Lobby.Kick", 1));
  end server(as(side::server), known.contract);
  end client(as(side::client), other.contract);
  const wire::welcome w = greet(client, server);
  ASSERT_EQ(w.missing.size(), 1u);
  EXPECT_EQ(w.missing[0].method, kick.id);
  EXPECT_EQ(w.missing[0].name, server.binary() ? "" : "Lobby.Kick");
  EXPECT_TRUE(w.mismatched.empty());
  EXPECT_TRUE(client.session.open());
}

TEST_P(Contracts, OfAHelloThatListsNothingAreNotCompared) {
  const method& add = known.add(method_named("Lobby.Add", 1));
  end server(as(side::server), known.contract);
  server.session.start(server.now);
  server.hear_hello(hello_of_a_client());
  const wire::welcome w = server.next_welcome();
  EXPECT_TRUE(w.mismatched.empty());
  EXPECT_TRUE(w.missing.empty());
  EXPECT_TRUE(server.session.agreed(add));
}

}  // namespace
