// The well-known types as values, as JSON and as FlatBuffers.
#include "parley/wkt.hpp"
#include "parley/wire/any.hpp"
#include "parley/wire/codec.hpp"
#include "parley/wire/flat_values.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <sstream>
#include <string>

namespace {

using namespace std::chrono_literals;

template <class T>
std::string json(const T& value) {
  std::string out;
  parley::codec_for<T>.write(parley::format::json, &value, out);
  return out;
}

// Converts `text` to a value, through both formats and back to JSON. Returns the JSON or the error.
template <class T>
std::string again(std::string_view text, const parley::decode_options& options = {}) {
  T value{};
  if (auto read = parley::codec_for<T>.read(parley::format::json, parley::as_bytes(text), &value, options); !read)
    return read.error().message;
  std::string binary;
  parley::codec_for<T>.write(parley::format::binary, &value, binary);
  EXPECT_EQ(binary.size() % 8, 0u);
  T back{};
  const auto read = parley::codec_for<T>.read(parley::format::binary, parley::as_bytes(binary), &back, options);
  EXPECT_TRUE(read) << read.error().message;
  EXPECT_EQ(json(back), json(value));
  return json(value);
}

TEST(WellKnownTypes, DurationsComeFromChronoAndGoBack) {
  static_assert(parley::duration(-1500ms) == parley::duration(-1, -500'000'000));
  static_assert(parley::duration(90min).seconds == 5400);
  static_assert(*parley::duration(1ns).to_chrono() == 1ns);
  static_assert(parley::duration(std::chrono::nanoseconds::min()).to_chrono() == std::chrono::nanoseconds::min());
  static_assert(parley::duration(std::chrono::nanoseconds::max()).to_chrono() == std::chrono::nanoseconds::max());
  static_assert(!parley::duration(10'000'000'000, 0).to_chrono());
  static_assert(!parley::duration(-10'000'000'000, 0).to_chrono());
}

TEST(WellKnownTypes, TimestampsComeFromTheSystemClockAndGoBack) {
  const std::chrono::sys_time<std::chrono::nanoseconds> before_1970(-1ns);
  EXPECT_EQ(parley::timestamp(before_1970), parley::timestamp(-1, 999'999'999));
  EXPECT_EQ(parley::timestamp(before_1970).to_chrono(), before_1970);
  const std::chrono::sys_time<std::chrono::nanoseconds> first(std::chrono::nanoseconds::min());
  EXPECT_EQ(parley::timestamp(first).to_chrono(), first);
  EXPECT_EQ(parley::timestamp(253'402'300'799, 0).to_chrono(), std::nullopt);
  const auto now = std::chrono::system_clock::now();
  EXPECT_EQ(parley::timestamp(now).to_chrono(), now);
}

TEST(WellKnownTypes, TimestampsAreRfc3339) {
  for (const char* text : {"1970-01-01T00:00:00Z", "2024-02-29T23:59:59.100Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z",
                           "2000-02-29T00:00:00.000001Z", "1969-12-31T23:59:59.999999999Z"})
    EXPECT_EQ(again<parley::timestamp>("\"" + std::string(text) + "\""), "\"" + std::string(text) + "\"");
  EXPECT_EQ(again<parley::timestamp>("\"2024-01-01T00:00:00+08:30\""), "\"2023-12-31T15:30:00Z\"");
  EXPECT_EQ(again<parley::timestamp>("\"2024-01-01T00:00:00.1200-00:01\""), "\"2024-01-01T00:01:00.120Z\"");
}

TEST(WellKnownTypes, RefusesWhatIsNoTime) {
  for (const char* text : {"",
                           "2024-01-01",
                           "2024-01-01T00:00:00",
                           "2024-01-01t00:00:00Z",
                           "2024-01-01T00:00:00z",
                           "2023-02-29T00:00:00Z",
                           "1900-02-29T00:00:00Z",
                           "2024-13-01T00:00:00Z",
                           "2024-00-01T00:00:00Z",
                           "2024-01-32T00:00:00Z",
                           "2024-01-00T00:00:00Z",
                           "2024-01-01T24:00:00Z",
                           "2024-01-01T00:60:00Z",
                           "2024-01-01T00:00:60Z",
                           "2024-01-01T00:00:00.Z",
                           "2024-01-01T00:00:00.1234567890Z",
                           "2024-01-01T00:00:00+0830",
                           "2024-01-01T00:00:00+24:00",
                           "0000-01-01T00:00:00Z",
                           "0001-01-01T00:00:00+00:01",
                           "9999-12-31T23:59:59-00:01",
                           "2024-1-1T0:0:0Z",
                           "2024-01-01T00:00:00Z ",
                           " 2024-01-01T00:00:00Z",
                           "2024-01-01 00:00:00Z",
                           "+024-01-01T00:00:00Z",
                           "10000-01-01T00:00:00Z"})
    EXPECT_EQ(again<parley::timestamp>("\"" + std::string(text) + "\""), "$: not a time as RFC 3339 has it") << text;
}

TEST(WellKnownTypes, DurationsAreSecondsWithAnS) {
  for (const char* text : {"0s", "1s", "-1s", "1.500s", "-0.500s", "0.000001s", "-0.000000001s", "315576000000s", "-315576000000s"})
    EXPECT_EQ(again<parley::duration>("\"" + std::string(text) + "\""), "\"" + std::string(text) + "\"");
  EXPECT_EQ(again<parley::duration>("\"01.5s\""), "\"1.500s\"");
  for (const char* text :
       {"", "s", "1", "1.s", ".5s", "+1s", "1.0000000001s", "315576000001s", "315576000000.1s", "1e3s", " 1s", "1 s", "1S"})
    EXPECT_EQ(again<parley::duration>("\"" + std::string(text) + "\""), "$: not a number of seconds like 1.5s") << text;
}

// The error of each writer, which must be the same in both formats. Nothing is appended.
template <class T>
std::string refusal(const T& value) {
  std::string out = "before";
  const auto as_json = parley::write_json(value, out);
  const auto as_binary = parley::write_binary(value, out);
  EXPECT_EQ(as_json.has_value(), as_binary.has_value());
  if (as_json) return "";
  EXPECT_EQ(out, "before");
  EXPECT_EQ(as_json.error(), as_binary.error());
  EXPECT_EQ(as_json.error().code, parley::errc::bad_payload);
  return as_json.error().message;
}

// A table from a foreign writer that checks nothing: seconds and nanos.
std::string time_table(std::int64_t seconds, std::int32_t nanos) {
  parley::flat::writer out;
  out.begin_table();
  out.add(0, seconds);
  out.add(1, nanos);
  std::string bytes;
  out.finish(out.end_table(), bytes);
  return bytes;
}

template <class T>
std::string read_refusal(const std::string& bytes) {
  T value{};
  const auto read = parley::read_binary(parley::as_bytes(bytes), value);
  return read ? "" : read.error().message;
}

template <class Time>
void expect_refused(std::int64_t seconds, std::int32_t nanos) {
  const std::string why = refusal(Time{seconds, nanos});
  EXPECT_NE(why, "") << seconds << ' ' << nanos;
  EXPECT_EQ(read_refusal<Time>(time_table(seconds, nanos)), why);
}
template <class Time>
void expect_written(std::int64_t seconds, std::int32_t nanos) {
  EXPECT_EQ(refusal(Time{seconds, nanos}), "") << seconds << ' ' << nanos;
  EXPECT_EQ(read_refusal<Time>(time_table(seconds, nanos)), "");
}

TEST(WellKnownTypes, ATimeOutsideOfWhatJsonCarriesIsRefusedInBothFormats) {
  using parley::timestamp;
  constexpr auto least = std::numeric_limits<std::int64_t>::min();
  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  expect_written<timestamp>(-62'135'596'800, 0);
  expect_written<timestamp>(253'402'300'799, 999'999'999);
  expect_refused<timestamp>(-62'135'596'801, 999'999'999);
  expect_refused<timestamp>(253'402'300'800, 0);
  expect_refused<timestamp>(5, -1);
  expect_refused<timestamp>(5, 1'000'000'000);
  expect_refused<timestamp>(least, 0);
  expect_refused<timestamp>(most, 0);
}

TEST(WellKnownTypes, ADurationOutsideOfWhatJsonCarriesIsRefusedInBothFormats) {
  using parley::duration;
  expect_written<duration>(315'576'000'000, 0);
  expect_written<duration>(-315'576'000'000, 0);
  expect_written<duration>(315'575'999'999, 999'999'999);
  expect_written<duration>(0, -5);
  expect_written<duration>(-1, -5);
  expect_refused<duration>(315'576'000'000, 1);
  expect_refused<duration>(-315'576'000'000, -1);
  expect_refused<duration>(315'576'000'001, 0);
  expect_refused<duration>(1, -1);
  expect_refused<duration>(-1, 1);
  expect_refused<duration>(0, 1'000'000'000);
  expect_refused<duration>(std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int32_t>::min());
}

TEST(WellKnownTypes, AValueThatIsNoNumberOfJsonIsRefusedInBothFormats) {
  using limits = std::numeric_limits<double>;
  for (const double number : {limits::quiet_NaN(), limits::infinity(), -limits::infinity()}) {
    EXPECT_EQ(refusal(parley::value(number)), "$: NaN or infinity, which is not a JSON number");
    parley::list_value list;
    list.values = {1, number};
    EXPECT_EQ(refusal(list), "$[1]: NaN or infinity, which is not a JSON number");
    parley::structure object;
    object.fields = {{"a", 1}, {"b", std::move(list)}};
    EXPECT_EQ(refusal(object), "${1}[1]: NaN or infinity, which is not a JSON number");
    parley::flat::writer out;
    out.begin_table();
    out.add(1, number);
    out.add(0, std::uint8_t{1});
    std::string bytes;
    out.finish(out.end_table(), bytes);
    EXPECT_EQ(read_refusal<parley::value>(bytes), "$: NaN or infinity, which is not a JSON number");
  }
  EXPECT_EQ(refusal(limits::quiet_NaN()), "");  // DoubleValue has a text for this value
  EXPECT_EQ(refusal(parley::value()), "");
}

TEST(WellKnownTypes, APathThatDoesNotSurviveCamelCaseIsRefusedInBothFormats) {
  const auto mask = [](std::string path) { return parley::field_mask{.paths = {"fine", std::move(path)}}; };
  for (const char* path : {"a", "zip_code", "address.zip_code", "a1.b2", "_a", "line1"}) {
    EXPECT_EQ(refusal(mask(path)), "") << path;
    EXPECT_EQ(again<parley::field_mask>(json(mask(path))), json(mask(path)));
  }
  for (const char* path : {"", "address_line_1", "fooBar", "a__b", "a_", "a,b", "A", "a b", "\xC3\xA4"}) {
    EXPECT_EQ(refusal(mask(path)), "$: a path that lowerCamelCase cannot express") << path;
    parley::flat::writer out;
    const auto paths = parley::flat::write_list(out, std::vector<std::string>{path});
    out.begin_table();
    out.add(0, paths);
    std::string bytes;
    out.finish(out.end_table(), bytes);
    EXPECT_EQ(read_refusal<parley::field_mask>(bytes), "$: a path that lowerCamelCase cannot express") << path;
  }
}

TEST(WellKnownTypes, AKeyThatIsNotUtf8IsRefusedInBothFormats) {
  parley::structure object;
  object.fields = {{"\xFE", 1}, {"\xFF", 2}};
  EXPECT_EQ(refusal(object), "${0}: a key that is not UTF-8");
  EXPECT_EQ(json(std::string("\xFF")), "\"\xEF\xBF\xBD\"");
}

TEST(WellKnownTypes, AnAnyWithContentHasAType) {
  EXPECT_EQ(refusal(parley::any{}), "");
  EXPECT_EQ(refusal(parley::any{.content = {std::byte{1}}}), "$: an Any with content and without a type");
  EXPECT_EQ(refusal(parley::any{.type_url = "\xFF"}), "$: an Any whose type is not UTF-8");
  EXPECT_THROW(parley::pack(parley::timestamp{5, -1}), parley::call_failed);
}

// Printers write the nearest valid time, because they are for human readers.
TEST(WellKnownTypes, PrintersKnowNoRefusal) {
  std::ostringstream out;
  out << parley::timestamp(std::numeric_limits<std::int64_t>::max(), 5);
  EXPECT_EQ(out.str(), "9999-12-31T23:59:59.999999999Z");
}

TEST(WellKnownTypes, BareValuesArePayloads) {
  EXPECT_EQ(again<double>("1.5"), "1.5");
  EXPECT_EQ(again<double>("-0"), "-0");
  EXPECT_EQ(again<float>("\"NaN\""), "\"NaN\"");
  EXPECT_EQ(again<std::int64_t>("5"), "\"5\"");
  EXPECT_EQ(again<std::uint64_t>("\"5\""), "\"5\"");
  EXPECT_EQ(again<std::int32_t>("-5"), "-5");
  EXPECT_EQ(again<std::uint32_t>("5"), "5");
  EXPECT_EQ(again<bool>("true"), "true");
  EXPECT_EQ(again<std::string>("\"\""), "\"\"");
  EXPECT_EQ(again<std::string>("\"a\\u0041\""), "\"aA\"");
  EXPECT_EQ(again<std::vector<std::byte>>("\"_-8\""), "\"/+8=\"");
  EXPECT_EQ(again<bool>("null"), "$: not true or false");
  EXPECT_EQ(again<bool>("1"), "$: not true or false");
}

TEST(WellKnownTypes, AnyJsonIsAValue) {
  for (const char* text : {"null", "true", "1.5", "\"a\"", "[]", "{}", R"([null,[1,"x"],{"a":{"b":false}}])", R"({"":[],"a":null})"})
    EXPECT_EQ(again<parley::value>(text), text);
  EXPECT_EQ(again<parley::structure>(R"({"b":1,"a":[2]})"), R"({"a":[2],"b":1})");
  EXPECT_EQ(again<parley::list_value>("[1,null]"), "[1,null]");
  EXPECT_EQ(again<parley::structure>("[]"), "$: not an object");
  EXPECT_EQ(again<parley::value>(R"({"a":1,"a":2})"), "${1}: duplicate key");
}

TEST(WellKnownTypes, ValuesAreMadeFromWhatTheyHold) {
  const parley::value object =
      parley::structure{{{"a", 1}, {"b", true}, {"c", "x"}, {"d", parley::null_value()}, {"e", parley::list_value{{1u}}}}};
  EXPECT_EQ(json(object), R"({"a":1,"b":true,"c":"x","d":null,"e":[1]})");
  EXPECT_EQ(object, parley::value(object));
  EXPECT_NE(object, parley::value());
  EXPECT_TRUE(parley::value().is_null());
}

TEST(WellKnownTypes, FieldMasksAreCamelCasePaths) {
  EXPECT_EQ(again<parley::field_mask>("\"\""), "\"\"");
  EXPECT_EQ(again<parley::field_mask>("\"a,fooBar.bazQux\""), "\"a,fooBar.bazQux\"");
  parley::field_mask mask;
  ASSERT_TRUE(parley::read_json(R"("a,fooBar.b1")", mask));
  EXPECT_EQ(mask.paths, (std::vector<std::string>{"a", "foo_bar.b1"}));
  for (const char* text : {"foo_bar", ",", "a,", ",a", "a,,b", "a b", "a[", "\xC3\xA4"})
    EXPECT_EQ(again<parley::field_mask>("\"" + std::string(text) + "\""), "$: not paths in lowerCamelCase") << text;
}

TEST(WellKnownTypes, EmptyIsAnObjectAndZeroBytes) {
  EXPECT_EQ(again<parley::empty>("{}"), "{}");
  EXPECT_EQ(again<parley::empty>("{\"a\":1}"), "${0}: a member that is not in the schema");
  EXPECT_EQ(again<parley::empty>("{\"a\":1}", {.ignore_unknown = true}), "{}");
  std::string binary;
  parley::write_binary(parley::empty(), binary);
  EXPECT_EQ(binary, "");
}

TEST(WellKnownTypes, AnyHoldsWhatWasPacked) {
  const parley::any packed = parley::pack(parley::duration(1500ms));
  EXPECT_EQ(packed.type_url, "type.googleapis.com/google.protobuf.Duration");
  EXPECT_TRUE(parley::holds<parley::duration>(packed));
  EXPECT_EQ(*parley::unpack<parley::duration>(packed), parley::duration(1500ms));
  EXPECT_EQ(parley::unpack<parley::timestamp>(packed).error().code, parley::errc::invalid);
  EXPECT_EQ(json(packed), R"({"@type":"type.googleapis.com/google.protobuf.Duration","value":"1.500s"})");
}

TEST(WellKnownTypes, AnyReadsItsTypeWhereverItStands) {
  const char* text = R"({"value":[1,null],"@type":"type.googleapis.com/google.protobuf.ListValue"})";
  EXPECT_EQ(again<parley::any>(text), R"({"@type":"type.googleapis.com/google.protobuf.ListValue","value":[1,null]})");
  EXPECT_EQ(again<parley::any>("{}"), "{}");
  EXPECT_EQ(again<parley::any>(R"({"@type":"type.googleapis.com/google.protobuf.Empty"})"),
            R"({"@type":"type.googleapis.com/google.protobuf.Empty"})");
  const char* nested = R"({"@type":"x/google.protobuf.Any","value":{"@type":"x/google.protobuf.BoolValue","value":true}})";
  EXPECT_EQ(again<parley::any>(nested), nested);
}

TEST(WellKnownTypes, AnyRefusesWhatItDoesNotUnderstand) {
  EXPECT_EQ(again<parley::any>(R"({"@type":"x/unknown.Type"})"), "$: an Any of an unknown type");
  EXPECT_EQ(again<parley::any>(R"({"value":1})"), "$: no @type");
  EXPECT_EQ(again<parley::any>(R"({"@type":""})"), "$: no @type");
  EXPECT_EQ(again<parley::any>(R"({"@type":"x/google.protobuf.BoolValue"})"), "$: no value");
  EXPECT_EQ(again<parley::any>(R"({"@type":"x/google.protobuf.BoolValue","value":1})"), "$: not true or false");
  EXPECT_EQ(again<parley::any>(R"({"@type":"x/google.protobuf.BoolValue","value":true,"more":1})"),
            "$: a member other than `@type` and `value`");
  EXPECT_EQ(again<parley::any>(R"({"@type":"x/google.protobuf.Empty","@type":"x/google.protobuf.Empty"})"), "$: duplicate member `@type`");
}

TEST(WellKnownTypes, AnyOfAnUnknownTypeStaysBinary) {
  parley::any unknown;
  unknown.type_url = "x/unknown.Type";
  unknown.content = {std::byte{1}, std::byte{2}};
  std::string binary;
  parley::write_binary(unknown, binary);
  parley::any back;
  ASSERT_TRUE(parley::read_binary(parley::as_bytes(binary), back));
  EXPECT_EQ(back, unknown);
  std::string out;
  EXPECT_EQ(parley::write_json(back, out).error().message, "$: an Any of an unknown type");
  EXPECT_EQ(out, "");
  // A relay that must convert the format refuses the value.
  const auto transcoded = parley::codec_for<parley::any>.transcode(parley::format::binary, parley::as_bytes(binary), out, {});
  EXPECT_EQ(transcoded.error().message, "$: an Any of an unknown type");
}

TEST(WellKnownTypes, AnyInAnyEndsAtTheDepthLimit) {
  parley::any packed = parley::pack(parley::duration(1s));
  for (int i = 0; i < 40; ++i) packed = parley::pack(packed);
  const std::string text = json(packed);
  EXPECT_EQ(again<parley::any>(text), text);
  for (int i = 0; i < 40; ++i) packed = parley::pack(packed);
  std::string out;
  EXPECT_EQ(parley::write_json(packed, out).error().code, parley::errc::bad_payload);
}

TEST(WellKnownTypes, PrintForPeople) {
  std::ostringstream out;
  out << parley::timestamp(0, 0) << ' ' << parley::duration(1500ms) << ' ' << parley::empty() << ' ' << parley::field_mask{{"a_b"}} << ' '
      << parley::value(parley::structure{{{"a", parley::list_value{{1, "x", true}}}}}) << ' ' << parley::pack(true);
  EXPECT_EQ(out.str(),
            "1970-01-01T00:00:00Z 1.500s {} [\"a_b\"] {\"a\": [1, \"x\", true]} "
            "type.googleapis.com/google.protobuf.BoolValue <24 bytes>");
}

}  // namespace
