// Plain mode: the frames that datadivr's peers write and read. Fixed frames are in tests/vectors.
#include "frames.hpp"

#include <gtest/gtest.h>

namespace {

using namespace parley;
using frames::reading;

constexpr std::string_view uuid = "0b8c2a34-9f0e-4a7e-8f0e-2d1a5b6c7d8e";

std::string read(std::string_view frame, side reader = side::server) { return reading(wire::plain_format(), frame, reader); }
std::string written(const wire::envelope& e, side writer, std::string_view payload = {}) {
  std::string out;
  return wire::plain_format().write(e, writer, as_bytes(payload), out) ? out : "refused" + out;
}
wire::envelope event(target to = {}) {
  wire::envelope e;
  e.name = "msg";
  e.to = std::move(to);
  return e;
}

TEST(PlainFormat, IsTextWithoutASession) {
  EXPECT_FALSE(wire::plain_format().binary());
  EXPECT_FALSE(wire::plain_format().has_session());
  EXPECT_EQ(wire::plain_format().payload_format(), format::json);
}

TEST(PlainFrame, AlwaysHasItsFiveKeys) {
  EXPECT_EQ(written(event(), side::client), R"({"event_name":"msg","payload":null,"to":"others","from_id":"server","message":null})");
  EXPECT_EQ(written(event({.kind = target_kind::all}), side::server, "[1]"),
            R"({"event_name":"msg","payload":[1],"to":"all","from_id":"server","message":null})");
}

TEST(PlainFrame, FromAClientClaimsNothing) {
  wire::envelope e = event();
  e.from = uuid;
  EXPECT_EQ(written(e, side::client), R"({"event_name":"msg","payload":null,"to":"others","from_id":"server","message":null})");
  EXPECT_EQ(written(e, side::server),
            R"({"event_name":"msg","payload":null,"to":"others","from_id":"0b8c2a34-9f0e-4a7e-8f0e-2d1a5b6c7d8e","message":null})");
}

TEST(PlainFrame, RelaysTheTargetAsItWasWritten) {
  wire::envelope e = event({.kind = target_kind::client, .name = "x"});
  e.to_written = "id:x";
  EXPECT_EQ(written(e, side::server), R"({"event_name":"msg","payload":null,"to":"id:x","from_id":"server","message":null})");
}

TEST(PlainFrame, HasACodeOnlyForWhoSentAnId) {
  wire::envelope e;
  e.kind = wire::kind::error;
  e.code = errc::denied;
  e.text = "no";
  e.has_text = true;
  e.to = {.kind = target_kind::client, .name = "x"};
  EXPECT_EQ(written(e, side::server), R"({"event_name":"error","payload":null,"to":"x","from_id":"server","message":"no"})");
  e.foreign_id = "\"a\"";
  EXPECT_EQ(written(e, side::server),
            R"({"event_name":"error","payload":null,"to":"x","from_id":"server","message":"no","re":"a","code":"denied"})");
}

TEST(PlainFrame, HasARequestsIdAndAnAnswersRe) {
  wire::envelope e = event();
  e.kind = wire::kind::call;
  e.foreign_id = "7";
  EXPECT_EQ(written(e, side::client), R"({"event_name":"msg","payload":null,"to":"others","from_id":"server","message":null,"id":7})");
  e.kind = wire::kind::reply;
  EXPECT_EQ(written(e, side::server), R"({"event_name":"msg","payload":null,"to":"others","from_id":"server","message":null,"re":7})");
}

TEST(PlainFrame, CannotNameEverybody) {
  EXPECT_EQ(written(event({.kind = target_kind::client, .name = "all"}), side::client), "refused");
  EXPECT_EQ(written(event({.kind = target_kind::client, .name = "a:b"}), side::client), "refused");
  EXPECT_EQ(written(event({.kind = target_kind::several, .parts = {{.kind = target_kind::all}}}), side::client), "refused");
}

TEST(PlainFrame, TellsAReceiverOfAListWhoItWasFor) {
  const wire::envelope e = event(
      {.kind = target_kind::several, .parts = {{.kind = target_kind::client, .name = "a"}, {.kind = target_kind::client, .name = "b"}}});
  EXPECT_EQ(written(e, side::server), R"({"event_name":"msg","payload":null,"to":"a,b","from_id":"server","message":null})");
}

TEST(PlainFrame, HasNoNamesAndKindsOfTheProtocol) {
  wire::envelope e = event();
  for (const char* name : {"", "$hello", "error"}) {
    e.name = name;
    EXPECT_EQ(written(e, side::client), "refused") << name;
  }
  e.name = "msg";
  for (const wire::kind kind : {wire::kind::ping, wire::kind::hello, wire::kind::cancel, wire::kind::item}) {
    e.kind = kind;
    EXPECT_EQ(written(e, side::client), "refused");
  }
}

// Only the payload has to be JSON for receivers that read JSON.
TEST(PlainFrame, SaysOfItsPayloadAloneWhetherItHoldsANaN) {
  const auto payload_holds_one = [](std::string_view frame) {
    const frames::exact bytes(frame);
    wire::envelope e;
    EXPECT_FALSE(wire::plain_format().read(bytes.bytes(), side::server, {}, e)) << frame;
    return e.payload_not_json;
  };
  EXPECT_TRUE(payload_holds_one(R"({"event_name":"msg","payload":[NaN]})"));
  EXPECT_TRUE(payload_holds_one(R"({"x":1,"event_name":"msg","payload":-Infinity,"y":1})"));
  EXPECT_FALSE(payload_holds_one(R"({"event_name":"msg","payload":1,"x":NaN})"));
  EXPECT_FALSE(payload_holds_one(R"({"event_name":"msg","x":NaN,"payload":1})"));
  EXPECT_FALSE(payload_holds_one(R"({"event_name":"msg","x":[{"y":Infinity}],"payload":{"z":1}})"));
}

TEST(PlainFrame, CarriesAMessageOfAnyLengthWhateverItsEscapes) {
  const std::string text(100'000, 'a');
  EXPECT_EQ(read(R"({"event_name":"msg","message":")" + text + "\"}"), "kind=event name=msg text=\"" + text + '"');
  std::string escaped;
  std::string plain;
  for (int i = 0; i < 10'000; ++i) {
    escaped += "\\u00e9";
    plain += "\u00e9";
  }
  EXPECT_EQ(read(R"({"event_name":"msg","message":")" + escaped + "\"}"), "kind=event name=msg text=\"" + plain + '"');
}

TEST(PlainFrame, BoundsEverythingElse) {
  EXPECT_EQ(read(R"({"event_name":"msg","later":")" + std::string(4096, 'a') + "\"}"), "bad_frame");
  EXPECT_EQ(read(R"({"event_name":"msg","id":"q","to":")" + std::string(4096, 'a') + "\"}"), "bad_frame re=\"q\"");
  EXPECT_EQ(read(R"({"event_name":"msg","id":")" + std::string(64, 'a') + "\"}").substr(0, 10), "kind=event");
  EXPECT_EQ(read(R"({"event_name":"msg","payload":)" + std::string(64, '[') + std::string(64, ']') + "}").substr(0, 10), "kind=event");
  EXPECT_EQ(read(R"({"event_name":"msg","payload":)" + std::string(65, '[') + std::string(65, ']') + "}"), "bad_payload");
  EXPECT_EQ(read(R"({"event_name":"msg","id":7,"payload":)" + std::string(65, '[') + std::string(65, ']') + "}"), "bad_payload re=7");
}

TEST(PlainFrame, EchoesAnIdInOneSpelling) {
  EXPECT_EQ(read(R"({"event_name":"x","id":"a\u0062"})"), R"(kind=event name=x foreign_id="ab")");
  EXPECT_EQ(read(R"({"event_name":"x","id":12345678901234567890123})"), "kind=event name=x foreign_id=12345678901234567890123");
  EXPECT_EQ(read(R"({"event_name":"x","id":1e3})"), "bad_frame");
  EXPECT_EQ(read(R"({"event_name":"x","id":null})"), "kind=event name=x");
}

TEST(PlainFrame, AnswersNobodyWhereAClientReads) {
  wire::envelope e;
  const auto wrong = wire::plain_format().read(as_bytes(R"({"event_name":"x","re":7,"to":1})"), side::client, {}, e);
  ASSERT_TRUE(wrong);
  EXPECT_TRUE(wrong->foreign_re.empty());
}

TEST(PlainFrame, SurvivesEveryTruncation) {
  for (const frames::record& r : frames::read_records("frames.plain.txt")) {
    const std::string& frame = r["frame"];
    for (std::size_t size = 0; size < frame.size(); ++size)
      EXPECT_EQ(read(frame.substr(0, size), r["from"] == "client" ? side::server : side::client).substr(0, 9), "bad_frame") << r["name"];
  }
}

}  // namespace
