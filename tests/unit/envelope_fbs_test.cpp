// Subprotocol parley.v1.fbs. tests/vectors has most accepted and refused frames. These tests cover
// frames that must be built or counted.
#include "frames.hpp"

#include <gtest/gtest.h>

namespace {

using namespace parley;
using frames::from_hex;
using frames::reading;
using frames::to_hex;

constexpr std::string_view uuid = "0b8c2a34-9f0e-4a7e-8f0e-2d1a5b6c7d8e";

std::string read(std::string_view frame, side reader = side::server, const wire::read_limits& limits = frames::every_feature()) {
  return reading(wire::fbs_format(), frame, reader, limits);
}
std::string written(const wire::envelope& e, side writer, std::string_view payload = {}) {
  std::string out;
  return wire::fbs_format().write(e, writer, as_bytes(payload), out) ? out : "refused" + out;
}
wire::envelope call() {
  wire::envelope e;
  e.kind = wire::kind::call;
  e.method = 0x3600357f;
  e.id = 7;
  return e;
}
std::string u32(std::uint32_t value) {
  std::string bytes;
  for (int i = 0; i < 4; ++i) bytes += static_cast<char>(value >> (8 * i) & 0xff);
  return bytes;
}

// An event whose Extra section is these bytes.
std::string event_with_extra(std::string extra) {
  extra.append((8 - extra.size() % 8) % 8, '\0');
  return from_hex("0104") + '\3' + static_cast<char>(1 + extra.size() / 8) + from_hex("1626f007") + extra;
}
// A table whose only field is `id`, which is an offset to the object after the table.
std::string table_with_reference(unsigned id, const std::string& object) {
  std::string vtable;
  const auto put16 = [&vtable](unsigned value) { (vtable += static_cast<char>(value & 0xff)) += static_cast<char>(value >> 8); };
  put16(4 + 2 * (id + 1));
  put16(8);
  for (unsigned i = 0; i < id; ++i) put16(0);
  put16(4);
  while (vtable.size() % 4 != 0) vtable += '\0';
  const auto size = static_cast<std::uint32_t>(vtable.size());
  return u32(4 + size) + vtable + u32(size) + u32(4) + object;
}
std::string string_object(std::string_view text) {
  std::string object = u32(static_cast<std::uint32_t>(text.size())) + std::string(text) + '\0';
  object.append((4 - object.size() % 4) % 4, '\0');
  return object;
}

TEST(FbsFormat, IsBinaryWithASession) {
  EXPECT_TRUE(wire::fbs_format().binary());
  EXPECT_TRUE(wire::fbs_format().has_session());
  EXPECT_EQ(wire::fbs_format().payload_format(), format::binary);
}

TEST(FbsEnvelope, SurvivesEveryTruncation) {
  for (const frames::record& r : frames::read_records("frames.fbs.txt")) {
    const std::string frame = from_hex(r["frame"]);
    const side reader = r["from"] == "client" ? side::server : side::client;
    const std::size_t envelope = static_cast<unsigned char>(frame[3]) * std::size_t{8};
    for (std::size_t size = 0; size < envelope; ++size)
      EXPECT_EQ(read(frame.substr(0, size), reader), "close 4001") << r["name"] << " " << size;
    for (std::size_t size = envelope; size < frame.size(); ++size) EXPECT_FALSE(read(frame.substr(0, size), reader).empty());
  }
}

// Whatever bit is flipped, nothing outside the frame is read, and the result is either a frame or a
// violation.
TEST(FbsEnvelope, SurvivesEveryFlippedBit) {
  for (const frames::record& r : frames::read_records("frames.fbs.txt")) {
    const std::string frame = from_hex(r["frame"]);
    for (std::size_t bit = 0; bit < frame.size() * 8; ++bit) {
      std::string flipped = frame;
      flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ 1 << bit % 8);
      for (const side reader : {side::client, side::server}) {
        const std::string result = read(flipped, reader);
        EXPECT_TRUE(result == "close 4001" || result.starts_with("kind=")) << r["name"] << " " << bit << ": " << result;
      }
    }
  }
}

TEST(FbsEnvelope, WithBitsFlippedIsWrittenAsItWasRead) {
  for (const frames::record& r : frames::read_records("frames.fbs.txt")) {
    const side writer = r["from"] == "client" ? side::client : side::server;
    const side reader = writer == side::client ? side::server : side::client;
    const std::string frame = from_hex(r["frame"]);
    for (std::size_t bit = 0; bit < frame.size() * 8; ++bit) {
      std::string flipped = frame;
      flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ 1 << bit % 8);
      wire::envelope first;
      if (wire::fbs_format().read(as_bytes(flipped), reader, frames::every_feature(), first) || first.unknown_kind ||
          first.target_unreadable)
        continue;
      const std::string again = written(first, writer, as_text(first.payload));
      EXPECT_EQ(read(again, reader), frames::describe(first)) << r["name"] << " " << bit;
    }
  }
}

TEST(FbsEnvelope, IsReadAtAnyAddress) {
  const std::string frame = from_hex("021500057f35003608000000000000000c000000080008000000040008000000c409000000000000");
  for (std::size_t ahead = 0; ahead < 8; ++ahead) {
    const std::string moved = std::string(ahead, 'x') + frame;
    wire::envelope e;
    ASSERT_FALSE(wire::fbs_format().read(as_bytes(std::string_view(moved).substr(ahead)), side::server, {}, e));
    EXPECT_EQ(e.deadline_ms, 2500u);
  }
}

TEST(FbsEnvelope, RefusesManyOffsetsToOneString) {
  for (const std::uint32_t count : {17u, 400u}) {
    std::string list = u32(count);
    for (std::uint32_t i = 0; i < count; ++i) list += u32(4 * (count - i));
    list += string_object("one string");
    for (const unsigned id : {4u, 5u, 6u}) EXPECT_EQ(read(event_with_extra(table_with_reference(id, list))), "close 4001") << id;
  }
}

TEST(FbsEnvelope, RefusesToVisitOneStringTwice) {
  std::string list = u32(16);
  for (std::uint32_t i = 0; i < 16; ++i) list += u32(4 * (16 - i));
  list += string_object(std::string(200, 's'));
  EXPECT_EQ(read(event_with_extra(table_with_reference(5, list))), "close 4001");
}

TEST(FbsEnvelope, TakesSixteenReceivers) {
  wire::envelope e;
  e.method = 1;
  e.to = {.kind = target_kind::several, .parts = std::vector<target>(16, {.kind = target_kind::client, .name = std::string(uuid)})};
  const std::string frame = written(e, side::client);
  wire::envelope back;
  ASSERT_FALSE(wire::fbs_format().read(as_bytes(frame), side::server, {}, back));
  EXPECT_EQ(back.to, e.to);
  e.to.parts.emplace_back(target{.kind = target_kind::all});
  EXPECT_EQ(written(e, side::client), "refused");
}

TEST(FbsEnvelope, BoundsWhatExtraHolds) {
  struct row {
    unsigned id;
    std::size_t fits;
  };
  for (const row& r : {row{3, 512}, row{7, 64}, row{9, 128}, row{10, 256}}) {
    EXPECT_EQ(read(event_with_extra(table_with_reference(r.id, string_object(std::string(r.fits, 'a'))))).substr(0, 10), "kind=event")
        << r.id;
    EXPECT_EQ(read(event_with_extra(table_with_reference(r.id, string_object(std::string(r.fits + 1, 'a'))))), "close 4001") << r.id;
  }
}

TEST(FbsEnvelope, RefusesTextThatIsNotUtf8) {
  EXPECT_EQ(read(event_with_extra(table_with_reference(3, string_object("\xff")))), "close 4001");
  EXPECT_EQ(read(event_with_extra(table_with_reference(3, u32(4) + "abcd" + u32(1)))), "close 4001");  // no final zero
}

TEST(FbsEnvelope, IgnoresMembersOfALaterRevision) {
  EXPECT_EQ(read(event_with_extra(table_with_reference(30, string_object("later")))), "kind=event method=07f02616 to=all");
}

TEST(FbsEnvelope, TakesNothingThatWasNotAgreed) {
  wire::read_limits few;
  few.multi = false;
  EXPECT_EQ(read(from_hex("023100027f3500360c00000000000000"), side::server, few), "close 4001");  // the flag MORE
  EXPECT_EQ(read(from_hex("08110002000000000c00000000000000"), side::server, few), "close 4001");  // a `part` frame
  wire::envelope e;
  e.method = 1;
  e.to = {.kind = target_kind::several, .parts = {{.kind = target_kind::all}}};
  EXPECT_EQ(read(written(e, side::client), side::server, few), "close 4001");
  e.to = {.kind = target_kind::all, .except = {std::string(uuid)}};
  EXPECT_EQ(read(written(e, side::client), side::server, few), "close 4001");
}

TEST(FbsEnvelope, OfAnErrorAlwaysHasACode) {
  EXPECT_EQ(read(from_hex("0400000100000000"), side::client), "kind=error code=failed");
  wire::envelope e;
  e.kind = wire::kind::error;
  e.re = 7;
  e.code = static_cast<errc>(200);  // from a later revision
  EXPECT_EQ(read(written(e, side::server), side::client), "kind=error re=7 code=failed");
}

TEST(FbsEnvelope, IsNotWrittenOverItsBounds) {
  const auto refuses = [](auto change) {
    wire::envelope e = call();
    change(e);
    return written(e, side::client) == "refused";
  };
  EXPECT_FALSE(refuses([](wire::envelope&) {}));
  EXPECT_TRUE(refuses([](wire::envelope& e) { e.to = {.kind = target_kind::client, .name = "not a uuid"}; }));
  EXPECT_TRUE(refuses([](wire::envelope& e) { e.to = {.kind = target_kind::user, .name = std::string(2040, 'a')}; }));
  EXPECT_TRUE(refuses([](wire::envelope& e) { e.to = {.kind = target_kind::user, .name = "\xff"}; }));
  EXPECT_TRUE(refuses([](wire::envelope& e) { e.meta = {{"a", "\xff"}}; }));
  EXPECT_TRUE(refuses([](wire::envelope& e) { e.reason = std::string(129, 'a'); }));
  EXPECT_TRUE(refuses([](wire::envelope& e) {  // each within its own limit, but together over the limit of the envelope
    e.to = {.kind = target_kind::several, .parts = std::vector<target>(16, {.kind = target_kind::client, .name = std::string(uuid)})};
    e.to.except.assign(16, std::string(uuid));
    e.meta = {{"a", std::string(1000, 'a')}};
  }));
}

TEST(FbsEnvelope, NamesNoSenderThatHasNoBinaryId) {
  wire::envelope e;
  e.method = 1;
  e.from = "somebody";
  EXPECT_EQ(written(e, side::server), "refused");
  e.from = "server";
  EXPECT_EQ(to_hex(written(e, side::server)), "0100000101000000");
}

TEST(FbsEnvelope, CutsAndCleansTheTextOfAnError) {
  wire::envelope e;
  e.kind = wire::kind::error;
  e.re = 7;
  e.has_text = true;
  e.text = std::string(511, 'a') + "\u00e9";
  EXPECT_EQ(read(written(e, side::server), side::client), "kind=error re=7 code=failed text=\"" + std::string(511, 'a') + '"');
  e.text = "a\xff";
  EXPECT_EQ(read(written(e, side::server), side::client), "kind=error re=7 code=failed text=\"a\uFFFD\"");
}

TEST(FbsEnvelope, CarriesAPayloadAtAMultipleOfEight) {
  wire::envelope e = call();
  e.deadline_ms = 5;
  e.meta = {{"a", "bc"}};
  e.key = "k";
  const std::string frame = written(e, side::client, "payload!");
  EXPECT_EQ(frame.size() % 8, 0u);
  EXPECT_EQ(frame.substr(static_cast<unsigned char>(frame[3]) * std::size_t{8}), "payload!");
}

}  // namespace
