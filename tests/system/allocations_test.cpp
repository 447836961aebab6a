// After a connection has warmed up, a call allocates nothing at the server except for the strings
// in its payload.
#include "counted_memory.hpp"
#include "system/lone_server.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace steady::v1 {
namespace {

class Call : public testing::TestWithParam<parley::format> {
 protected:
  void SetUp() override { server_.connect(GetParam()); }

  // The allocations of one call after others like it. All frames are made beforehand.
  template <class Message>
  void expect_none(const parley::method& m, const Message& message) {
    constexpr std::size_t warm_up = 300;
    constexpr std::size_t counted = 1000;
    std::vector<std::string> frames;
    for (std::size_t i = 0; i < warm_up + counted; ++i) frames.push_back(server_.call_frame(m, next_id_++, message));
    const std::size_t answered = server_.answers().messages;
    for (std::size_t i = 0; i < warm_up; ++i) server_.deliver(frames[i]);
    const std::size_t before = allocations();
    for (std::size_t i = warm_up; i < frames.size(); ++i) server_.deliver(frames[i]);
    const std::size_t taken = allocations() - before;
    EXPECT_EQ(taken, 0u) << "in " << counted << " calls";
    EXPECT_EQ(server_.answers().messages - answered, frames.size());
    // The last frame is the reply to the last call.
    parley::wire::envelope e;
    ASSERT_FALSE(server_.format().read(parley::as_bytes(server_.answers().last), parley::side::client, {}, e));
    EXPECT_EQ(e.kind, parley::wire::kind::reply);
    EXPECT_EQ(e.re, next_id_ - 1);
  }

  lone_server server_;
  std::uint64_t next_id_ = 1;
};

TEST_P(Call, OfNumbersTakesNoMemory) {
  expect_none(SteadyMethods::move, Point{.a = 1, .b = 2, .c = 3, .d = ~0ull, .e = 0.5, .f = -1e300, .g = 3.25, .h = 4});
}

TEST_P(Call, OfAListOfNumbersTakesNoMemory) { expect_none(SteadyMethods::add, Numbers{.numbers = std::vector<double>(100, 1.5)}); }

TEST_P(Call, WithoutAPayloadTakesNoMemory) { expect_none(SteadyMethods::touch, parley::empty{}); }

TEST_P(Call, OfTextsReusesTheirMemory) {
  expect_none(SteadyMethods::measure, Page{.title = "longer than what a string keeps inside itself",
                                           .content = std::vector<std::byte>(5000, std::byte{7}),
                                           .lines = std::vector<std::string>(20, std::string(70, 'x'))});
}

// The decoded payload is kept for the next call of the method, but only up to a limit.
TEST_P(Call, WithALargePayloadGivesItsMemoryBack) {
  server_.deliver(server_.call_frame(SteadyMethods::measure, next_id_++, Page{}));
  const std::size_t before = held_memory();
  server_.deliver(server_.call_frame(SteadyMethods::measure, next_id_++, Page{.lines = std::vector<std::string>(15'000)}));
  EXPECT_LT(held_memory(), before + 160 * 1024);
}

// One large line, each time in another field. Without a limit, every field would keep its memory.
TEST_P(Call, WhoseLargePartMovesDoesNotFillTheServer) {
  server_.deliver(server_.call_frame(SteadyMethods::measure, next_id_++, Page{}));
  const std::size_t before = held_memory();
  for (std::size_t at = 0; at < 100; ++at) {
    Page page{.lines = std::vector<std::string>(100)};
    page.lines[at].assign(50'000, 'x');
    server_.deliver(server_.call_frame(SteadyMethods::measure, next_id_++, page));
    EXPECT_LT(held_memory(), before + 256 * 1024) << at;
  }
}

// A payload that is refused after half of it was decoded.
TEST_P(Call, ThatCannotBeReadKeepsNothing) {
  if (GetParam() == parley::format::binary) return;  // a truncated binary buffer is refused before decoding begins
  server_.deliver(server_.call_frame(SteadyMethods::measure, next_id_++, Page{}));
  const std::size_t before = held_memory();
  std::string frame = server_.call_frame(SteadyMethods::measure, next_id_++, Page{.lines = std::vector<std::string>(15'000)});
  frame.insert(frame.rfind(']'), ",5");
  server_.deliver(frame);
  EXPECT_LT(held_memory(), before + 160 * 1024);
}

// The frame is made once. The session of each receiver only passes it on.
TEST_P(Call, OrEventThatIsSharedTakesNoMemoryForEachReceiver) {
  for (const std::size_t size : {std::size_t{64}, std::size_t{60'000}}) {
    const parley::buffer frame(std::string(size, 'x'));
    parley::session::peer_session& receiver = server_.end().session();
    EXPECT_TRUE(receiver.send(frame));
    const std::size_t before = allocations();
    for (int i = 0; i < 1000; ++i) receiver.send(frame);
    EXPECT_EQ(allocations() - before, 0u) << size;
  }
}

INSTANTIATE_TEST_SUITE_P(In, Call, testing::Values(parley::format::binary, parley::format::json),
                         [](const auto& instance) { return std::string(instance.param == parley::format::binary ? "binary" : "json"); });

}  // namespace
}  // namespace steady::v1
