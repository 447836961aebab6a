// Bad input to an open session: the answers, their rate, and when the session closes.
#include "sessions.hpp"

#include <array>
#include <tuple>

namespace {

using namespace sessions;

class Refusal : public testing::TestWithParam<encoding> {
 protected:
  program known;
};
INSTANTIATE_TEST_SUITE_P(In, Refusal, testing::ValuesIn(with_greeting()), testing::PrintToStringParamName());

// Tests for plain mode and for sessions with a greeting.
class AnyRefusal : public Refusal {};
INSTANTIATE_TEST_SUITE_P(In, AnyRefusal,
                         testing::Values(encoding{"json", wire::json_format}, encoding{"fbs", wire::fbs_format},
                                         encoding{"plain", wire::plain_format}),
                         testing::PrintToStringParamName());

constexpr encoding plain{"plain", wire::plain_format};
constexpr encoding json{"json", wire::json_format};

TEST(JsonRefusal, AnswersWhatIsMalformedAndStaysOpen) {
  program known;
  const auto server = open_server(json, known.contract);
  for (const char* frame : {"", "not json", "[]", "{}", R"({"event_name":7})", R"({"event_name":"x","event_name":"y"})"}) {
    EXPECT_EQ(server->hear(frame), nullptr);
    EXPECT_EQ(server->session.refused_call(), 0u);
    const wire::envelope e = server->next();
    EXPECT_EQ(e.kind, wire::kind::error);
    EXPECT_EQ(e.code, errc::bad_frame);
    EXPECT_EQ(e.re, 0u);
    EXPECT_FALSE(e.text.empty());
  }
  EXPECT_FALSE(server->out.closed);
  EXPECT_EQ(server->session.counters().refused, 6u);
}

TEST(JsonRefusal, SaysWhichCallAMalformedFrameUsedUp) {
  program known;
  const auto server = open_server(json, known.contract);
  EXPECT_EQ(server->hear(R"({"event_name":"Lobby.Add","id":7,"deadline_ms":1.5})"), nullptr);
  EXPECT_EQ(server->session.refused_call(), 7u);
  const wire::envelope e = server->next();
  EXPECT_EQ(e.code, errc::bad_frame);
  EXPECT_EQ(e.re, 7u);
  EXPECT_NE(server->hear(R"({"event_name":"Lobby.Add","id":8})"), nullptr);
  EXPECT_EQ(server->session.refused_call(), 0u);
}

TEST(BinaryRefusal, ClosesOnWhatIsMalformed) {
  program known;
  for (const std::string_view frame : {std::string_view("\x01\x10\x03\x01\0\0\0", 7), std::string_view("\x01\x10\x03\x00\0\0\0\0", 8),
                                       std::string_view("\x01\x10\x03\x02\0\0\0\0", 8), std::string_view("\x01\x90\x03\x01\0\0\0\0", 8)}) {
    const auto server = open_server({"fbs", wire::fbs_format}, known.contract);
    EXPECT_EQ(server->hear(frame), nullptr);
    EXPECT_EQ(server->out.code(), close_code::protocol_violation);
    EXPECT_TRUE(server->silent());
  }
}

TEST(JsonRefusal, ClosesOnIdAndReInOneFrame) {
  program known;
  const auto server = open_server(json, known.contract);
  EXPECT_EQ(server->hear(R"({"event_name":"Lobby.Add","id":7,"re":7})"), nullptr);
  EXPECT_EQ(server->out.code(), close_code::protocol_violation);
}

TEST_P(AnyRefusal, AnswersTenErrorsASecondAndCountsTheRest) {
  const auto server = open_server(GetParam(), known.contract);
  for (int i = 0; i < 25; ++i) server->session.refuse(server->now, {.code = errc::denied});
  EXPECT_EQ(server->out.frames.size(), 10u);
  EXPECT_EQ(server->session.counters().refused, 25u);
  EXPECT_EQ(server->session.counters().unanswered, 15u);
  server->now += 1s;
  server->session.refuse(server->now, {.code = errc::denied});
  EXPECT_EQ(server->out.frames.size(), 11u);
  EXPECT_FALSE(server->out.closed);
}

TEST_P(Refusal, AnswersEveryRefusedCall) {
  for (const bool at_server : {true, false}) {
    const auto e = at_server ? open_server(GetParam(), known.contract) : open_client(GetParam(), known.contract);
    for (std::uint64_t id = 1; id <= 50; ++id) e->session.refuse(e->now, {.code = errc::denied, .re = id});
    EXPECT_EQ(e->out.frames.size(), 50u);
    const wire::envelope first = e->next();
    EXPECT_EQ(first.kind, wire::kind::error);
    EXPECT_EQ(first.re, 1u);
    EXPECT_EQ(first.code, errc::denied);
    EXPECT_EQ(first.text, "denied");
    EXPECT_TRUE(first.counted);
    EXPECT_EQ(e->session.counters().unanswered, 0u);
  }
}

TEST_P(AnyRefusal, ClosesOnTheSeventeenthMalformedMessageWithinTenSeconds) {
  const auto server = open_server(GetParam(), known.contract);
  constexpr std::array codes{errc::bad_frame, errc::bad_payload, errc::too_large};
  for (std::size_t i = 0; i < 16; ++i) {
    server->session.refuse(server->now, {.code = codes[i % codes.size()]});
    server->session.refuse(server->now, {.code = errc::denied});  // does not count
    server->now += 600ms;
  }
  EXPECT_FALSE(server->out.closed);
  server->session.refuse(server->now, {.code = errc::bad_frame});
  EXPECT_EQ(server->out.code(), close_code::policy);
}

TEST_P(AnyRefusal, ForgetsMalformedMessagesInTime) {
  const auto server = open_server(GetParam(), known.contract);
  for (int i = 0; i < 100; ++i) {
    server->session.refuse(server->now, {.code = errc::bad_payload});
    server->now += 1s;
  }
  EXPECT_FALSE(server->out.closed);
}

TEST_P(AnyRefusal, CountsMalformedInputThatItsOwnerAnswers) {
  const auto server = open_server(GetParam(), known.contract);
  for (int i = 0; i < 16; ++i) EXPECT_TRUE(server->session.count_malformed(server->now));
  EXPECT_FALSE(server->session.count_malformed(server->now));
  EXPECT_EQ(server->out.code(), close_code::policy);
  EXPECT_TRUE(server->silent());
}

TEST_P(AnyRefusal, OfAClientTellsTheServerNothingOfBadEvents) {
  const auto client = open_client(GetParam(), known.contract);
  for (int i = 0; i < 10; ++i) client->session.refuse(client->now, {.code = errc::bad_payload});
  EXPECT_TRUE(client->silent());
  EXPECT_EQ(client->session.counters().refused, 10u);
}

TEST_P(AnyRefusal, ClosesIfTheFaultSaysSo) {
  const auto server = open_server(GetParam(), known.contract);
  server->session.refuse(server->now, {.text = "why", .close = close_code::protocol_violation});
  EXPECT_EQ(server->out.code(), close_code::protocol_violation);
  EXPECT_EQ(server->out.closed->second, "why");
  server->session.refuse(server->now, {.code = errc::denied});
  EXPECT_TRUE(server->silent());
  EXPECT_EQ(server->session.counters().refused, 0u);
}

TEST_P(Refusal, SaysWhatWasRefused) {
  const method& say = known.add(method_named("Lobby.Say", 1));
  const auto server = open_server(GetParam(), known.contract);
  wire::envelope event;
  event.name = "Lobby.Say";
  event.method = say.id;
  event.to = {.kind = target_kind::client, .name = "0b8c2a34-9f0e-4a7e-8f0e-2d1a5b6c7d8e"};
  const wire::envelope* heard = server->hear(event, server->binary() ? "" : "{}");
  ASSERT_NE(heard, nullptr);
  server->session.refuse(server->now, {.code = errc::unknown_target, .text = "nobody of this name"}, {&say, heard});
  const wire::envelope e = server->next();
  EXPECT_EQ(e.code, errc::unknown_target);
  EXPECT_EQ(e.text, "nobody of this name");
  EXPECT_EQ(e.re, 0u);
  EXPECT_EQ(e.method, server->binary() ? say.id : 0u);
  EXPECT_EQ(e.name, server->binary() ? "" : "Lobby.Say");
  if (server->binary()) EXPECT_EQ(e.to, event.to);
  else EXPECT_EQ(e.to_json, "\"0b8c2a34-9f0e-4a7e-8f0e-2d1a5b6c7d8e\"");
}

// The answer repeats the event and the target as the sender wrote them, even if this end does not
// know them.
TEST_P(Refusal, SaysTheEventAndTheTargetAsTheirSenderWroteThem) {
  const auto server = open_server(GetParam(), known.contract);
  wire::envelope event;
  event.name = "Lobby.Nowhere";
  event.method = wire::method_id(event.name);
  event.to.kind = target_kind::several;
  event.to.parts = {{.kind = target_kind::all}, {.kind = target_kind::group, .name = "Room:a/b"}};
  const wire::envelope* heard = server->hear(event, server->binary() ? "" : "{}");
  ASSERT_NE(heard, nullptr);
  server->session.refuse(server->now, {.code = errc::unimplemented, .text = "unknown event"}, {nullptr, heard});
  const wire::envelope e = server->next();
  EXPECT_EQ(e.code, errc::unimplemented);
  EXPECT_EQ(e.method, server->binary() ? event.method : 0u);
  EXPECT_EQ(e.name, server->binary() ? "" : "Lobby.Nowhere");
  if (server->binary()) EXPECT_EQ(e.to, event.to);
  else EXPECT_EQ(e.to_json, R"(["all","group:Room:a/b"])");
}

TEST(BinaryRefusal, SaysATargetThatCannotBeRead) {
  program known;
  const auto server = open_server({"fbs", wire::fbs_format}, known.contract);
  for (const auto& [kind, name, text] : {std::tuple{target_kind::group, "Room:", "group:Room:"}, {target_kind::user, "", "user:"}}) {
    wire::envelope event;
    event.method = 1;
    event.to = {.kind = kind, .name = name};
    const wire::envelope* heard = server->hear(event);
    ASSERT_NE(heard, nullptr);
    EXPECT_TRUE(heard->target_unreadable);
    server->session.refuse(server->now, {.code = errc::unknown_target}, {nullptr, heard});
    EXPECT_EQ(to_text(server->next().to), text);
  }
}

TEST(JsonRefusal, NamesTheEventOfAFrameThatIsMalformed) {
  program known;
  const auto server = open_server(json, known.contract);
  server->hear(R"({"event_name":"Lobby.Say","to":[ "all" , "id:x" ],"meta":7})");
  wire::envelope e = server->next();
  EXPECT_EQ(e.code, errc::bad_frame);
  EXPECT_EQ(e.name, "Lobby.Say");
  EXPECT_EQ(e.to_json, R"([ "all" , "id:x" ])");
  server->hear(R"({"to":"all","event_name":"Lobby.Say", "payload":{)");
  e = server->next();
  EXPECT_EQ(e.name, "Lobby.Say");
  EXPECT_EQ(e.to_json, R"("all")");
  server->hear(R"({"payload":1})");
  e = server->next();
  EXPECT_EQ(e.name, "");
  EXPECT_EQ(as_text(e.payload), "{}") << "an object in any case";
}

TEST_P(Refusal, LeavesOutATargetThatDoesNotFitIntoTheAnswer) {
  const method& say = known.add(method_named("Lobby.Say", 1));
  const auto server = open_server(GetParam(), known.contract);
  wire::envelope event;
  const std::string to = '"' + std::string(5000, 'x') + '"';
  event.to_json = to;
  event.to = {.kind = target_kind::group, .name = "Room:" + std::string(2000, 'x')};
  server->session.refuse(server->now, {.code = errc::unknown_target}, {&say, &event});
  const wire::envelope e = server->next();
  EXPECT_EQ(e.code, errc::unknown_target);
  EXPECT_TRUE(e.to_json.empty());
  EXPECT_EQ(e.to.kind, target_kind::none);
  EXPECT_FALSE(server->out.closed);
}

TEST(PlainRefusal, AnswersABinaryFrameLikeAnythingElseThatIsMalformed) {
  program known;
  const auto server = open_server(plain, known.contract);
  for (int i = 0; i < 16; ++i) {
    EXPECT_EQ(server->session.receive(server->now, as_bytes("{}"), true), nullptr);
    EXPECT_FALSE(server->out.closed);
  }
  EXPECT_EQ(server->next().kind, wire::kind::error);
  EXPECT_EQ(server->session.receive(server->now, as_bytes("{}"), true), nullptr);
  EXPECT_EQ(server->out.code(), close_code::policy);
}

TEST(PlainRefusal, AddressesItsErrorsToTheRequester) {
  program known;
  const method& say = known.add(method_named("say", 1));
  const auto server = open_server(plain, known.contract);
  wire::envelope event;
  event.name = "say";
  const std::string start = R"({"event_name":"error","payload":null,"to":")" + server->session.client_id() + R"(","from_id":"server",)";
  server->session.refuse(server->now, {.code = errc::denied, .text = "no"}, {&say, &event});
  EXPECT_EQ(server->out.frames.front().text(), start + R"x("message":"say: no (denied)"})x");
  server->out.frames.clear();
  event.name = "Lobby.Nowhere";
  server->session.refuse(server->now, {.code = errc::unimplemented, .text = "unknown event"}, {nullptr, &event});
  EXPECT_EQ(server->out.frames.front().text(), start + R"x("message":"Lobby.Nowhere: unknown event (unimplemented)"})x");
  server->out.frames.clear();
  event.name = "<b>not a wire name</b>";
  server->session.refuse(server->now, {.code = errc::unimplemented, .text = "unknown event"}, {nullptr, &event});
  EXPECT_EQ(server->out.frames.front().text(), start + R"x("message":"unknown event (unimplemented)"})x");
  server->out.frames.clear();
  event.name = "say";
  event.foreign_id = "0";
  server->session.refuse(server->now, {.code = errc::denied, .text = std::string(600, 'x')}, {&say, &event});
  EXPECT_TRUE(server->out.frames.front().text().ends_with(R"x(x (denied)","re":0,"code":"denied"})x")) << "the code is never cut off";
  server->out.frames.clear();
  server->session.refuse(server->now, {.code = errc::denied, .text = "no", .foreign_re = "7"}, {&say});
  EXPECT_TRUE(server->out.frames.front().text().ends_with(R"("message":"no","re":7,"code":"denied"})"));
}

TEST_P(AnyRefusal, Of_events_has_a_rate_though_nothing_is_malformed) {
  for (const errc code : {errc::unimplemented, errc::denied, errc::unknown_target}) {
    const auto server = open_server(GetParam(), known.contract);
    for (int i = 0; i < 10'000; ++i) server->session.refuse(server->now, {.code = code});
    EXPECT_FALSE(server->out.closed);
    server->now += 1s;
    for (int i = 0; i < 11'000; ++i) server->session.refuse(server->now, {.code = code});
    EXPECT_EQ(server->out.code(), close_code::policy);
  }
}

TEST_P(Refusal, Has_a_rate_for_frames_of_which_nothing_comes) {
  const auto server = open_server(GetParam(), known.contract);
  for (int i = 0; i < 10'000; ++i) server->hear(wire::kind::pong, 1);
  EXPECT_FALSE(server->out.closed);
  server->hear(wire::kind::pong, 1);
  EXPECT_EQ(server->out.code(), close_code::policy);
}

TEST_P(Refusal, Has_a_rate_for_errors_that_answer_no_call) {
  wire::envelope e;
  e.kind = wire::kind::error;
  e.code = errc::failed;
  const auto server = open_server(GetParam(), known.contract);
  for (int i = 0; i < 10'000; ++i) EXPECT_NE(server->hear(e), nullptr);
  EXPECT_FALSE(server->out.closed);
  EXPECT_EQ(server->hear(e), nullptr);
  EXPECT_EQ(server->out.code(), close_code::policy);
}

// The events of a client may be refused as fast as it sends them, and its program is informed of
// each.
TEST_P(Refusal, At_a_client_has_no_rate_of_errors) {
  wire::envelope e;
  e.kind = wire::kind::error;
  e.code = errc::failed;
  const auto client = open_client(GetParam(), known.contract);
  for (int i = 0; i < 20'000; ++i) EXPECT_NE(client->hear(e), nullptr);
  EXPECT_FALSE(client->out.closed);
}

TEST_P(AnyRefusal, Is_told_for_the_log_at_most_ten_times_in_ten_seconds) {
  const auto server = open_server(GetParam(), known.contract);
  for (int i = 0; i < 20; ++i) server->session.refuse(server->now, {.code = errc::denied});
  EXPECT_EQ(server->out.refusals, std::vector<errc>(10, errc::denied));
  server->now += 10s;
  server->session.refuse(server->now, {.code = errc::unknown_target});
  EXPECT_EQ(server->out.refusals.size(), 11u);
}

TEST(PlainRefusal, Closes_only_what_is_malformed_like_the_original) {
  program known;
  const auto server = open_server(plain, known.contract, {.drop_on_invalid = true});
  for (const errc code : {errc::denied, errc::unknown_target, errc::unimplemented, errc::failed}) {
    server->session.refuse(server->now, {.code = code});
    EXPECT_FALSE(server->out.closed) << make_error_code(code).message();
  }
  EXPECT_EQ(server->out.frames.size(), 4u);
}

TEST(PlainRefusal, ClosesWhatIsInvalidIfItIsToBehaveLikeTheOriginal) {
  program known;
  const auto server = open_server(plain, known.contract, {.drop_on_invalid = true});
  EXPECT_EQ(server->hear("not json"), nullptr);
  EXPECT_EQ(server->out.code(), close_code::policy);
  EXPECT_TRUE(server->silent());
}

}  // namespace
