// Once an envelope and a string have been used, frames are written and read without an allocation.
#include "counted_memory.hpp"
#include "frames.hpp"

#include <gtest/gtest.h>

namespace {

using namespace parley;

const wire::envelope_format& format_named(const std::string& name) {
  return name == "json" ? wire::json_format() : name == "fbs" ? wire::fbs_format() : wire::plain_format();
}

class Frames : public testing::TestWithParam<std::string> {};

TEST_P(Frames, TakeNoMemoryInTheSteadyState) {
  const wire::envelope_format& format = format_named(GetParam());
  for (const frames::record& r : frames::read_records("frames." + GetParam() + ".txt")) {
    // These members are rare. They are kept in vectors of strings, which release their memory.
    const auto has = [&](const char* member) { return r["says"].find(member) != std::string::npos; };
    if (has(" to=[") || has(" meta.") || has(" slot=")) continue;
    // An error about an event contains its target, which is longer than a short string and is
    // released with the error.
    if (has("kind=error") && has(" to")) continue;
    const std::string frame = GetParam() == "fbs" ? frames::from_hex(r["frame"]) : r["frame"];
    const side writer = r["from"] == "client" ? side::client : side::server;
    const side reader = writer == side::client ? side::server : side::client;
    const wire::read_limits limits = frames::every_feature();
    wire::envelope e;
    std::string out;
    out.reserve(8 * frame.size() + 1024);
    for (int round = 0; round < 3; ++round) {
      const std::size_t before = allocations();
      out.clear();
      const bool sound = !format.read(as_bytes(frame), reader, limits, e);
      const bool written = format.write(e, writer, e.payload, out);
      const std::size_t taken = allocations() - before;
      ASSERT_TRUE(sound && written) << r["name"];
      EXPECT_TRUE(round == 0 || taken == 0) << r["name"] << ": " << taken;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Of, Frames, testing::Values("json", "fbs", "plain"), [](const auto& instance) { return instance.param; });

}  // namespace
