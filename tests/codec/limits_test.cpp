// The effect of Parley's field and enum options on codecs and printers.
#include "codecs.hpp"

#include "parley/wire/any.hpp"

#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <variant>

namespace {

using namespace limits::v1;

std::string text_of(const parley::result<>& done) { return done ? "fine" : done.error().message; }

Unlimited without_limits(const Limited& m) {
  Unlimited u{.name = m.name, .key = m.key, .names = m.names, .numbers = m.numbers, .tags = m.tags, .maybe = m.maybe, .keys = m.keys};
  if (const auto* text = std::get_if<Limited::text>(&m.pick)) u.pick = Unlimited::text{text->value};
  return u;
}

// The result of the readers and writers of both formats, which must all be the same.
std::string both(const Limited& m) {
  const Unlimited unlimited = without_limits(m);
  std::string json;
  std::string binary;
  EXPECT_TRUE(write_json(unlimited, json));
  EXPECT_TRUE(write_binary(unlimited, binary));
  Limited back;
  const std::string said = text_of(read_json(json, back));
  EXPECT_TRUE(said != "fine" || back == m);
  EXPECT_EQ(text_of(read_binary(parley::as_bytes(binary), back)), said);
  EXPECT_TRUE(said != "fine" || back == m);
  std::string out;
  EXPECT_EQ(text_of(write_json(m, out)), said);
  EXPECT_EQ(out.empty(), said != "fine");
  out.clear();
  EXPECT_EQ(text_of(write_binary(m, out)), said);
  EXPECT_EQ(out.empty(), said != "fine");
  return said;
}

std::vector<std::byte> bytes(std::size_t count) { return std::vector<std::byte>(count, std::byte{1}); }

TEST(Limits, HoldInBothFormats) {
  EXPECT_EQ(both({.name = "12345", .key = bytes(3), .names = {"12", "12", "12"}, .numbers = {1, 2}, .tags = {{"a long key", ""}}}), "fine");
  EXPECT_EQ(both({.name = "123456"}), "$.name: longer than its max_len");
  EXPECT_EQ(both({.key = bytes(4)}), "$.key: longer than its max_len");
  EXPECT_EQ(both({.names = {"1", "123"}}), "$.names[1]: longer than its max_len");
  EXPECT_EQ(both({.names = {"1", "2", "3", "4"}}), "$.names: more elements than its max_count");
  EXPECT_EQ(both({.numbers = {1, 2, 3}}), "$.numbers: more elements than its max_count");
  EXPECT_EQ(both({.tags = {{"a", ""}, {"b", ""}}}), "$.tags: more entries than its max_count");
  EXPECT_EQ(both({.maybe = "ab"}), "$.maybe: longer than its max_len");
  EXPECT_EQ(both({.keys = {bytes(1), bytes(2)}}), "$.keys[1]: longer than its max_len");
  EXPECT_EQ(both({.pick = Limited::text{"123"}}), "$.text: longer than its max_len");
}

TEST(Limits, CountWhatIsSent) {
  std::string out;
  EXPECT_EQ(text_of(write_json(Limited{.name = "1234\xFF"}, out)), "$.name: longer than its max_len");  // U+FFFD has three bytes
  EXPECT_EQ(text_of(write_binary(Limited{.name = "1234\xFF"}, out)), "$.name: longer than its max_len");
}

TEST(Limits, CountBytesNotCharacters) { EXPECT_EQ(both({.maybe = "\xC3\xA4"}), "$.maybe: longer than its max_len"); }

TEST(Flags, CombineAndTravelAsNumbers) {
  static_assert(has(Marks::LOUD | Marks::LATE, Marks::LATE));
  static_assert(!has(Marks::LOUD | Marks::LATE, Marks::RED));
  static_assert((Marks::LOUD & Marks::RED) == Marks::NONE);
  std::string json;
  write_json(Limited{.marks = Marks::LOUD | Marks::LATE, .all_marks = {Marks::RED}}, json);
  EXPECT_EQ(json, R"({"marks":5,"allMarks":[2]})");
  Limited back;
  ASSERT_TRUE(read_json(R"({"marks":"MARKS_RED"})", back));
  EXPECT_EQ(back.marks, Marks::RED);
}

template <class T>
std::string printed(const T& value) {
  std::ostringstream out;
  out << value;
  return out.str();
}

TEST(Printers, ShowWhatIsSetInOneLine) {
  EXPECT_EQ(printed(Account{}), "{}");
  EXPECT_EQ(printed(Account{.user = "a\"b", .counts = {{"x", 1}}, .parent = Account{.proof = Account::mark{Marks::RED}}}),
            R"({user: "a\"b", counts: {"x": 1}, parent: {mark: MARKS_RED}})");
  EXPECT_EQ(printed(all::types::v1::Scalars{.an_int64 = -1, .a_bool = true, .some_bytes = bytes(3), .mood = all::types::v1::Mood(99)}),
            "{an_int64: -1, a_bool: true, some_bytes: <3 bytes>, mood: 99}");
}

TEST(Printers, NeverShowWhatIsSensitive) {
  const Account account{.user = "me", .password = "secret", .tokens = {"secret"}, .proof = Account::pin{"secret"}};
  EXPECT_EQ(printed(account), "{user: \"me\", password: ***, tokens: ***, pin: ***}");
}

TEST(Printers, ShowFlagsByName) {
  EXPECT_EQ(printed(Marks::NONE), "MARKS_NONE");
  EXPECT_EQ(printed(Marks::LOUD | Marks::LATE), "MARKS_LOUD|MARKS_LATE");
  EXPECT_EQ(printed(Marks(1 | 64)), "MARKS_LOUD|64");
}

TEST(Names, OfEnumsGoBothWays) {
  using all::types::v1::Mood;
  EXPECT_EQ(name_of(Mood::CROSS), "MOOD_GRUMPY");
  EXPECT_EQ(name_of(Mood(50)), "");
  Mood mood = Mood::GLAD;
  EXPECT_TRUE(from_name("MOOD_CROSS", mood));
  EXPECT_EQ(mood, Mood::GRUMPY);
  EXPECT_FALSE(from_name("CROSS", mood));
  EXPECT_EQ(all::types::v1::Odd::class_, all::types::v1::Odd(1));
}

TEST(Any, HoldsGeneratedMessages) {
  const parley::any packed = parley::pack(Limited{.name = "abc"});
  EXPECT_EQ(parley::unpack<Limited>(packed)->name, "abc");
  all::types::v1::Anything m{.any = packed, .anys = {parley::pack(true)}};
  std::string json;
  write_json(m, json);
  const std::string inner = R"({"@type":"type.googleapis.com/limits.v1.Limited","name":"abc"})";
  EXPECT_EQ(json, R"({"any":)" + inner + R"(,"anys":[{"@type":"type.googleapis.com/google.protobuf.BoolValue","value":true}]})");

  all::types::v1::Anything back;
  EXPECT_EQ(read_json(json, back).error().message, "$.any: an Any of an unknown type");
  parley::any_types types;
  types.add<Limited>();
  ASSERT_TRUE(read_json(json, back, {.types = &types}));
  EXPECT_EQ(back, m);

  // One Any inside another. Only a transcoder that has the list of types can examine both.
  const std::string nested = R"({"any":{"@type":"x/google.protobuf.Any","value":)" + inner + "}}";
  const std::string binary = codecs::to_binary(parley::codec_for<all::types::v1::Anything>, nested, {.types = &types});
  EXPECT_EQ(codecs::to_json(parley::codec_for<all::types::v1::Anything>, binary, {.types = &types}), nested);
  EXPECT_TRUE(codecs::is_error(codecs::to_json(parley::codec_for<all::types::v1::Anything>, binary)));
  const std::string wrong = R"({"anys":[{"@type":"limits.v1.Limited","names":["a",5]}]})";
  EXPECT_EQ(read_json(wrong, back, {.types = &types}).error().message, "$.anys[0].names[1]: not a string");
}

}  // namespace
