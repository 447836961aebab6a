// Subprotocol parley.v1.json. tests/vectors has most accepted and refused frames. These tests cover
// frames that must be built or counted.
#include "frames.hpp"

#include <gtest/gtest.h>

namespace {

using namespace parley;
using frames::reading;

constexpr std::string_view uuid = "0b8c2a34-9f0e-4a7e-8f0e-2d1a5b6c7d8e";

std::string read(std::string_view frame, side reader = side::server) { return reading(wire::json_format(), frame, reader); }
std::string repeated(std::string_view text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}
std::string call_with(std::string_view member) { return R"({"event_name":"x","id":7,)" + std::string(member) + "}"; }
std::string nested(std::size_t depth) { return repeated("[", depth) + repeated("]", depth); }

std::string written(const wire::envelope& e, side writer, std::string_view payload = {}) {
  std::string out;
  return wire::json_format().write(e, writer, as_bytes(payload), out) ? out : "refused" + out;
}
wire::envelope of_kind(wire::kind kind) {
  wire::envelope e;
  e.kind = kind;
  if (kind == wire::kind::event || kind == wire::kind::call || kind == wire::kind::reply) e.name = "x";
  return e;
}

TEST(JsonFormat, IsTextWithASession) {
  EXPECT_FALSE(wire::json_format().binary());
  EXPECT_TRUE(wire::json_format().has_session());
  EXPECT_EQ(wire::json_format().payload_format(), format::json);
}

TEST(JsonEnvelope, TakesPayloadsToTheAgreedDepthCountedFromTheirRoot) {
  EXPECT_EQ(read(call_with("\"payload\":" + nested(64))), "kind=call name=x id=7 counted payload=" + nested(64));
  EXPECT_EQ(read(call_with("\"payload\":" + nested(65))), "bad_payload re=7");
  EXPECT_EQ(read(R"({"event_name":"x","payload":)" + nested(65) + "}"), "bad_payload");
  EXPECT_EQ(read(call_with("\"payload\":" + nested(100'000))), "bad_payload re=7");
  const std::string objects = repeated(R"({"a":)", 65) + "1" + repeated("}", 65);
  EXPECT_EQ(read(call_with("\"payload\":" + objects)), "bad_payload re=7");
  wire::read_limits shallow;
  shallow.max_depth = 2;
  EXPECT_EQ(reading(wire::json_format(), call_with("\"payload\":[[1]]"), side::server, shallow),
            "kind=call name=x id=7 counted payload=[[1]]");
  EXPECT_EQ(reading(wire::json_format(), call_with("\"payload\":[[[1]]]"), side::server, shallow), "bad_payload re=7");
}

TEST(JsonEnvelope, IsRefusedForDepthOutsideThePayload) {
  EXPECT_EQ(read(call_with("\"later\":" + nested(100'000))), "bad_frame re=7");
  EXPECT_EQ(read(nested(100'000)), "bad_frame");
}

TEST(JsonEnvelope, CountsEverythingButThePayload) {
  const std::string around = R"({"event_name":"x","id":7,"later":"","payload":""})";
  const std::size_t room = 4096 - (around.size() - 2);
  const auto frame = [&](std::size_t outside, std::size_t inside) {
    return R"({"event_name":"x","id":7,"later":")" + std::string(outside, 'a') + R"(","payload":")" + std::string(inside, 'b') + "\"}";
  };
  EXPECT_EQ(read(frame(room, 100'000)).substr(0, 9), "kind=call");
  EXPECT_EQ(read(frame(room + 1, 0)), "bad_frame re=7");
}

TEST(JsonEnvelope, BoundsEachMember) {
  const auto meta = [](std::size_t entries, std::size_t value) {
    std::string members;
    for (std::size_t i = 0; i < entries; ++i)
      members += (i ? "," : "") + std::string("\"k") + std::to_string(10 + i) + "\":\"" + std::string(value, 'v') + '"';
    return "\"meta\":{" + members + "}";
  };
  const auto text = [](std::string_view name, std::size_t size) {
    return '"' + std::string(name) + "\":\"" + std::string(size, 't') + '"';
  };
  struct row {
    std::string fits;
    std::string does_not;
  };
  for (const row& r : {
           row{text("key", 64), text("key", 65)},
           row{text("reason", 128), text("reason", 129)},
           row{meta(16, 1), meta(17, 1)},
           row{meta(16, 61), meta(16, 62)},
           row{meta(1, 1021), meta(1, 1022)},
           row{"\"slot\":\"" + repeated("AAAA", 85) + "AA==\"", "\"slot\":\"" + repeated("AAAA", 86) + '"'},
           row{"\"ttl_ms\":0", "\"ttl_ms\":4294967296"},
           row{"\"deadline_ms\":4294967295", "\"deadline_ms\":-0.5"},
           row{"\"seq\":1", "\"seq\":0"},
           row{"\"ack\":0", "\"ack\":-1"},
           row{"\"to\":[" + repeated("\"a\",", 15) + "\"a\"]", "\"to\":[" + repeated("\"a\",", 16) + "\"a\"]"},
           row{"\"except\":[" + repeated("\"a\",", 15) + "\"a\"]", "\"except\":[" + repeated("\"a\",", 16) + "\"a\"]"},
       }) {
    EXPECT_EQ(read(call_with(r.fits)).substr(0, 9), "kind=call") << r.fits;
    EXPECT_EQ(read(call_with(r.does_not)), "bad_frame re=7") << r.does_not;
  }
}

TEST(JsonEnvelope, BoundsTheTextOfWhatHasNoPayloadInIt) {
  const auto error_of = [](std::size_t size) { return R"({"event_name":"error","re":7,"message":")" + std::string(size, 'a') + "\"}"; };
  EXPECT_EQ(read(error_of(512), side::client).substr(0, 10), "kind=error");
  EXPECT_EQ(read(error_of(513), side::client), "bad_frame");
}

TEST(JsonEnvelope, LeavesATextThatIsThePayloadToWhoeverBoundsPayloads) {
  for (const std::size_t size : {513u, 100'000u}) {
    wire::envelope e = of_kind(wire::kind::event);
    e.text = std::string(size, '"');
    e.has_text = true;
    const std::string frame = written(e, side::client);
    EXPECT_EQ(read(frame), "kind=event name=x text=\"" + e.text + "\" counted");
  }
}

TEST(JsonEnvelope, BoundsTheNumberOfMembers) {
  const auto members = [](std::size_t count) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) text += ",\"m" + std::to_string(i) + "\":0";
    return R"({"event_name":"x","id":7)" + text + "}";
  };
  EXPECT_EQ(read(members(62)), "kind=call name=x id=7 counted");
  EXPECT_EQ(read(members(63)), "bad_frame re=7");
}

TEST(JsonEnvelope, AnswersTheCallWhereverItsIdStands) {
  EXPECT_EQ(read(R"({"deadline_ms":-1,"event_name":"x","id":7})"), "bad_frame re=7");
  EXPECT_EQ(read(R"({"id":7,"deadline_ms":-1,"event_name":"x"})"), "bad_frame re=7");
  EXPECT_EQ(read(R"({"event_name":"x","id":7,"id":8})"), "bad_frame re=7");
}

TEST(JsonEnvelope, AnswersNoCallWhereTheIdOpensNone) {
  EXPECT_EQ(read(R"({"event_name":"$cancel","id":7,"code":5})"), "bad_frame");
  EXPECT_EQ(read(R"({"event_name":"$item","id":7,"class":5})"), "bad_frame");
  EXPECT_EQ(read(R"({"id":7,"deadline_ms":-1})"), "bad_frame");
  EXPECT_EQ(read(R"({"event_name":"x","re":7,"message":5})", side::client), "bad_frame");
}

TEST(JsonEnvelope, KeepsTheIdOfAnIllFormedFrameThatGotSoFar) {
  EXPECT_EQ(read(R"({"event_name":"x","id":7,"payload":{)"), "bad_frame re=7");
  EXPECT_EQ(read(R"({"event_name":"x","payload":{,"id":7})"), "bad_frame");
}

TEST(JsonEnvelope, NeedsUtf8) {
  EXPECT_EQ(read("{\"event_name\":\"x\",\"payload\":\"\xff\"}"), "bad_frame");
  EXPECT_EQ(read("{\"event_name\":\"\xc3\"}"), "bad_frame");
  EXPECT_EQ(read(std::string("{\"event_name\":\"x\0\"}", 20)), "bad_frame");
}

TEST(JsonEnvelope, TakesNoListOfTargetsThatWasNotAgreed) {
  wire::read_limits one;
  one.multi = false;
  const auto read_one = [&](std::string_view frame) { return reading(wire::json_format(), frame, side::server, one); };
  EXPECT_EQ(read_one(R"({"event_name":"x","to":["all"]})"), "close 4001");
  EXPECT_EQ(read_one(R"({"event_name":"x","except":["a"]})"), "close 4001");
  EXPECT_EQ(read_one(R"({"event_name":"x","to":"all"})"), "kind=event name=x to=all counted");
}

TEST(JsonEnvelope, FromTheServerNamesTheSender) {
  EXPECT_EQ(read(R"({"event_name":"x","from_id":"server"})", side::client), "kind=event name=x from=server counted");
  EXPECT_EQ(read(R"({"event_name":"x","from_id":"a"})", side::client), "kind=event name=x from=a counted");
  EXPECT_EQ(read(R"({"event_name":"x","from_id":"a"})", side::server), "kind=event name=x counted");
}

TEST(JsonEnvelope, GivesThePayloadWhereItLiesInTheFrame) {
  const std::string frame = R"({"event_name":"x", "payload" : {"a" : [1, 2]} , "to":"all"})";
  wire::envelope e;
  ASSERT_FALSE(wire::json_format().read(as_bytes(frame), side::server, {}, e));
  EXPECT_EQ(as_text(e.payload), R"({"a" : [1, 2]})");
  EXPECT_EQ(as_text(e.payload).data(), frame.data() + frame.find("{\"a\""));
}

// Frames that are nearly valid. Whatever the result is, nothing outside the frame is read.
TEST(JsonEnvelope, SurvivesEveryTruncationAndEveryByteReplaced) {
  for (const frames::record& r : frames::read_records("frames.json.txt")) {
    const std::string& frame = r["frame"];
    const side reader = r["from"] == "client" ? side::server : side::client;
    for (std::size_t size = 0; size < frame.size(); ++size)
      EXPECT_EQ(read(frame.substr(0, size), reader).substr(0, 9), "bad_frame") << r["name"] << " " << size;
    for (std::size_t i = 0; i < frame.size(); ++i)
      for (const char c : {'"', '{', '\\', '0', '\xff'}) {
        std::string changed = frame;
        changed[i] = c;
        EXPECT_FALSE(read(changed, reader).empty());
      }
  }
}

TEST(JsonEnvelope, IsWrittenInOneOrder) {
  wire::envelope e = of_kind(wire::kind::call);
  e.to = {.kind = target_kind::client, .name = std::string(uuid), .except = {"b"}};
  e.id = 7;
  e.seq = 3;
  e.code = errc::failed;
  e.reason = "why";
  e.text = "hm";
  e.has_text = true;
  e.deadline_ms = 1;
  e.ttl_ms = 2;
  e.delivery = wire::delivery_class::drop;
  e.slot = "s";
  e.key = "k";
  e.meta = {{"a", "1"}, {"b", "2"}};
  e.optional = true;
  EXPECT_EQ(written(e, side::client, "[]"),
            R"({"event_name":"x","to":"0b8c2a34-9f0e-4a7e-8f0e-2d1a5b6c7d8e","except":["b"],"id":7,"seq":3,"code":"failed","reason":"why",)"
            R"("message":"hm","deadline_ms":1,"ttl_ms":2,"class":"drop","slot":"cw==","key":"k","meta":{"a":"1","b":"2"},"opt":true,)"
            R"("payload":[]})");
}

TEST(JsonEnvelope, FromTheServerSaysWhoSentAnEvent) {
  wire::envelope e = of_kind(wire::kind::event);
  EXPECT_EQ(written(e, side::server), R"({"event_name":"x","from_id":"server"})");
  e.from = uuid;
  EXPECT_EQ(written(e, side::server), R"({"event_name":"x","from_id":"0b8c2a34-9f0e-4a7e-8f0e-2d1a5b6c7d8e"})");
  EXPECT_EQ(written(e, side::client), R"({"event_name":"x"})");
}

TEST(JsonEnvelope, FromTheServerKeepsWhoWasLeftOutToItself) {
  wire::envelope e = of_kind(wire::kind::event);
  e.to = {.kind = target_kind::all, .except = {"b"}};
  EXPECT_EQ(written(e, side::server), R"({"event_name":"x","to":"all","from_id":"server"})");
}

TEST(JsonEnvelope, SaysWhatFailedWhereNoCallIsAnswered) {
  wire::envelope e = of_kind(wire::kind::error);
  e.code = errc::denied;
  e.name = "Lobby.Say";
  e.to_json = R"("all")";
  e.text = "no";
  e.has_text = true;
  EXPECT_EQ(written(e, side::server),
            R"({"event_name":"error","code":"denied","message":"no","payload":{"event":"Lobby.Say","to":"all"}})");
  e.to_json = R"([ "all" ])";
  EXPECT_EQ(written(e, side::server),
            R"({"event_name":"error","code":"denied","message":"no","payload":{"event":"Lobby.Say","to":[ "all" ]}})");
  e.to_json = {};
  e.name.clear();
  EXPECT_EQ(written(e, side::server), R"({"event_name":"error","code":"denied","message":"no","payload":{}})");
  e.re = 7;
  EXPECT_EQ(written(e, side::server), R"({"event_name":"error","re":7,"code":"denied","message":"no"})");
}

TEST(JsonEnvelope, CutsTheTextOfAnErrorBetweenCharacters) {
  wire::envelope e = of_kind(wire::kind::error);
  e.re = 7;
  e.has_text = true;
  e.text = std::string(511, 'a') + "\u00e9";
  EXPECT_EQ(written(e, side::server), R"({"event_name":"error","re":7,"message":")" + std::string(511, 'a') + "\"}");
}

TEST(JsonEnvelope, WritesUtf8WhateverAProgramPutIn) {
  wire::envelope e = of_kind(wire::kind::error);
  e.re = 7;
  e.has_text = true;
  e.text = "a\xff";
  EXPECT_EQ(written(e, side::server), "{\"event_name\":\"error\",\"re\":7,\"message\":\"a\uFFFD\"}");
}

TEST(JsonEnvelope, IsNotWrittenOverItsBounds) {
  const auto refuses = [](auto change) {
    wire::envelope e = of_kind(wire::kind::call);
    e.id = 7;
    change(e);
    return written(e, side::client) == "refused";
  };
  EXPECT_FALSE(refuses([](wire::envelope&) {}));
  EXPECT_TRUE(refuses([](wire::envelope& e) { e.name = ""; }));
  EXPECT_TRUE(refuses([](wire::envelope& e) { e.name = "$hello"; }));
  EXPECT_TRUE(refuses([](wire::envelope& e) { e.name = "error"; }));
  EXPECT_TRUE(refuses([](wire::envelope& e) { e.kind = wire::kind::cancel, e.text = std::string(513, 'a'), e.has_text = true; }));
  EXPECT_TRUE(refuses([](wire::envelope& e) { e.key = std::string(65, 'a'); }));
  EXPECT_TRUE(refuses([](wire::envelope& e) { e.slot = std::string(257, 'a'); }));
  EXPECT_TRUE(refuses([](wire::envelope& e) { e.meta = {{"Key", ""}}; }));
  EXPECT_TRUE(refuses([](wire::envelope& e) { e.meta = {{"", ""}}; }));
  EXPECT_TRUE(refuses([](wire::envelope& e) { e.meta = {{"a", ""}, {"a", ""}}; }));
  EXPECT_TRUE(refuses([](wire::envelope& e) { e.meta = {{"a", std::string(1024, 'a')}}; }));
  EXPECT_TRUE(refuses([](wire::envelope& e) { e.meta.resize(17, {"a", ""}); }));
  EXPECT_TRUE(refuses([](wire::envelope& e) { e.to = {.kind = target_kind::several, .parts = std::vector<target>(17)}; }));
  EXPECT_TRUE(refuses([](wire::envelope& e) { e.to = {.kind = target_kind::user, .name = "\xff"}; }));
  EXPECT_TRUE(refuses([](wire::envelope& e) { e.to = {.kind = target_kind::user, .name = std::string(4096, 'a')}; }));
  EXPECT_TRUE(refuses([](wire::envelope& e) { e.kind = wire::kind::part; }));
}

TEST(JsonEnvelope, ThatIsRefusedLeavesWhatWasThere) {
  wire::envelope e = of_kind(wire::kind::event);
  e.to = {.kind = target_kind::user, .name = std::string(4096, 'a')};
  std::string out = "before";
  EXPECT_FALSE(wire::json_format().write(e, side::client, as_bytes("{}"), out));
  EXPECT_EQ(out, "before");
}

TEST(JsonEnvelope, EscapesWhatItMust) {
  wire::envelope e = of_kind(wire::kind::event);
  e.name = "a\"b\n";
  e.to = {.kind = target_kind::user, .name = "q\"\\"};
  EXPECT_EQ(written(e, side::client), R"({"event_name":"a\"b\n","to":"user:q\"\\"})");
}

}  // namespace
