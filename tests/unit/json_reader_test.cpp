// The reader alone: tokens, numbers, strings, nesting, spans and paths.
#include "parley/wire/json.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace {

using parley::json::reader;

// A text at the end of a separate block, so that AddressSanitizer detects a byte read past it.
class exact_text {
 public:
  explicit exact_text(std::string_view text) : copy_(new char[text.size()]), size_(text.size()) {
    std::copy(text.begin(), text.end(), copy_.get());
  }
  operator std::string_view() const { return {copy_.get(), size_}; }

 private:
  std::unique_ptr<char[]> copy_;
  std::size_t size_;
};

template <class T>
std::optional<T> read(std::string_view text, parley::decode_options options = {}) {
  const exact_text exact(text);
  reader in(exact, options);
  T value{};
  in.read(value);
  if (!in.finish()) return std::nullopt;
  return value;
}

bool is_valid(std::string_view text, parley::decode_options options = {}) {
  const exact_text exact(text);
  reader in(exact, options);
  in.skip();
  return in.finish();
}

std::string error_of(std::string_view text, parley::decode_options options = {}) {
  reader in(text, options);
  in.skip();
  return in.finish() ? "fine" : in.error().message;
}

TEST(JsonReader, ReadsIntegersExactly) {
  EXPECT_EQ(read<std::int64_t>("9223372036854775807"), 9223372036854775807);
  EXPECT_EQ(read<std::int64_t>("-9223372036854775808"), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(read<std::uint64_t>("18446744073709551615"), 18446744073709551615u);
  EXPECT_EQ(read<std::int64_t>("9007199254740993"), 9007199254740993);
  EXPECT_EQ(read<std::int32_t>("-2147483648"), std::numeric_limits<std::int32_t>::min());
  EXPECT_EQ(read<std::uint32_t>("4294967295"), 4294967295u);
  EXPECT_EQ(read<std::int32_t>("-0"), 0);
}

TEST(JsonReader, TakesWholeNumbersHoweverTheyAreWritten) {
  EXPECT_EQ(read<std::int32_t>("1e5"), 100000);
  EXPECT_EQ(read<std::int32_t>("100000.000"), 100000);
  EXPECT_EQ(read<std::int32_t>("1.5e1"), 15);
  EXPECT_EQ(read<std::int32_t>("1500e-2"), 15);
  EXPECT_EQ(read<std::int32_t>("\"12\""), 12);
  EXPECT_EQ(read<std::int32_t>("\"1\\u0032\""), 12);
  EXPECT_EQ(read<std::uint64_t>("1844674407370955161.5e1"), 18446744073709551615u);
  EXPECT_EQ(read<std::uint64_t>("0e999999999999999999999"), 0u);
  EXPECT_EQ(read<std::int64_t>("0.000000000000000000000000000001e30"), 1);
}

TEST(JsonReader, RefusesWhatIsNoIntegerOfItsSize) {
  for (const char* text :
       {"1.5", "1e-1", "0.5",  "1e99999999999999", "\"\"", "\" 1\"", "\"1 \"",  "+1", "01", "-01", "1.", ".5", "1e", "0x10", "1_000",
        "--1", "true", "null", "\"abc\"",          "[1]",  "1x",     "\"1.5\"", "NaN"}) {
    EXPECT_EQ(read<std::int64_t>(text), std::nullopt) << text;
  }
  EXPECT_EQ(read<std::int32_t>("2147483648"), std::nullopt);
  EXPECT_EQ(read<std::int32_t>("-2147483649"), std::nullopt);
  EXPECT_EQ(read<std::uint32_t>("-1"), std::nullopt);
  EXPECT_EQ(read<std::uint32_t>("4294967296"), std::nullopt);
  EXPECT_EQ(read<std::uint64_t>("-1"), std::nullopt);
  EXPECT_EQ(read<std::int64_t>("9223372036854775808"), std::nullopt);
  EXPECT_EQ(read<std::uint64_t>("18446744073709551616"), std::nullopt);
}

TEST(JsonReader, ReadsFloatingPointNumbers) {
  EXPECT_EQ(read<double>("0.1"), 0.1);
  EXPECT_EQ(read<double>("123456789012345678901234567890"), 123456789012345678901234567890.0);
  EXPECT_EQ(read<double>("\"1.5\""), 1.5);
  EXPECT_EQ(read<double>("1.7976931348623157e308"), std::numeric_limits<double>::max());
  EXPECT_EQ(read<double>("5e-324"), 5e-324);
  EXPECT_EQ(read<double>("1e-400"), 0.0);
  EXPECT_TRUE(std::signbit(*read<double>("-0")));
  EXPECT_TRUE(std::signbit(*read<double>("-1e-400")));
  EXPECT_EQ(read<double>("0.0000001e-400"), 0.0);
  EXPECT_EQ(read<float>("3.4028235e38"), std::numeric_limits<float>::max());
  EXPECT_EQ(read<float>("1e-60"), 0.0f);
  EXPECT_TRUE(std::isnan(*read<double>("\"NaN\"")));
  EXPECT_EQ(read<float>("\"-Infinity\""), -std::numeric_limits<float>::infinity());
}

TEST(JsonReader, ReadsEveryDecimalAsTheStandardLibraryDoes) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 20'000; ++i) {
    std::string text = random() % 2 == 0 ? "-" : "";
    text += std::to_string(random() % 10'000'000'000'000'000 >> random() % 50);
    if (random() % 2 == 0) text += "." + std::to_string(random() % 1'000'000);
    if (random() % 2 == 0) text += "e" + std::to_string(static_cast<int>(random() % 60) - 30);
    double expected = 0;
    std::from_chars(text.data(), text.data() + text.size(), expected);
    double value = 0;
    parley::json::reader in(text);
    ASSERT_TRUE(in.read(value)) << text;
    ASSERT_EQ(std::bit_cast<std::uint64_t>(value), std::bit_cast<std::uint64_t>(expected)) << text;
  }
}

TEST(JsonReader, RefusesNumbersBeyondTheType) {
  for (const char* text : {"1e400", "-1e400", "1e309", "0.00001e400", "NaN", "Infinity", "-Infinity", "nan", "\"nan\"", "\"inf\"",
                           "\"1e400\"", "1e", "1.", "\"\"", "\" 1.5\""})
    EXPECT_EQ(read<double>(text), std::nullopt) << text;
  EXPECT_EQ(read<float>("3.5e38"), std::nullopt);
}

TEST(JsonReader, ReadsBareNanOnlyWhereAsked) {
  const parley::decode_options python{.accept_nan_tokens = true};
  EXPECT_TRUE(std::isnan(*read<double>("NaN", python)));
  EXPECT_EQ(read<double>("-Infinity", python), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(read<double>("Nan", python), std::nullopt);
  EXPECT_TRUE(is_valid("[NaN,Infinity,-Infinity]", python));
  EXPECT_FALSE(is_valid("[NaN]"));
  EXPECT_FALSE(is_valid("[NaNa]", python));
  EXPECT_EQ(read<std::int32_t>("NaN", python), std::nullopt);
}

TEST(JsonReader, UnescapesStrings) {
  EXPECT_EQ(read<std::string>(R"("")"), "");
  EXPECT_EQ(read<std::string>(R"("plain")"), "plain");
  EXPECT_EQ(read<std::string>(R"("a\"\\\/\b\f\n\r\tz")"), "a\"\\/\b\f\n\r\tz");
  EXPECT_EQ(read<std::string>(R"("\u0041\u00e4\u20AC\ud83d\ude00")"), "A\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80");
  EXPECT_EQ(read<std::string>("\"\\u0000\""), std::string(1, '\0'));
  EXPECT_EQ(read<std::string>("\"gr\xC3\xBC\xC3\x9F\""), "gr\xC3\xBC\xC3\x9F");
  EXPECT_EQ(read<std::string_view>("\"ab\"  ")->size(), 2u);
}

TEST(JsonReader, RefusesBrokenStrings) {
  for (const char* text : {R"("\x41")",
                           R"("\U0041")",
                           R"("\u004")",
                           R"("\u004g")",
                           R"("\ud800")",
                           R"("\udc00")",
                           R"("\udc00\ud800")",
                           R"("\ud800\u0041")",
                           R"("\ud800A")",
                           R"("\ud800\ud800")",
                           "\"a\nb\"",
                           "\"a\tb\"",
                           "'a'",
                           "\"a",
                           "a\"",
                           "\"a\"b",
                           "\"a\"\"b\"",
                           "\"\\\"",
                           "\"\xC3\"",
                           "\"\xED\xA0\x80\"",
                           "\"\xC0\x80\"",
                           "\"\xF5\x80\x80\x80\"",
                           "\"\\\xC3\xA4\""})
    EXPECT_EQ(read<std::string>(text), std::nullopt) << text;
  EXPECT_EQ(read<std::string>(std::string_view("\"a\0b\"", 5)), std::nullopt);
}

TEST(JsonReader, ChecksWhatItSkips) {
  for (const char* text : {"null", "true", "1", "\"a\"", "{}", "[]", R"({"a":[1,{"b":null}],"c":"\u0041"})", " [ 1 , 2 ] ", "\t\n\r 1"})
    EXPECT_TRUE(is_valid(text)) << text;
  for (const char* text : {"",
                           " ",
                           "nul",
                           "nulll",
                           "True",
                           "tru e",
                           "[",
                           "]",
                           "{",
                           "}",
                           "[1",
                           "[1,",
                           "[1,]",
                           "[,1]",
                           "[1 2]",
                           "[1,,2]",
                           "{\"a\"}",
                           "{\"a\":}",
                           "{\"a\":1,}",
                           "{,}",
                           "{\"a\" 1}",
                           "{\"a\":1 \"b\":2}",
                           "{a:1}",
                           "{1:1}",
                           "{\"a\":1]",
                           "[1}",
                           "[\"\\ud800\"]",
                           "{\"\\x\":1}",
                           "[01]",
                           "[1.]",
                           "[+1]",
                           "1 1",
                           "{} {}",
                           "[]]",
                           "//",
                           "[1]//",
                           "/**/1",
                           "\xEF\xBB\xBF{}",
                           "[\"a\":1]",
                           "{\"a\":1:2}",
                           "[1:2]",
                           "\f1",
                           "[1\x0C]",
                           "{\"a\"\x1A"
                           "1}",
                           "[\\\"a\\\"]",
                           "-",
                           "[-]",
                           "\"a\" b",
                           "nullnull",
                           "\x80"})
    EXPECT_FALSE(is_valid(text)) << text;
  EXPECT_FALSE(is_valid(std::string_view("1\0", 2)));
  EXPECT_FALSE(is_valid(std::string_view("\0", 1)));
}

TEST(JsonReader, EveryPieceOfAValidTextIsRefused) {
  const std::string text = R"({"name":"gr\u00fcn \ud83d\ude00","list":[1.5e3,-0,true,false,null,{}],"deep":{"a":{"b":[[]]}}})";
  ASSERT_TRUE(is_valid(text));
  for (std::size_t length = 0; length < text.size(); ++length) EXPECT_FALSE(is_valid(text.substr(0, length))) << length;
}

TEST(JsonReader, NeverReadsOutsideOfTheText) {
  const std::string text = R"({"name":"grün \ud83d\ude00","list":[1.5e3,-0,true,null,{}],"deep":{"a":{"b":[["x\\"]]}}})";
  for (std::size_t at = 0; at < text.size(); ++at)
    for (int bit = 0; bit < 8; ++bit) {
      std::string broken = text;
      broken[at] = static_cast<char>(broken[at] ^ (1 << bit));
      is_valid(broken);
      const exact_text exact(std::string_view(broken).substr(at));
      reader in(exact);
      in.skip();
    }
}

TEST(JsonReader, WalksMembersAndElements) {
  reader in(R"( {"a" : [1, 2], "\u0062": "x", "c": {}} )");
  std::string seen;
  ASSERT_TRUE(in.enter_object());
  for (std::string_view name; in.next_member(name);) {
    seen += name;
    if (name == "a") {
      ASSERT_TRUE(in.enter_array());
      for (int item = 0; in.next_element();) {
        ASSERT_TRUE(in.read(item));
        seen += std::to_string(item);
      }
    } else if (name == "b") {
      std::string text;
      ASSERT_TRUE(in.read(text));
      seen += text;
    } else {
      ASSERT_EQ(in.kind(), parley::json::kind::object);
      ASSERT_TRUE(in.skip());
    }
  }
  EXPECT_TRUE(in.finish());
  EXPECT_EQ(seen, "a12bxc");
}

TEST(JsonReader, GivesTheTextOfAValue) {
  const std::string text = R"({"a": {"x": [1, 2 ] } , "b" : "q\"" ,"c":12 })";
  reader in(text);
  std::vector<std::string> found;
  ASSERT_TRUE(in.enter_object());
  for (std::string_view name; in.next_member(name);) {
    std::string_view span;
    ASSERT_TRUE(in.raw(span, 3));
    EXPECT_GE(span.data(), text.data());
    EXPECT_LE(span.data() + span.size(), text.data() + text.size());
    found.emplace_back(span);
  }
  EXPECT_TRUE(in.finish());
  EXPECT_EQ(found, (std::vector<std::string>{R"({"x": [1, 2 ] })", R"("q\"")", "12"}));
}

struct part {
  std::string_view text;
  parley::known_tokens tokens;
};

// The value of the member "p".
part part_of(std::string_view text) {
  part found;
  reader in(text);
  in.enter_object();
  for (std::string_view name; in.next_member(name);)
    if (name == "p") in.raw(found.text, 64, found.tokens);
    else in.skip();
  EXPECT_TRUE(in.finish());
  return found;
}

// All strings and numbers of a value, including names.
std::string words_of(reader& in) {
  std::string words;
  const auto read = [&](auto& self) -> void {
    std::string_view word;
    if (in.kind() == parley::json::kind::object) {
      in.enter_object();
      while (in.next_member(word)) {
        words.append(word).append(":");
        self(self);
      }
    } else if (in.kind() == parley::json::kind::array) {
      in.enter_array();
      while (in.next_element()) self(self);
    } else if (in.kind() == parley::json::kind::string && in.read(word)) {
      words.append(word).append(" ");
    } else {
      in.raw(word, 0);
      words.append(word).append(" ");
    }
  };
  read(read);
  return in.finish() ? words : in.error().message;
}

constexpr std::string_view parts[] = {
    R"({"p":{"a":"b","c":[1,2,{"d":null}]}})",
    R"({"p":  {  "a" : "b"  }  ,"q":1})",
    R"({"q":"\n","p":{"a":"b"},"r":{}})",
    R"({"p":{"\u0061":"\"b\\"}})",
    R"({"p":"word"})",
    R"({"p": -1.5e3 })",
    R"({"p":[]  })",
    R"({"p":{},"q":[[]]})",
};

TEST(JsonReader, ReadsAPartByTokensThatAreKnown) {
  for (const std::string_view text : parts) {
    const part p = part_of(text);
    reader by_tokens(p.text, {.tokens = p.tokens});
    reader anew(p.text);
    EXPECT_EQ(words_of(by_tokens), words_of(anew)) << text;
  }
}

TEST(JsonReader, ReadsAPartOverAndOver) {
  const part p = part_of(parts[0]);
  for (int i = 0; i < 3; ++i) {
    reader in(p.text, {.tokens = p.tokens});
    EXPECT_EQ(words_of(in), "a:b c:1 2 d:null ");
  }
}

TEST(JsonReader, LooksAnewWhereTheTokensAreThoseOfAnotherText) {
  for (const std::string_view text : parts) {
    const part p = part_of(text);
    const std::string copy(p.text);
    reader fresh(copy);
    const std::string wanted = words_of(fresh);
    // The tokens belong to another text that was read in between and begins at the same address.
    reader after_another(p.text, {.tokens = p.tokens});
    EXPECT_EQ(words_of(after_another), wanted) << text;
    // The tokens belong to a text at another address.
    const part again = part_of(text);
    const std::string elsewhere = "[1]" + copy;
    reader moved(std::string_view(elsewhere).substr(3), {.tokens = again.tokens});
    EXPECT_EQ(words_of(moved), wanted) << text;
  }
  // The tokens belong to a shorter text.
  const part p = part_of(parts[0]);
  reader shorter(p.text.substr(0, p.text.size() - 1), {.tokens = p.tokens});
  shorter.skip();
  EXPECT_FALSE(shorter.finish());
}

TEST(JsonReader, LooksAnewWhileTheReaderOfTheWholeIsThere) {
  const std::string text = R"({"p":{"a":"b"}})";
  reader whole(text);
  std::string_view name;
  ASSERT_TRUE(whole.enter_object() && whole.next_member(name));
  part p;
  ASSERT_TRUE(whole.raw(p.text, 64, p.tokens));
  reader in(p.text, {.tokens = p.tokens});
  EXPECT_EQ(words_of(in), "a:b ");
  EXPECT_FALSE(whole.next_member(name));
  EXPECT_TRUE(whole.finish());
}

TEST(JsonReader, CountsTheDepthOfARawValueFromItsRoot) {
  const auto raw_is_fine = [](std::string_view text, std::size_t depth) {
    reader in(text, {.max_depth = 1});
    std::string_view span;
    if (in.enter_object())
      for (std::string_view name; in.next_member(name);) in.raw(span, depth);
    return in.finish();
  };
  EXPECT_TRUE(raw_is_fine(R"({"payload":[[1]]})", 2));
  EXPECT_FALSE(raw_is_fine(R"({"payload":[[1]]})", 1));
  EXPECT_TRUE(raw_is_fine(R"({"payload":1})", 0));
  EXPECT_FALSE(raw_is_fine(R"({"payload":[]})", 0));
}

TEST(JsonReader, BoundsTheDepth) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_TRUE(is_valid(nested(64)));
  EXPECT_FALSE(is_valid(nested(65)));
  EXPECT_TRUE(is_valid(nested(3), {.max_depth = 3}));
  EXPECT_FALSE(is_valid(nested(4), {.max_depth = 3}));
  EXPECT_FALSE(is_valid(std::string(1'000'000, '[')));
  EXPECT_EQ(error_of(nested(65)), "$: nested too deeply");
}

TEST(JsonReader, NeverQuotesTheInputInItsErrors) {
  for (const char* text : {R"({"secret":1x})", R"(["secret)", "secret", R"({"secret":"\q"})", R"({"secret" "secret"})"})
    EXPECT_EQ(error_of(text).find("secret"), std::string::npos) << error_of(text);
  EXPECT_EQ(parley::error(reader("x").error()).code, parley::errc::bad_payload);
}

TEST(JsonReader, KeepsTheFirstFailureAndReadsNothingAfterIt) {
  reader in("[1,x,2]");
  ASSERT_TRUE(in.enter_array());
  ASSERT_TRUE(in.next_element());
  int number = 0;
  ASSERT_TRUE(in.read(number));
  ASSERT_TRUE(in.next_element());
  EXPECT_FALSE(in.read(number));
  in.within_element(1);
  EXPECT_FALSE(in.next_element());
  EXPECT_FALSE(in.skip());
  EXPECT_FALSE(in.finish());
  EXPECT_EQ(in.error().message, "$[1]: not an integer of this size");
}

TEST(JsonReader, SeveralReadersWorkAtTheSameTime) {
  reader outer(R"({"a":"[1,2]"})");
  std::string_view name;
  std::string inner_text;
  ASSERT_TRUE(outer.enter_object());
  ASSERT_TRUE(outer.next_member(name));
  ASSERT_TRUE(outer.read(inner_text));
  {
    reader inner(inner_text);
    reader third("{}");
    EXPECT_TRUE(inner.skip());
    EXPECT_TRUE(inner.finish());
    EXPECT_TRUE(third.skip());
  }
  EXPECT_FALSE(outer.next_member(name));
  EXPECT_TRUE(outer.finish());
}

TEST(JsonReader, ComesBackToAPlace) {
  reader in(R"({"a":1,"b":[2,{"c":3}]})");
  ASSERT_TRUE(in.enter_object());
  const reader::place place = in.here();
  std::string_view name;
  while (in.next_member(name)) ASSERT_TRUE(in.skip());
  in.back_to(place);
  ASSERT_TRUE(in.next_member(name));
  EXPECT_EQ(name, "a");
  ASSERT_TRUE(in.skip());
  ASSERT_TRUE(in.next_member(name));
  ASSERT_TRUE(in.skip());
  EXPECT_FALSE(in.next_member(name));
  EXPECT_TRUE(in.finish());
}

TEST(JsonReader, ReadsLongTexts) {
  std::string text = "[";
  for (int i = 0; i < 200'000; ++i) text += "1234567890,";
  text += "1]";
  EXPECT_TRUE(is_valid(text));
  text.pop_back();
  EXPECT_FALSE(is_valid(text));
  EXPECT_TRUE(is_valid("1"));
}

}  // namespace
