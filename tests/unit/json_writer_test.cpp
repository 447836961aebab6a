#include "parley/wire/json_values.hpp"

#include "parley/wire/utf8.hpp"

#include <gtest/gtest.h>

#include <limits>
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
