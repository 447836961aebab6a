// Parley's codecs, compared with Protobuf's JSON, on random messages of every type and on texts
// with random errors.
//
// Where the two differ on purpose, Parley is stricter:
// - A member given twice, even under its two names, and a map's key given twice are refused.
//   Protobuf uses the last one.
// - A number in quotes follows JSON's grammar: no spaces, no leading zeros or plus signs, not
//   "0x1", not "1e5x".
// - An enum's name is spelled as in the schema, and a number is not quoted. Protobuf also accepts
//   "mood-glad" and "1".
// - true and false are not quoted, except as a map's key.
// - A null in a list is a missing element. It is refused unless the element can be null.
// - Text is UTF-8 without unpaired surrogates. Base64 contains no characters without meaning.
// - JSON itself is RFC 8259: no comments, no single quotes, no comma at the end, no names without
//   quotes.
// - Paths of a FieldMask can be converted back.
// In one point Parley accepts more: an integer in quotes may have an exponent or a fraction of
// zeros, as in later versions of Protobuf.
#include "oracle.hpp"
#include "codecs.hpp"

#include "parley/wkt.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <variant>
#include <vector>

namespace {

const oracle::schema& schema() {
  static const oracle::schema loaded;
  return loaded;
}

parley::value parsed(std::string_view json) {
  parley::value value;
  const auto read = parley::read_json(json, value, {.max_depth = 200});
  EXPECT_TRUE(read) << read.error().message;
  return value;
}

// Whether both are the same document. Floats may have more digits than necessary.
bool same(const parley::value& a, const parley::value& b) {
  if (a.kind.index() != b.kind.index()) return false;
  if (const auto* number = std::get_if<double>(&a.kind)) return static_cast<float>(*number) == static_cast<float>(std::get<double>(b.kind));
  if (const auto* list = std::get_if<parley::list_value>(&a.kind))
    return std::ranges::equal(list->values, std::get<parley::list_value>(b.kind).values, same);
  if (const auto* object = std::get_if<parley::structure>(&a.kind))
    return std::ranges::equal(object->fields, std::get<parley::structure>(b.kind).fields,
                              [](const auto& x, const auto& y) { return x.first == y.first && same(x.second, y.second); });
  return a == b;
}

class Oracle : public testing::TestWithParam<codecs::entry> {};

TEST_P(Oracle, ReadsTheSameMessagesInBothFormats) {
  const auto& [name, codec] = GetParam();
  for (std::uint64_t seed = 1; seed <= (name.ends_with("Everything") ? 150 : 300); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const auto message = schema().make(name);
    oracle::filler(seed).fill(*message, 4);
    const std::string theirs = schema().to_json(*message);

    const std::string binary = codecs::to_binary(*codec, theirs);
    ASSERT_FALSE(codecs::is_error(binary)) << binary << "\n" << theirs;
    ASSERT_EQ(binary.size() % 8, 0u);
    const std::string ours = codecs::to_json(*codec, binary);
    ASSERT_FALSE(codecs::is_error(ours)) << ours << "\n" << theirs;

    // The documents are equal, and Protobuf reads ours as the same message.
    ASSERT_TRUE(same(parsed(ours), parsed(theirs))) << ours << "\n" << theirs;
    const auto back = schema().from_json(name, ours);
    ASSERT_TRUE(back) << ours;
    const auto again = schema().from_json(name, theirs);
    ASSERT_TRUE(again) << theirs;
    ASSERT_EQ(oracle::bytes_of(*back), oracle::bytes_of(*again)) << ours << "\n" << theirs;

    // Converting to JSON and back loses nothing.
    ASSERT_EQ(codecs::to_binary(*codec, ours), binary);
  }
}

// Applies one to three random edits.
std::string damaged(std::string text, std::mt19937_64& random) {
  static constexpr std::string_view pieces[] = {"{",  "}",          "[",     "]",       ",",       ":",    "\"",   "\\",    "0",    "1",
                                                "-",  ".",          "e5",    "null",    "true",    "\"\"", " ",    "\"1\"", "1.5",  "[]",
                                                "{}", "9999999999", "\"x\"", "\"NaN\"", "\\u0041", "/",    "\xFF", "\n",    "aBool"};
  for (auto edits = 1 + random() % 3; edits > 0; --edits) {
    const std::size_t at = random() % (text.size() + 1);
    switch (random() % 4) {
      case 0:
        text.insert(at, pieces[random() % std::size(pieces)]);
        break;
      case 1:
        text.erase(at, 1 + random() % 3);
        break;
      case 2:
        text.replace(at, 1, pieces[random() % std::size(pieces)]);
        break;
      default:
        text.insert(at, text.substr(random() % (text.size() + 1), random() % 12));
        break;
    }
  }
  return text;
}

bool has_quoted_exponent(std::string_view text) {
  for (std::size_t quote = text.find('"'); quote != text.npos; quote = text.find('"', quote + 1)) {
    const std::size_t end = text.find_first_not_of("-+.eE0123456789", quote + 1);
    const std::string_view inside = text.substr(quote + 1, end - quote - 1);
    if (end != text.npos && text[end] == '"' && inside.find_first_of(".eE") != inside.npos) return true;
  }
  return false;
}

TEST_P(Oracle, TakesNothingThatProtobufRefuses) {
  const auto& [name, codec] = GetParam();
  int both = 0;
  for (std::uint64_t seed = 1; seed <= 600; ++seed) {
    const auto message = schema().make(name);
    oracle::filler(seed).fill(*message, 1);
    const std::string whole = schema().to_json(*message);
    std::mt19937_64 random(seed);
    for (int i = 0; i < 40; ++i) {
      const std::string text = damaged(whole, random);
      SCOPED_TRACE(text);
      const std::string binary = codecs::to_binary(*codec, text);
      if (codecs::is_error(binary) || has_quoted_exponent(text)) continue;
      const auto theirs = schema().from_json(name, text);
      ASSERT_TRUE(theirs);
      const auto ours = schema().from_json(name, codecs::to_json(*codec, binary));
      ASSERT_TRUE(ours);
      // Converts through Protobuf's own JSON once more, because it prints a negative zero in a form
      // that is read as a positive one.
      const auto theirs_again = schema().from_json(name, schema().to_json(*theirs));
      ASSERT_EQ(oracle::bytes_of(*ours), oracle::bytes_of(*theirs_again)) << codecs::to_json(*codec, binary);
      ++both;
    }
  }
  RecordProperty("accepted_by_both", both);
}

INSTANTIATE_TEST_SUITE_P(Codec, Oracle, testing::ValuesIn(codecs::all()),
                         [](const auto& test) { return test.param.name.substr(test.param.name.rfind('.') + 1); });

}  // namespace
