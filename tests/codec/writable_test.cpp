// A reader of either format accepts everything that a writer writes, in messages of every shape. If
// something cannot be written, the error contains its path.
#include "all_types.codec.hpp"
#include "sparse.codec.hpp"

#include "parley/wire/any.hpp"
#include "parley/wire/limits.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

namespace {

using namespace all::types::v1;
constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr parley::timestamp never{0, -1};
constexpr const char* no_time = "not a time of the years 1 to 9999, with nanos from 0 to 999,999,999";
constexpr const char* no_number = "NaN or infinity, which is not a JSON number";

// The result of the writers of both formats.
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
  EXPECT_EQ(write_json(m, out).error().message, "$.anys[0]: an Any of an unknown type");
  EXPECT_EQ(out, "");
  EXPECT_TRUE(write_binary(m, out));
}

// Trees of messages in single members, lists and maps. Each call of `level` adds a level around the
// tree.
template <class Level>
Tree nested(std::size_t times, Level level) {
  Tree tree;
  for (std::size_t i = 0; i < times; ++i) tree = level(std::move(tree));
  return tree;
}
Tree in_member(Tree inner) { return {.left = std::move(inner)}; }
Tree in_list(Tree inner) {
  Tree outer;
  outer.children.push_back(std::move(inner));
  return outer;
}
Tree in_map(Tree inner) {
  Tree outer;
  outer.named["x"] = std::move(inner);
  return outer;
}
Tree in_oneof(Tree inner) {
  Leaf leaf;
  leaf.pick = Leaf::one{std::move(inner)};
  return {.leaf = std::move(leaf)};
}

// A reader accepts what a writer writes. What a writer refuses, a reader with a larger depth would
// accept.
template <class M>
std::string deepest(const M& m) {
  const std::string refused = refusal(m);
  if (!refused.empty()) return refused;
  std::string json, binary;
  EXPECT_TRUE(write_json(m, json));
  EXPECT_TRUE(write_binary(m, binary));
  M back;
  EXPECT_TRUE(read_json(json, back)) << json;
  EXPECT_EQ(back, m);
  EXPECT_TRUE(read_binary(parley::as_bytes(binary), back));
  EXPECT_EQ(back, m);
  return "";
}
std::string repeated(std::string_view path, std::size_t times) {
  std::string all = "$";
  while (times-- > 0) all += path;
  return all + ": nested too deeply";
}

TEST(Writable, IsNotDeeperThanEveryReaderGoes) {
  constexpr std::size_t most = parley::wire::default_max_depth;
  EXPECT_EQ(deepest(nested(most - 1, in_member)), "");
  EXPECT_EQ(deepest(nested(most, in_member)), repeated(".left", most));
  EXPECT_EQ(deepest(nested((most - 1) / 2, in_list)), "");
  EXPECT_EQ(deepest(nested(most / 2, in_list)), repeated(".children[0]", most / 2));
  EXPECT_EQ(deepest(nested(most / 2, in_map)), repeated(".named{0}", most / 2));
  EXPECT_EQ(deepest(nested((most - 1) / 2, in_oneof)), "");
  EXPECT_EQ(deepest(nested(most / 2, in_oneof)), repeated(".leaf.one", most / 2));
  // Writing stops at the limit, however deep the value is.
  EXPECT_EQ(refusal(nested(1'000, in_list)), repeated(".children[0]", most / 2));
}

TEST(Writable, CountsTheLevelsAroundAndBelowWhatNests) {
  constexpr std::size_t most = parley::wire::default_max_depth;
  const auto around = [](std::size_t times) {  // in a message that is not part of a cycle
    Everything m;
    m.tree = nested(times, in_member);
    return m;
  };
  EXPECT_EQ(deepest(around(most - 2)), "");
  EXPECT_EQ(deepest(around(most - 1)).substr(0, 11), "$.tree.left");
  const auto below = [](std::size_t times) {  // with a list of numbers at the end
    Branch branch;
    branch.numbers = {1};
    for (std::size_t i = 0; i < times; ++i) {
      Branch outer;
      outer.branch = std::move(branch);
      branch = std::move(outer);
    }
    return branch;
  };
  EXPECT_EQ(deepest(below(most - 2)), "");
  EXPECT_EQ(deepest(below(most - 1)).substr(0, 15), "$.branch.branch");
  EXPECT_NE(deepest(below(most - 1)).find(".numbers: nested too deeply"), std::string::npos);
}

TEST(Writable, ValuesNestAsMessagesDo) {
  constexpr std::size_t most = parley::wire::default_max_depth;
  const auto lists = [](std::size_t times) {
    parley::value v = 1.0;
    for (std::size_t i = 0; i < times; ++i) v = parley::list_value{{std::move(v)}};
    return v;
  };
  const auto objects = [](std::size_t times, parley::value v) {
    for (std::size_t i = 0; i < times; ++i) {
      parley::structure around;
      around.fields["x"] = std::move(v);
      v = std::move(around);
    }
    return v;
  };
  EXPECT_EQ(deepest(WellKnown{.value = lists(most - 1)}), "");
  EXPECT_EQ(deepest(WellKnown{.value = lists(most)}).substr(0, 10), "$.value[0]");
  EXPECT_EQ(deepest(WellKnown{.value = objects(most - 1, 1.0)}), "");
  EXPECT_EQ(deepest(WellKnown{.value = objects(most, 1.0)}).substr(0, 10), "$.value{0}");
  EXPECT_EQ(deepest(WellKnown{.value = objects(most - 2, parley::list_value{})}), "");
  EXPECT_NE(deepest(WellKnown{.value = objects(most - 1, parley::list_value{})}), "") << "an empty list is one, too";
  EXPECT_NE(deepest(WellKnown{.value = objects(most - 1, parley::structure{})}), "");
}

// A message that a reader would refuse because of its memory is refused by the writer, at the same
// limit.
TEST(Writable, CountsWhatAReaderBuilds) {
  using sparse::v1::Report;
  Report report;
  report.readings.resize(parley::wire::least_memory / sizeof(sparse::v1::Reading));
  EXPECT_EQ(refusal(report), "");
  report.readings.emplace_back();
  EXPECT_EQ(refusal(report), "$: would take too much memory");
}

}  // namespace
