// The chat family's frames: written byte for byte as its programs write them, and read in every
// form that they send.
#include "wschat/v1/wschat.codec.hpp"

#include <parley/dialects/wschat.hpp>

#include "parley/wire/utf8.hpp"

#include <gmock/gmock.h>

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>

namespace wschat::v1 {
namespace {

using parley::side;
using testing::HasSubstr;
using testing::Not;

const parley::wire::envelope_format& family = parley::wschat::format();

std::string json_of(const Line& line) {
  std::string json;
  parley::codec_for<Line>.write(parley::format::json, &line, json);
  return json;
}

std::string written(const Line& line, side writer) {
  parley::wire::envelope e;
  e.name = "message";
  std::string frame;
  EXPECT_TRUE(family.write(e, writer, parley::as_bytes(json_of(line)), frame));
  return frame;
}

// The line that a frame contains. Empty if the frame is refused.
std::optional<Line> read(std::string_view frame, side reader = side::server) {
  parley::wire::envelope e;
  if (family.read(parley::as_bytes(frame), reader, {}, e)) return std::nullopt;
  EXPECT_EQ(e.name, "message");
  Line line;
  const auto done = parley::codec_for<Line>.read(parley::format::json, e.payload, &line, {});
  EXPECT_TRUE(done) << (done ? "" : done.error().message);
  return line;
}
std::string text_of(std::string_view frame) {
  const auto line = read(frame);
  return line && line->message ? line->message->text : "refused";
}
std::string with_text(std::string_view raw) {
  return R"({"user": {"name": "bob"},"message": {"text": ")" + std::string(raw) + R"(","text_len": 1,"info": 0}})";
}

TEST(Wschat, FramesAreWrittenAsTheOriginalWritesThem) {
  const Line hi{.user = User{.name = "bob"}, .message = Body{.text = "hi", .text_len = 2, .info = Info::NONE}};
  EXPECT_EQ(written(hi, side::client), R"({"user": {"name": "bob"},"message": {"text": "hi","text_len": 2,"info": 0}})");
  EXPECT_EQ(written(hi, side::server), R"({"user": {"name": "bob"},"message": {"text": "hi","text_len": 2,"info": 0}})");
  EXPECT_EQ(parley::wschat::named("Py").greeting, R"({"user": {"name": "Py"},"message": {"text": "null","text_len": 4,"info": 5}})");
}

TEST(Wschat, AClientWritesInfoAsTheBitsItIs_AServerZero) {
  for (int bits = 0; bits < 8; ++bits) {
    const Line line{.user = User{.name = "a"}, .message = Body{.text = "x", .text_len = 1, .info = static_cast<Info>(bits)}};
    EXPECT_THAT(written(line, side::client), HasSubstr("\"info\": " + std::to_string(bits) + "}"));
    EXPECT_THAT(written(line, side::server), HasSubstr("\"info\": 0}"));
    EXPECT_EQ(read(written(line, side::client)), line);
  }
}

TEST(Wschat, NumbersAreWrittenWithSixDigits) {
  Line line{.user = {}, .message = Body{.text = "x", .text_len = 999999}};
  EXPECT_THAT(written(line, side::server), HasSubstr("\"text_len\": 999999,"));
  line.message->text_len = 1234567;
  EXPECT_THAT(written(line, side::server), HasSubstr("\"text_len\": 1.23457e+06,"));
  EXPECT_EQ(read(written(line, side::server))->message->text_len, 1234570u);
}

TEST(Wschat, ATextWithoutItsLengthGetsIt) {
  EXPECT_THAT(written({.message = Body{.text = "Grüße"}}, side::client), HasSubstr("\"text_len\": 7,"));
  EXPECT_THAT(written({}, side::client), HasSubstr(R"("text": "","text_len": 0,"info": 0)"));
}

TEST(Wschat, WhoHasNoNameIsAnonymForAServer) {
  EXPECT_THAT(written({.message = Body{.text = "x"}}, side::server), HasSubstr(R"({"name": "Anonym"})"));
  EXPECT_THAT(written({.message = Body{.text = "x"}}, side::client), HasSubstr(R"({"name": ""})"));
}

TEST(Wschat, NothingIsWrittenThatTheFamilyCannotRead) {
  const std::string frame =
      written({.user = User{.name = "a\"b"}, .message = Body{.text = "say \"hi\"\\\n\t\x7f✓", .text_len = 12}}, side::server);
  EXPECT_EQ(frame, R"({"user": {"name": "a'b"},"message": {"text": "say 'hi'/✓","text_len": 12,"info": 0}})");
}

TEST(Wschat, TextsAndNamesAreCutBetweenCharacters) {
  const std::string euros = [] {
    std::string many;
    for (int i = 0; i < 100; ++i) many += "€";
    return many;
  }();
  const auto read_back = read(with_text("x" + euros));
  ASSERT_TRUE(read_back);
  EXPECT_EQ(read_back->message->text.size(), 1 + 84u * 3);
  EXPECT_EQ(read_back->message->text_len, 253u);
  EXPECT_EQ(text_of(with_text(std::string(255, 'y'))), std::string(255, 'y'));
  EXPECT_EQ(text_of(with_text(std::string(256, 'y'))), std::string(255, 'y'));
  EXPECT_EQ(text_of(with_text(std::string(60'000, 'y'))), std::string(255, 'y'));
  EXPECT_EQ(read(R"({"user":{"name":")" + euros + R"("},"message":{}})")->user->name.size(), 63u);
}

TEST(Wschat, EscapesAreRead) {
  EXPECT_EQ(text_of(with_text(R"(say \"hi\" \\ \/ \u00e9 \ud83d\ude00 \u2713\n)")), "say \"hi\" \\ / é 😀 ✓\n");
  EXPECT_EQ(text_of(with_text(R"(lone \ud83d half \ude00 \ud83d\u0041)")),
            "lone \xEF\xBF\xBD half \xEF\xBF\xBD \xEF\xBF\xBD"
            "A");
  EXPECT_EQ(text_of(with_text(R"(no escape: \q \u12 \)") + "x"), "refused");  // the string has no end
  EXPECT_EQ(text_of(with_text(R"(C:\windows \x)")), "C:\\windows \\x");
}

// The C programs write strings without escapes.
TEST(Wschat, QuotesThatNobodyEscapedBelongToTheText) {
  EXPECT_EQ(text_of(with_text(R"(he said "hi", and "bye")")), R"(he said "hi", and "bye")");
  EXPECT_EQ(text_of(with_text(R"(")")), R"(")");
  EXPECT_EQ(text_of(with_text("a\ttab and \x01 more")), "a\ttab and \x01 more");
  EXPECT_EQ(read(R"({"user": {"name": "the "boss""},"message": {"text": "x"}})")->user->name, R"(the "boss")");
}

TEST(Wschat, BytesThatAreNotUtf8AreDropped) {
  EXPECT_EQ(text_of(with_text("latin \xe9 \xff\xc0\xaf \xed\xa0\x80 \xf4\x90\x80\x80 end \xe2\x82")), "latin     end ");
}

TEST(Wschat, MembersMayBeMissingAddedOrOfAnotherType) {
  const Line nothing{.user = std::nullopt, .message = Body{}};
  EXPECT_EQ(read(R"({"message":{}})"), nothing);
  EXPECT_EQ(read(R"({"message":{"text":5,"text_len":"x","info":null},"user":7})"), nothing);
  EXPECT_EQ(read(R"({"message":{"text":["a","b"],"info":{"x":1}},"user":["name"]})"), nothing);
  const Line said{.user = User{.name = "bob"}, .message = Body{.text = "hi", .text_len = 2, .info = Info::SEND_BACK}};
  EXPECT_EQ(
      read(R"({"a": [1, {"b": "}"}, "\"]"], "user": {"id": 7, "name": "bob"}, "message": {"info": 2.0, "x": {"text": "no"}, "text_len": 2e0,
      "text": "hi", "text": "again", "info": 7}, "user": {"name": "eve"}, "z": true})"),
      said);
  EXPECT_EQ(read(R"({"user": {"name": "bob"} "message": {"text": "hi","text_len": 2 "info": 2,,},})"), said);
}

TEST(Wschat, NumbersOutOfRangeAreZero) {
  for (const char* number : {"-1", "1e300", "NaN", "0x5", "4294967296", "5x", "-"}) {
    const auto line = read(R"({"message":{"text":"x","text_len":)" + std::string(number) + R"(,"info":)" + number + "}}");
    ASSERT_TRUE(line) << number;
    EXPECT_EQ(line->message->text_len, 0u) << number;
    EXPECT_EQ(line->message->info, Info::NONE) << number;
  }
}

TEST(Wschat, WhatIsNoMessageIsRefused) {
  for (const char* frame : {"", "{", "}", "null", "[]", "hello\n", "[ID]bob", "{}", R"({"user":{"name":"bob"}})", R"({"message":"hi"})",
                            R"({"message":)", R"({"message":{)", R"({"message":{"text":"x)", R"({"message":{"text":"x"})",
                            R"({"message" {"text":"x"}})", R"({message:{}})", R"({"message":{"text":}})"})
    EXPECT_FALSE(read(frame)) << frame;
  std::string deep = R"({"x":)" + std::string(65, '[') + std::string(65, ']') + R"(,"message":{}})";
  EXPECT_FALSE(read(deep));
}

TEST(Wschat, AClientHearsWhoSaidIt) {
  const auto from = [](std::string_view name) {
    parley::wire::envelope e;
    const std::string frame = R"({"user": {"name": ")" + std::string(name) + R"("},"message": {"text": "x","text_len": 1,"info": 0}})";
    EXPECT_FALSE(family.read(parley::as_bytes(frame), side::client, {}, e));
    return e.from;
  };
  EXPECT_EQ(from("bob"), "bob");
  EXPECT_EQ(from(""), "Anonym");
  EXPECT_EQ(from("server"), "id:server");
}

TEST(Wschat, OnlyItsOneEventHasWordsHere) {
  parley::wire::envelope e;
  std::string frame;
  e.name = "other";
  EXPECT_FALSE(family.write(e, side::server, parley::as_bytes("{}"), frame));
  e.name = "message";
  e.kind = parley::wire::kind::error;
  EXPECT_FALSE(family.write(e, side::server, {}, frame));
  EXPECT_EQ(frame, "");
}

// The payload of a JSON client, which is relayed as received.
TEST(Wschat, AnyJsonOfTheSchemaIsWritten) {
  parley::wire::envelope e;
  e.name = "message";
  std::string frame;
  const std::string_view payload =
      R"({ "message" : {"info":"INFO_SEND_BACK", "text_len":"3", "text":"a\u000ab", "new":[1]}, "user":null })";
  ASSERT_TRUE(family.write(e, side::client, parley::as_bytes(payload), frame));
  EXPECT_EQ(frame, R"({"user": {"name": ""},"message": {"text": "ab","text_len": 2,"info": 2}})");
}

// Frames with changed, removed and doubled bytes are read or refused. Whatever is read can be
// written for every reader.
TEST(Wschat, BrokenFramesHarmNobody) {
  std::mt19937 random(20);
  const std::string seeds[] = {with_text("hello \\u00e9 \\\"world\\\" ✓"), with_text("he said \"hi\", ok"),
                               R"({"a": [1, {"b": "}"}], "user": {"name": "bob"}, "message": {"text": "hi", "text_len": 2, "info": 6}})"};
  std::size_t accepted = 0;
  for (int round = 0; round < 30'000; ++round) {
    std::string frame = seeds[random() % std::size(seeds)];
    for (std::uint32_t changes = 1 + random() % 4; changes > 0; --changes) {
      const std::size_t at = random() % frame.size();
      switch (random() % 4) {
        case 0:
          frame[at] = static_cast<char>(random());
          break;
        case 1:
          frame[at] = "{}[]\",:\\"[random() % 8];
          break;
        case 2:
          frame.erase(at, random() % 8);
          break;
        default:
          frame.insert(at, frame.substr(random() % frame.size(), random() % 300));
      }
      if (frame.empty()) frame = "{";
    }
    const auto line = read(frame);
    if (!line) continue;
    ++accepted;
    for (const side writer : {side::server, side::client}) {
      const std::string out = written(*line, writer);
      ASSERT_LE(out.size(), 4087u);
      ASSERT_TRUE(parley::is_utf8(out));
      ASSERT_THAT(out, Not(HasSubstr("\\")));
      for (const char c : out) ASSERT_TRUE(c < 0 || c >= 0x20);
      const auto again = read(out);
      ASSERT_TRUE(again) << out;
      ASSERT_EQ(written(*again, writer), out);
    }
  }
  EXPECT_GT(accepted, 1'000u);
}

}  // namespace
}  // namespace wschat::v1
