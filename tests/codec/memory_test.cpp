// The memory budget of the decoders. One rule applies to JSON and binary
// (schema/parley/envelope.fbs, section 7).
#include "sparse.codec.hpp"

#include "parley/wire/any.hpp"
#include "parley/wire/flat_values.hpp"
#include "parley/wire/json_values.hpp"
#include "parley/wire/limits.hpp"

#include <gtest/gtest.h>

#include <string>

namespace {

using namespace sparse::v1;
using parley::format;
using parley::wire::memory_budget;

constexpr const char* refused = "would take too much memory";
constexpr format formats[] = {format::json, format::binary};
const parley::codec& codec = parley::codec_for<Report>;

// Writes without the check of the generated writer, which refuses what its own reader would refuse
// (writable_test.cpp).
std::string written(format f, const Report& report) {
  std::string out;
  if (f == format::json) {
    parley::json::writer json(out);
    write_json(json, report);
  } else {
    parley::flat::writer buffer;
    buffer.finish(write_binary(buffer, report), out);
  }
  return out;
}

// Returns "" or the reader's error.
std::string read(format f, std::string_view content) {
  Report back;
  const auto done = codec.read(f, parley::as_bytes(content), &back, {});
  return done ? "" : done.error().message;
}

std::string empty_records(std::size_t count) {
  std::string text = R"({"readings":[)";
  for (std::size_t i = 0; i < count; ++i) text += i == 0 ? "{}" : ",{}";
  return text + "]}";
}

// Records with one reading each, as a sensor hub sends them.
Report honest(std::size_t count) {
  Report report;
  report.readings.resize(count);
  for (std::size_t i = 0; i < count; ++i) report.readings[i].v200 = static_cast<double>(i) + 0.5;
  return report;
}

TEST(DecodeMemory, SparseRecordsPassInBothFormats) {
  const Report report = honest(400);
  EXPECT_LT(written(format::binary, report).size(), 9000u);
  for (const format f : formats) EXPECT_EQ(read(f, written(f, report)), "");
}

TEST(DecodeMemory, AMessageOfTheUsualLimitPassesIfItIsHonest) {
  // As many as fit into 64 KiB of binary: each takes about 20 bytes and becomes 3,200 in memory.
  const Report report = honest(3200);
  EXPECT_LT(written(format::binary, report).size(), 65'536u);
  for (const format f : formats) EXPECT_EQ(read(f, written(f, report)), "");
}

TEST(DecodeMemory, ManyEmptyRecordsAreRefused) {
  const std::string text = empty_records(21'000);
  EXPECT_LT(text.size(), 64'000u);
  EXPECT_EQ(read(format::json, text), std::string("$.readings: ") + refused);
  Report report;
  report.readings.resize(8000);
  const std::string binary = written(format::binary, report);
  EXPECT_LT(binary.size(), 65'000u);
  EXPECT_EQ(read(format::binary, binary), std::string("$.readings: ") + refused);
}

// In both formats the same element, entry or link is the first that exceeds the budget.
TEST(DecodeMemory, HasOneBoundaryForBothFormats) {
  const std::size_t budget = parley::wire::least_memory;
  const auto expect_boundary = [](Report& fits, auto add, const std::string& where) {
    for (const format f : formats) EXPECT_EQ(read(f, written(f, fits)), "") << where;
    add(fits);
    for (const format f : formats) EXPECT_EQ(read(f, written(f, fits)), "$." + where + ": " + refused);
  };
  {
    Report report;
    report.readings.resize(budget / sizeof(Reading));
    expect_boundary(
        report, [](Report& r) { r.readings.emplace_back(); }, "readings");
  }
  {
    constexpr std::size_t entry = sizeof(std::pair<const std::int32_t, Reading>) + 4 * sizeof(void*);
    Report report;
    for (std::size_t i = 0; i < budget / entry; ++i) report.by_number.try_emplace(static_cast<std::int32_t>(i));
    Report more = report;
    more.by_number.try_emplace(-1);
    for (const format f : formats) {
      EXPECT_EQ(read(f, written(f, report)), "");
      EXPECT_NE(read(f, written(f, more)).find(refused), std::string::npos);
    }
  }
  {
    // A list whose elements each hold one more on the heap.
    Report report;
    report.chains.resize(budget / (2 * sizeof(Chain)));
    for (Chain& c : report.chains) c.next = Chain{};
    report.chains.pop_back();
    for (const format f : formats) EXPECT_EQ(read(f, written(f, report)), "");
    report.chains.resize(report.chains.size() + 2);
    report.chains.back().next = report.chains[report.chains.size() - 2].next = Chain{};
    for (const format f : formats) EXPECT_NE(read(f, written(f, report)).find(refused), std::string::npos);
  }
}

TEST(DecodeMemory, GrowsWithTheMessage) {
  EXPECT_EQ(memory_budget(0), parley::wire::least_memory);
  EXPECT_EQ(memory_budget(parley::wire::least_memory), parley::wire::least_memory * 32);
  // Padding counts as part of the message, because its bytes were sent.
  const std::size_t count = parley::wire::least_memory / sizeof(Reading) + 1;
  std::string text = empty_records(count);
  EXPECT_NE(read(format::json, text), "");
  text.append(count * sizeof(Reading) / 32 - text.size() + 1, ' ');
  EXPECT_EQ(read(format::json, text), "");
}

TEST(DecodeMemory, NeverStopsPlainJson) {
  // The densest possible JSON: every two bytes become a parley::value.
  std::string text = R"({"anything":[0)";
  for (std::size_t i = 0; i < 600'000; ++i) text += ",0";
  EXPECT_EQ(read(format::json, text + "]}"), "");
  text = R"({"words":[""])";
  text.pop_back();
  for (std::size_t i = 0; i < 600'000; ++i) text += R"(,"")";
  EXPECT_EQ(read(format::json, text + "]}"), "");
}

TEST(DecodeMemory, IsSharedWithWhatAnAnyHolds) {
  // Half of the budget outside the Any and three quarters inside.
  parley::any_types types;
  types.add<Report>();
  const std::size_t all = parley::wire::least_memory / sizeof(Reading);
  std::string text = empty_records(all / 2);
  text.pop_back();
  text += R"(,"packed":{"@type":"x/sparse.v1.Report",)" + empty_records(all * 3 / 4).substr(1) + "}";
  Report back;
  const auto done = codec.read(format::json, parley::as_bytes(text), &back, {.types = &types});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().message, std::string("$.packed.readings: ") + refused);
}

// The reader counts newly allocated memory, so that a value that is reused can be released before
// it holds much.
TEST(DecodeMemory, CountsWhatIsTakenAnew) {
  for (const format f : formats) {
    Report report;
    report.words.assign(20, std::string(70, 'x'));
    report.readings.resize(10);
    const std::string content = written(f, report);
    Report back;
    std::size_t grown = 0;
    ASSERT_TRUE(codec.read(f, parley::as_bytes(content), &back, {.grown = &grown}));
    EXPECT_GE(grown, 20 * (sizeof(std::string) + 70) + 10 * sizeof(Reading));
    EXPECT_LE(grown, 2 * (20 * (sizeof(std::string) + 70) + 10 * sizeof(Reading)));
    grown = 0;
    ASSERT_TRUE(codec.read(f, parley::as_bytes(content), &back, {.grown = &grown}));
    EXPECT_EQ(grown, 0u);
  }
}

// A large text that moves from field to field. Each message is small, but the reused value keeps
// the memory of all fields.
TEST(DecodeMemory, CountsARatchet) {
  for (const format f : formats) {
    Report back;
    std::size_t grown = 0;
    for (std::size_t at = 0; at < 20; ++at) {
      Report report;
      report.words.resize(20);
      report.words[at].assign(10'000, 'x');
      ASSERT_TRUE(codec.read(f, parley::as_bytes(written(f, report)), &back, {.grown = &grown}));
    }
    std::size_t held = 0;
    for (const std::string& word : back.words) held += word.capacity();
    EXPECT_GE(held, 200'000u);
    EXPECT_GE(grown, held);
  }
}

}  // namespace
