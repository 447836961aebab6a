// Compares Parley's own layout code with the accessors that flatc generates from
// schema/parley/envelope.fbs.
#include "frames.hpp"

#include "envelope_generated.h"

#include <gtest/gtest.h>

#include <cstring>

namespace {

using namespace parley;
namespace fb = parley::wire;  // flatc's types have the names Head, Extra, ...

constexpr std::string_view uuid = "0b8c2a34-9f0e-4a7e-8f0e-2d1a5b6c7d8e";

// Frames in aligned memory, as flatc's accessors require.
struct aligned {
  explicit aligned(std::string_view content) : words((content.size() + 7) / 8), size(content.size()) {
    if (size != 0) std::memcpy(words.data(), content.data(), size);
  }
  const std::uint8_t* at(std::size_t offset) const { return reinterpret_cast<const std::uint8_t*>(words.data()) + offset; }
  std::vector<std::uint64_t> words;
  std::size_t size;
};

aligned written(const wire::envelope& e, side writer, std::string_view payload = {}) {
  std::string out;
  EXPECT_TRUE(wire::fbs_format().write(e, writer, as_bytes(payload), out));
  return aligned(out);
}
const fb::Extra* extra_of(const aligned& frame, std::size_t at) {
  flatbuffers::Verifier verifier(frame.at(at), frame.at(0)[3] * std::size_t{8} - at);
  EXPECT_TRUE(verifier.VerifyBuffer<fb::Extra>());
  return flatbuffers::GetRoot<fb::Extra>(frame.at(at));
}

TEST(Flatc, AgreesOnTheHead) {
  static_assert(sizeof(fb::Head) == 8 && sizeof(fb::Id) == 8 && sizeof(fb::Peer) == 16 && sizeof(fb::Print) == 16);
  wire::envelope e;
  e.kind = wire::kind::call;
  e.method = 0x3600357f;
  e.id = 7;
  e.counted = true;
  const aligned frame = written(e, side::client);
  const auto* head = reinterpret_cast<const fb::Head*>(frame.at(0));
  EXPECT_EQ(head->kind(), 2);
  EXPECT_EQ(head->flags(), 0x11);
  EXPECT_EQ(head->target(), 0);
  EXPECT_EQ(head->words(), 2);
  EXPECT_EQ(head->method(), 0x3600357fu);
  EXPECT_EQ(reinterpret_cast<const fb::Id*>(frame.at(8))->value(), 7u);
}

TEST(Flatc, AgreesOnThePeer) {
  wire::envelope e;
  e.from = uuid;
  const aligned frame = written(e, side::server);
  const auto* bytes = reinterpret_cast<const fb::Peer*>(frame.at(8))->bytes();
  EXPECT_EQ(bytes->Get(0), 0x0b);
  EXPECT_EQ(bytes->Get(15), 0x8e);
}

wire::envelope with_everything() {
  wire::envelope e;
  e.to = {.kind = target_kind::several,
          .except = {std::string(uuid), "b"},
          .parts = {{.kind = target_kind::all}, {.kind = target_kind::user, .name = "ann"}}};
  e.deadline_ms = 0;
  e.code = errc::denied;
  e.text = "no";
  e.has_text = true;
  e.meta = {{"a", "1"}, {"traceparent", "22"}};
  e.key = "key";
  e.ttl_ms = 17;
  e.reason = "closed";
  e.slot = std::string("\0\1", 2);
  return e;
}

TEST(Flatc, FindsEveryMemberOfAnExtraWeWrote) {
  const aligned frame = written(with_everything(), side::client, "12345678");
  const fb::Extra* extra = extra_of(frame, 8);
  EXPECT_EQ(extra->group(), nullptr);
  ASSERT_TRUE(extra->deadline_ms());
  EXPECT_EQ(*extra->deadline_ms(), 0u);
  EXPECT_EQ(extra->code(), 10);
  EXPECT_EQ(extra->text()->str(), "no");
  ASSERT_EQ(extra->meta()->size(), 2u);
  EXPECT_EQ(extra->meta()->Get(1)->key()->str(), "traceparent");
  EXPECT_EQ(extra->meta()->Get(1)->value()->str(), "22");
  ASSERT_EQ(extra->except()->size(), 2u);
  EXPECT_EQ(extra->except()->Get(0)->str(), uuid);
  ASSERT_EQ(extra->to()->size(), 2u);
  EXPECT_EQ(extra->to()->Get(1)->str(), "user:ann");
  EXPECT_EQ(extra->idempotency_key()->str(), "key");
  ASSERT_TRUE(extra->ttl_ms());
  EXPECT_EQ(*extra->ttl_ms(), 17u);
  EXPECT_EQ(extra->reason()->str(), "closed");
  ASSERT_EQ(extra->slot()->size(), 2u);
  EXPECT_EQ(extra->slot()->Get(1), 1);
}

// Each subset of members has a layout of its own.
TEST(Flatc, AcceptsEverySubsetOfMembers) {
  for (unsigned subset = 0; subset < 512; ++subset) {
    const wire::envelope all = with_everything();
    wire::envelope e;
    if (subset & 1) e.to = {.kind = target_kind::group, .name = "Room:blue"};
    if (subset & 2) e.deadline_ms = 5;
    if (subset & 4) e.code = all.code;
    if (subset & 8) e.text = all.text, e.has_text = true;
    if (subset & 16) e.meta = all.meta;
    if (subset & 32) e.to.except = all.to.except;
    if (subset & 64) e.key = all.key;
    if (subset & 128) e.ttl_ms = 6;
    if (subset & 256) e.slot = all.slot;
    const aligned frame = written(e, side::client);
    ASSERT_EQ(frame.size, frame.at(0)[3] * 8u);
    if (subset == 0) continue;
    const fb::Extra* extra = extra_of(frame, 8);
    EXPECT_EQ(extra->group() != nullptr, (subset & 1) != 0);
    EXPECT_EQ(extra->deadline_ms().value_or(0), subset & 2 ? 5u : 0u);
    EXPECT_EQ(extra->code(), subset & 4 ? 10 : 0);
    EXPECT_EQ(extra->text() != nullptr, (subset & 8) != 0);
    EXPECT_EQ(extra->meta() != nullptr, (subset & 16) != 0);
    EXPECT_EQ(extra->ttl_ms().value_or(0), subset & 128 ? 6u : 0u);
    EXPECT_EQ(extra->slot() != nullptr, (subset & 256) != 0);
  }
}

// Parley reads the same members from what FlatBuffers' own writer makes.
TEST(Flatc, WritesAnExtraThatWeRead) {
  flatbuffers::FlatBufferBuilder b;
  const auto group = b.CreateString("Room:blue");
  const auto text = b.CreateString("hi");
  const std::vector<flatbuffers::Offset<fb::Entry>> entries{fb::CreateEntryDirect(b, "a", "1"), fb::CreateEntryDirect(b, "b", "2")};
  const auto meta = b.CreateVector(entries);
  fb::ExtraBuilder extra(b);
  extra.add_group(group);
  extra.add_deadline_ms(7);
  extra.add_code(3);
  extra.add_text(text);
  extra.add_meta(meta);
  b.Align(8);
  b.Finish(extra.Finish());
  std::string section(reinterpret_cast<const char*>(b.GetBufferPointer()), b.GetSize());
  section.append((8 - section.size() % 8) % 8, '\0');
  const fb::Head head(1, 0x04, 7, static_cast<std::uint8_t>(1 + section.size() / 8), 0x07f02616);
  const std::string frame = std::string(reinterpret_cast<const char*>(&head), sizeof head) + section;
  EXPECT_EQ(frames::reading(wire::fbs_format(), frame, side::server),
            "kind=event method=07f02616 to=group:Room:blue code=disconnected text=\"hi\" deadline_ms=7 meta.a=\"1\" meta.b=\"2\"");
}

TEST(Flatc, ReadsAHelloWeWrote) {
  wire::hello h;
  h.features = 0x48;
  h.required = 0x08;
  h.agent = "demo";
  h.contract = 5;
  h.methods = {{"x", 6, 7}, {"y", 8, 9}};
  h.auth = wire::auth{"bearer", "secret"};
  h.resume = wire::resume{"token", 10, 11};
  h.limits.max_depth = 12;
  h.meta = {{"a", "1"}};
  std::string bytes;
  wire::write_hello(format::binary, h, bytes);
  const aligned buffer(bytes);
  flatbuffers::Verifier verifier(buffer.at(0), buffer.size);
  ASSERT_TRUE(verifier.VerifyBuffer<fb::Hello>());
  const auto* read = flatbuffers::GetRoot<fb::Hello>(buffer.at(0));
  EXPECT_EQ(read->revision(), 1u);
  EXPECT_EQ(read->features(), 0x48u);
  EXPECT_EQ(read->required(), 8u);
  EXPECT_EQ(read->agent()->str(), "demo");
  EXPECT_EQ(read->contract(), 5u);
  ASSERT_EQ(read->methods()->size(), 2u);
  EXPECT_EQ(read->methods()->Get(1)->method(), 8u);
  EXPECT_EQ(read->methods()->Get(1)->fingerprint(), 9u);
  EXPECT_EQ(read->auth()->credential()->str(), "secret");
  EXPECT_EQ(read->resume()->epoch(), 10u);
  EXPECT_EQ(read->resume()->received(), 11u);
  EXPECT_EQ(read->limits()->max_depth(), 12u);
  EXPECT_EQ(read->limits()->max_calls(), 0u);  // a default value is not written
  EXPECT_EQ(read->meta()->Get(0)->value()->str(), "1");
}

TEST(Flatc, WritesAHelloThatWeRead) {
  flatbuffers::FlatBufferBuilder b;
  const std::vector<fb::Print> methods{fb::Print(6, 0, 7)};
  const auto limits = fb::CreateLimits(b, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
  b.Finish(fb::CreateHelloDirect(b, 1, 0x40, 0, "other", 5, &methods, fb::CreateAuthDirect(b, "s", "c"),
                                 fb::CreateResumeDirect(b, "t", 1, 2), limits));
  wire::hello h;
  ASSERT_FALSE(wire::read_hello(format::binary, {reinterpret_cast<const std::byte*>(b.GetBufferPointer()), b.GetSize()}, h));
  EXPECT_EQ(frames::describe(h),
            "revision=1 features=0040 agent=\"other\" contract=0000000000000005 methods=[00000006:0000000000000007] auth=s/c "
            "resume=t/0000000000000001/2 limits=[1,2,3,4,5,6,7,8,9,10,11,12]");
}

TEST(Flatc, ReadsAWelcomeWeWrote) {
  wire::welcome w;
  w.features = 0x48;
  w.agent = "server";
  w.client_id = uuid;
  w.token = "token";
  w.epoch = 1;
  w.outcome = wire::outcome::partial;
  w.received = 2;
  w.next = 3;
  w.contract = 4;
  w.mismatched = {{"x", 5, 6}};
  w.missing = {{"y", 7, 0}};
  w.policy = wire::policy::warn;
  w.limits.ack_ms = 8;
  w.heartbeat_ms = 9;
  w.auth_ms = 10;
  std::string bytes;
  wire::write_welcome(format::binary, w, bytes);
  const aligned buffer(bytes);
  flatbuffers::Verifier verifier(buffer.at(0), buffer.size);
  ASSERT_TRUE(verifier.VerifyBuffer<fb::Welcome>());
  const auto* read = flatbuffers::GetRoot<fb::Welcome>(buffer.at(0));
  EXPECT_EQ(read->revision(), 1u);
  EXPECT_EQ(read->features(), 0x48u);
  EXPECT_EQ(read->agent()->str(), "server");
  EXPECT_EQ(read->client_id()->str(), uuid);
  EXPECT_EQ(read->token()->str(), "token");
  EXPECT_EQ(read->epoch(), 1u);
  EXPECT_EQ(read->outcome(), 3);
  EXPECT_EQ(read->received(), 2u);
  EXPECT_EQ(read->next(), 3u);
  EXPECT_EQ(read->contract(), 4u);
  EXPECT_EQ(read->mismatched()->Get(0)->fingerprint(), 6u);
  EXPECT_EQ(read->missing()->Get(0), 7u);
  EXPECT_EQ(read->policy(), 3);
  EXPECT_EQ(read->limits()->ack_ms(), 8u);
  EXPECT_EQ(read->heartbeat_ms(), 9u);
  EXPECT_EQ(read->auth_ms(), 10u);
}

TEST(Flatc, ReadsAGoawayWeWrote) {
  wire::goaway g;
  g.reason = 1;
  g.retry_ms = 2;
  g.last_id = 3;
  g.text = "bye";
  std::string bytes;
  wire::write_goaway(format::binary, g, bytes);
  const aligned buffer(bytes);
  const auto* read = flatbuffers::GetRoot<fb::Goaway>(buffer.at(0));
  EXPECT_EQ(read->reason(), 1);
  EXPECT_EQ(read->retry_ms(), 2u);
  EXPECT_EQ(read->last_id(), 3u);
  EXPECT_EQ(read->text()->str(), "bye");
}

TEST(Flatc, ReadsACredentialAndItsAnswerThatWeWrote) {
  for (const wire::auth& content : {wire::auth{"bearer", "secret", 0}, wire::auth{"", "", 60000}}) {
    std::string bytes;
    wire::write_auth(format::binary, content, bytes);
    const aligned buffer(bytes);
    flatbuffers::Verifier verifier(buffer.at(0), buffer.size);
    ASSERT_TRUE(verifier.VerifyBuffer<fb::Auth>());
    const auto* read = flatbuffers::GetRoot<fb::Auth>(buffer.at(0));
    EXPECT_EQ(read->scheme() ? read->scheme()->str() : "", content.scheme);
    EXPECT_EQ(read->credential() ? read->credential()->str() : "", content.credential);
    EXPECT_EQ(read->auth_ms(), content.auth_ms);
  }
}

TEST(Flatc, WritesACredentialAndItsAnswerThatWeRead) {
  for (const std::uint32_t ms : {0u, 60000u}) {
    flatbuffers::FlatBufferBuilder builder;
    builder.Finish(ms == 0 ? fb::CreateAuthDirect(builder, "bearer", "secret") : fb::CreateAuthDirect(builder, nullptr, nullptr, ms));
    wire::auth read;
    const bytes_view payload(reinterpret_cast<const std::byte*>(builder.GetBufferPointer()), builder.GetSize());
    ASSERT_EQ(wire::read_auth(format::binary, payload, read), std::nullopt);
    EXPECT_EQ(read, ms == 0 ? (wire::auth{"bearer", "secret", 0}) : (wire::auth{"", "", ms}));
  }
}

}  // namespace
