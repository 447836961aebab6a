#include "parley/wire/json_values.hpp"

#include "parley/wire/utf8.hpp"

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>

namespace {

template <class T>
std::string written(const T& value) {
  std::string out;
  parley::json::write_document(value, out);
  return out;
}

TEST(JsonWriter, WritesTheShortestNumberThatReadsBack) {
  EXPECT_EQ(written(0.1), "0.1");
  EXPECT_EQ(written(0.1f), "0.1");
  EXPECT_EQ(written(1.0), "1");
  EXPECT_EQ(written(-0.0), "-0");
  EXPECT_EQ(written(1e22), "1e+22");
  EXPECT_EQ(written(std::numeric_limits<double>::denorm_min()), "5e-324");
  EXPECT_EQ(written(std::numeric_limits<float>::max()), "3.4028235e+38");
}

// The result equals that of the standard library, whichever of the fast paths a number takes.
TEST(JsonWriter, WritesEveryNumberAsTheStandardLibraryDoes) {
  std::mt19937_64 random(7);
  const auto check = [](double value) {
    std::array<char, 32> text;
    const std::string expected(text.data(), std::to_chars(text.data(), text.data() + text.size(), value).ptr);
    std::string out;
    parley::json::writer(out).number(value);
    ASSERT_EQ(out, expected);
    double back = 7;
    parley::json::reader in(out);
    ASSERT_TRUE(in.read(back)) << out;
    ASSERT_EQ(std::bit_cast<std::uint64_t>(back), std::bit_cast<std::uint64_t>(value)) << out;
  };
  for (const double value :
       {0.0005, 0.001, -0.001, 99'999.0, 100'000.0, 100'000.5, 999'999'999.999, 1e9, 1e15, 1e23, 123'456'789'012'345.0})
    for (const double near : {value, std::nextafter(value, 0.0), std::nextafter(value, 1e300)}) check(near);
  for (int i = 0; i < 20'000; ++i) {
    const auto digits = static_cast<double>(static_cast<std::int64_t>(random() % 2'000'000'000'000)) - 1e12;
    const double decimal = digits / std::pow(10, static_cast<double>(random() % 8));
    check(decimal);
    check(std::nextafter(decimal, 1e300));
    check(static_cast<double>(random() % 3'000'000) / 1000);
    const auto any = std::bit_cast<double>(random());
    if (std::isfinite(any)) check(any);
  }
}

TEST(JsonWriter, WritesEveryIntegerAsTheStandardLibraryDoes) {
  const auto check = [](auto value) {
    std::string out;
    parley::json::writer(out).number(value);
    ASSERT_EQ(out, std::to_string(value));
  };
  const auto check_all = [&check](std::uint64_t value) {
    check(value);
    check(static_cast<std::int64_t>(value));
    check(static_cast<std::int64_t>(0 - value));
    check(static_cast<std::uint32_t>(value));
    check(static_cast<std::int32_t>(value));
  };
  for (std::uint64_t value = 0; value < 2000; ++value) check_all(value);
  for (std::uint64_t power = 1, i = 0; i < 20; ++i, power *= 10)
    for (const std::uint64_t near : {power - 1, power, power + 1}) check_all(near);
  for (unsigned bit = 0; bit < 64; ++bit)
    for (const std::uint64_t near : {(std::uint64_t{1} << bit) - 1, std::uint64_t{1} << bit}) check_all(near);
  std::mt19937_64 random(11);
  for (int i = 0; i < 20'000; ++i) check_all(random() >> random() % 64);
}

TEST(JsonWriter, WritesWhatIsNoNumberAsText) {
  EXPECT_EQ(written(std::numeric_limits<double>::quiet_NaN()), "\"NaN\"");
  EXPECT_EQ(written(std::numeric_limits<double>::infinity()), "\"Infinity\"");
  EXPECT_EQ(written(-std::numeric_limits<float>::infinity()), "\"-Infinity\"");
}

TEST(JsonWriter, WritesLongIntegersAsText) {
  EXPECT_EQ(written(std::int64_t{-5}), "\"-5\"");
  EXPECT_EQ(written(std::numeric_limits<std::uint64_t>::max()), "\"18446744073709551615\"");
  EXPECT_EQ(written(std::int32_t{-5}), "-5");
  EXPECT_EQ(written(std::uint32_t{4294967295}), "4294967295");
}

TEST(JsonWriter, EscapesOnlyWhatItMust) {
  EXPECT_EQ(written(std::string("a/b \"c\" \\ \b\f\n\r\t \x01\x1f \x7f gr\xC3\xBC\xC3\x9F </script>")),
            "\"a/b \\\"c\\\" \\\\ \\b\\f\\n\\r\\t \\u0001\\u001f \x7f gr\xC3\xBC\xC3\x9F </script>\"");
  EXPECT_EQ(written(std::string(1, '\0')), "\"\\u0000\"");
}

// A text of every length with one character at every position, inside a whole word or in the rest
// after the words.
TEST(JsonWriter, FindsWhatItMustEscapeAnywhere) {
  for (std::size_t length = 1; length <= 20; ++length) {
    for (std::size_t place = 0; place < length; ++place) {
      for (int c = 0; c < 128; ++c) {
        std::string text(length, '~');
        text[place] = static_cast<char>(c);
        std::string back;
        const std::string out = written(text);
        parley::json::reader in(out);
        ASSERT_TRUE(in.read(back) && in.finish()) << out;
        ASSERT_EQ(back, text);
        ASSERT_EQ(out.size() == length + 2, c >= 0x20 && c != '"' && c != '\\') << out;
      }
      std::string broken(length, ' ');
      broken[place] = '\xff';
      EXPECT_FALSE(parley::is_utf8(broken));
    }
  }
}

TEST(JsonWriter, ReplacesWhatIsNotUtf8) {
  EXPECT_EQ(written(std::string("a\xFF"
                                "b\xC3")),
            "\"a\xEF\xBF\xBD"
            "b\xEF\xBF\xBD\"");
  EXPECT_TRUE(parley::is_utf8(written(std::string("\xED\xA0\x80\xF0\x9F\x98"))));
  EXPECT_EQ(parley::to_utf8("\xF0\x9F\x98\x80"), "\xF0\x9F\x98\x80");
}

TEST(JsonWriter, WritesListsAndMaps) {
  EXPECT_EQ(written(std::vector<bool>{true, false}), "[true,false]");
  EXPECT_EQ(written(std::vector<std::string>{}), "[]");
  EXPECT_EQ(written(std::vector<std::string>{"", "[", "{"}), R"(["","[","{"])");
  EXPECT_EQ((written(std::map<std::int64_t, double>{{-1, 0.5}, {2, 1}})), R"({"-1":0.5,"2":1})");
  EXPECT_EQ((written(std::map<bool, std::string>{{true, "a"}, {false, "b"}})), R"({"false":"b","true":"a"})");
  EXPECT_EQ((written(std::map<std::string, std::vector<std::vector<std::byte>>>{{"\n", {{}, {std::byte{1}}}}})), R"({"\n":["","AQ=="]})");
}

TEST(JsonWriter, AppendsToWhatIsThere) {
  std::string out = "{";
  parley::json::write_document(std::vector<int>{1, 2}, out);
  EXPECT_EQ(out, "{[1,2]");
}

}  // namespace
