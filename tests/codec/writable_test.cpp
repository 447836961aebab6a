// Whatever a writer writes, a reader of either format takes: in messages of every shape, with the path of what cannot be written.
#include "all_types.codec.hpp"
#include "sparse.codec.hpp"

#include "parley/wire/any.hpp"
#include "parley/wire/limits.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace {

using namespace all::types::v1;
constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr parley::timestamp never{0, -1};
constexpr const char* no_time = "not a time of the years 1 to 9999, with nanos from 0 to 999,999,999";
constexpr const char* no_number = "NaN or infinity, which JSON has no number for";

// What the writers of both formats say.
template <class M>
std::string refusal(const M& m) {
  std::string out;
  const auto json = write_json(m, out);
  const auto binary = write_binary(m, out);
  EXPECT_EQ(json, binary);
  EXPECT_EQ(out.empty(), !json);
  return json ? "" : json.error().message;
}

TEST(Writable, SaysWhereTheFaultIs) {
  EXPECT_EQ(refusal(WellKnown{.time = never}), std::string("$.time: ") + no_time);
  EXPECT_EQ(refusal(WellKnown{.times = {{}, never}}), std::string("$.times[1]: ") + no_time);
  EXPECT_EQ(refusal(WellKnown{.value = nan}), std::string("$.value: ") + no_number);
  EXPECT_EQ(refusal(WellKnown{.values = {1, nan}}), std::string("$.values[1]: ") + no_number);
  Maps maps;
  maps.values = {{"a", 1}, {"b", nan}};
  EXPECT_EQ(refusal(maps), std::string("$.values{1}: ") + no_number);
  Maps outer;
  outer.by_string["inner"] = maps;
  EXPECT_EQ(refusal(outer), std::string("$.byString{0}.values{1}: ") + no_number);
}

TEST(Writable, TellsTheFirstFaultAlone) {
  EXPECT_EQ(refusal(WellKnown{.time = never, .value = nan, .times = {never}, .values = {nan}}), std::string("$.time: ") + no_time);
}

TEST(Writable, DoublesHaveATextForEverything) {
  EXPECT_EQ(refusal(WellKnown{.a_double = nan, .doubles = {nan}}), "");
  EXPECT_EQ(refusal(Scalars{.a_double = nan}), "");
}

TEST(Writable, AnAnyOfAnUnknownTypeHasNoJson) {
  const Anything m{.anys = {parley::any{.type_url = "x/unknown.Type", .content = {std::byte{1}}}}};
  std::string out;
  EXPECT_EQ(write_json(m, out).error().message, "$.anys[0]: an Any of a type that is not known here");
  EXPECT_EQ(out, "");
  EXPECT_TRUE(write_binary(m, out));
}

// A message that a reader would refuse for its memory is refused where it is made, at the same boundary.
TEST(Writable, CountsWhatAReaderBuilds) {
  using sparse::v1::Report;
  Report report;
  report.readings.resize(parley::wire::least_memory / sizeof(sparse::v1::Reading));
  EXPECT_EQ(refusal(report), "");
  report.readings.emplace_back();
  EXPECT_EQ(refusal(report), "$: would take too much memory");
}

}  // namespace
