// The frozen vectors of tests/vectors, read and written.
#include "frames.hpp"

#include "parley/wire/sha256.hpp"

#include <gtest/gtest.h>

namespace {

using namespace parley;
using namespace frames;

const wire::envelope_format& format_named(const std::string& name) {
  return name == "json" ? wire::json_format() : name == "fbs" ? wire::fbs_format() : wire::plain_format();
}
side writer_of(const record& r) { return r["from"] == "client" ? side::client : side::server; }
side reader_of(const record& r) { return r["from"] == "client" ? side::server : side::client; }
std::string bytes_of(const record& r, const std::string& format) { return format == "fbs" ? from_hex(r["frame"]) : r["frame"]; }
std::string at(const record& r) { return r.file + ":" + std::to_string(r.line) + " " + r["name"]; }

class Vectors : public testing::TestWithParam<std::string> {};

TEST_P(Vectors, SayWhatTheirFramesSay) {
  for (const record& r : read_records("frames." + GetParam() + ".txt"))
    EXPECT_EQ(reading(format_named(GetParam()), bytes_of(r, GetParam()), reader_of(r)), r["says"]) << at(r);
}

TEST_P(Vectors, AreWhatWeWriteForThem) {
  for (const record& r : read_records("frames." + GetParam() + ".txt")) {
    const std::string frame = bytes_of(r, GetParam());
    const wire::envelope_format& format = format_named(GetParam());
    wire::envelope e;
    ASSERT_FALSE(format.read(as_bytes(frame), reader_of(r), every_feature(), e)) << at(r);
    std::string written;
    EXPECT_TRUE(format.write(e, writer_of(r), e.payload, written)) << at(r);
    EXPECT_EQ(written, frame) << at(r);
  }
}

TEST_P(Vectors, AreAppendedToWhatIsThere) {
  for (const record& r : read_records("frames." + GetParam() + ".txt")) {
    const std::string frame = bytes_of(r, GetParam());
    const wire::envelope_format& format = format_named(GetParam());
    wire::envelope e;
    ASSERT_FALSE(format.read(as_bytes(frame), reader_of(r), every_feature(), e)) << at(r);
    std::string written = "[ahead] ";
    ASSERT_TRUE(format.write(e, writer_of(r), e.payload, written)) << at(r);
    EXPECT_EQ(written, "[ahead] " + frame) << at(r);
  }
}

TEST_P(Vectors, AreReadTheSameByAnEnvelopeThatWasUsedBefore) {
  wire::envelope used;
  for (const record& r : read_records("frames." + GetParam() + ".txt")) {
    const std::string frame = bytes_of(r, GetParam());
    ASSERT_FALSE(format_named(GetParam()).read(as_bytes(frame), reader_of(r), every_feature(), used)) << at(r);
    EXPECT_EQ(describe(used), r["says"]) << at(r);
  }
}

INSTANTIATE_TEST_SUITE_P(Of, Vectors, testing::Values("json", "fbs", "plain"), [](const auto& instance) { return instance.param; });

TEST(OtherSpellings, AreAccepted) {
  for (const record& r : read_records("accepted.txt"))
    EXPECT_EQ(reading(format_named(r["format"]), bytes_of(r, r["format"]), reader_of(r)), r["says"]) << at(r);
}

TEST(BadFrames, AreRefusedWithTheAnswerTheProtocolSays) {
  for (const record& r : read_records("refused.txt"))
    EXPECT_EQ(reading(format_named(r["format"]), bytes_of(r, r["format"]), reader_of(r)), r["answer"]) << at(r);
}

TEST(BadFrames, AreRefusedInFixedWords) {
  for (const record& r : read_records("refused.txt")) {
    const std::string frame = bytes_of(r, r["format"]);
    wire::envelope e;
    const auto wrong = format_named(r["format"]).read(as_bytes(frame), reader_of(r), every_feature(), e);
    ASSERT_TRUE(wrong) << at(r);
    EXPECT_FALSE(wrong->text.empty()) << at(r);
    EXPECT_LE(wrong->text.size(), 123u) << at(r);  // must fit into a close frame
    for (const char* quoted : {"Lobby", "Tenant", "hello", "later"}) EXPECT_EQ(wrong->text.find(quoted), wrong->text.npos) << at(r);
  }
}

// Hellos and welcomes have the same content in both formats.
template <class Greeting, class Read, class Write>
void both_ways(const record& r, Read read, Write write) {
  const std::string json = r["json"];
  const std::string binary = from_hex(r["fbs"]);
  Greeting from_json;
  Greeting from_binary;
  ASSERT_FALSE(read(format::json, as_bytes(json), from_json)) << at(r);
  ASSERT_FALSE(read(format::binary, as_bytes(binary), from_binary)) << at(r);
  EXPECT_EQ(describe(from_json), r["says"]) << at(r);
  EXPECT_EQ(describe(from_binary), r["says"]) << at(r);
  std::string written;
  write(format::json, from_json, written);
  EXPECT_EQ(written, json) << at(r);
  written.clear();
  write(format::binary, from_json, written);
  EXPECT_EQ(to_hex(written), r["fbs"]) << at(r);
}

TEST(Greetings, AreTheSameInBothFormats) {
  for (const record& r : read_records("greetings.txt")) {
    if (r["kind"] == "hello") both_ways<wire::hello>(r, wire::read_hello, wire::write_hello);
    else both_ways<wire::welcome>(r, wire::read_welcome, wire::write_welcome);
  }
}

std::uint64_t number(const std::string& hex) { return std::stoull(hex, nullptr, 16); }

TEST(Methods, HaveTheIdsOfTheirNames) {
  for (const record& r : read_records("methods.txt")) EXPECT_EQ(wire::method_id(r["name"]), number(r["id"])) << at(r);
}

TEST(Methods, HaveTheFingerprintsOfTheirTexts) {
  for (const record& r : read_records("methods.txt")) {
    const std::string text = read_file("fingerprints/" + r["name"] + ".txt");
    EXPECT_EQ(wire::first_64(wire::sha256(as_bytes(text))), number(r["fingerprint"])) << at(r);
  }
  const std::string with_group = read_file("fingerprints/Lobby.Say.group.txt");
  EXPECT_EQ(wire::first_64(wire::sha256(as_bytes(with_group))), 0x2407196020a39838u);
}

TEST(Methods, MakeAContractInAnyOrder) {
  std::vector<wire::print> methods;
  for (const record& r : read_records("methods.txt")) methods.push_back({r["name"], wire::method_id(r["name"]), number(r["fingerprint"])});
  EXPECT_EQ(wire::contract_of(methods), 0xb046b9356d305ca5u);
  std::swap(methods[0], methods[1]);
  EXPECT_EQ(wire::contract_of(methods), 0xb046b9356d305ca5u);
}

}  // namespace
