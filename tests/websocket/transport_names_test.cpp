// Servers that are reached by name: look-ups that do not end, and names with several addresses of
// which some do not answer.
#include "chosen_names.hpp"
#include "held_port.hpp"
#include "transport_support.hpp"

#include <gmock/gmock.h>

#include <sys/socket.h>

#include <filesystem>
#include <iterator>
#include <optional>

namespace parley::transport::testing {
namespace {

using ::testing::HasSubstr;

// A port that does not answer. Its queue is full, so the system drops further connection requests.
struct dead_port {
  explicit dead_port(asio::io_context& io, std::uint16_t port, const char* address = "127.0.0.2") : listening(io) {
    const tcp::endpoint at(asio::ip::make_address(address), port);
    listening.open(at.protocol());
    listening.set_option(tcp::acceptor::reuse_address(true));
    listening.bind(at);
    listening.listen(0);
    for (int i = 0; i < 8; ++i) {
      tcp::socket& one = waiting.emplace_back(io);
      one.open(at.protocol());
      one.native_non_blocking(true);
      ::connect(one.native_handle(), at.data(), static_cast<socklen_t>(at.size()));  // a call of Asio would wait for its end
    }
  }
  tcp::acceptor listening;
  std::vector<tcp::socket> waiting;
};

std::ptrdiff_t open_descriptors() {
  return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), std::filesystem::directory_iterator());
}

struct Names : ::testing::Test {
  std::shared_ptr<recorder> connect(connect_options options) {
    const auto end = std::make_shared<recorder>();
    abandon = dial(io.get_executor(), std::move(options), end);
    EXPECT_EQ(end->closed, 0) << "called back from inside the call";
    return end;
  }
  std::shared_ptr<recorder> connect(const std::string& host, std::uint16_t port) {
    connect_options options{.url = "ws://" + host + ":" + std::to_string(port) + "/ws"};
    options.limits.handshake = 60s;
    return connect(std::move(options));
  }

  asio::io_context io;
  std::function<void()> abandon;
};

TEST_F(Names, That_do_not_answer_hold_up_no_other) {
  served server(io);
  names().hold("slow.test");
  names().choose("quick.test", {"127.0.0.1"});
  const auto slow = connect("slow.test", 1);
  names().wait_until_begun("slow.test");
  const auto quick = connect("quick.test", server.door->port());
  ASSERT_TRUE(run_until(io, [&] { return quick->opened + quick->closed > 0; }));
  EXPECT_EQ(quick->opened, 1) << quick->how.message;
  EXPECT_EQ(slow->closed, 0);
  EXPECT_EQ(names().running("slow.test"), 1);
  names().release("slow.test");
  ASSERT_TRUE(run_until(io, [&] { return slow->closed == 1; }));
  EXPECT_EQ(slow->how.code, errc::disconnected);
  EXPECT_THAT(slow->how.message, HasSubstr("the server was not found: slow.test: "));
}

TEST_F(Names, Are_not_waited_for_by_a_loop_that_is_destroyed) {
  names().hold("slow.test");
  std::weak_ptr<recorder> kept;
  {
    asio::io_context loop;
    const auto end = std::make_shared<recorder>();
    kept = end;
    dial(loop.get_executor(), {.url = "ws://slow.test:1/"}, end);
    dial(loop.get_executor(), {.url = "ws://slow.test:1/"}, end);
    names().wait_until_begun("slow.test");
  }
  EXPECT_TRUE(kept.expired());
  EXPECT_EQ(names().running("slow.test"), 1);
  names().release("slow.test");
  names().wait_until_ended("slow.test");
}

TEST_F(Names, Keep_their_loop_running_until_they_are_answered_or_abandoned) {
  names().hold("slow.test");
  const auto end = connect({.url = "ws://slow.test:1/", .limits = {.handshake = std::chrono::milliseconds::max()}});
  names().wait_until_begun("slow.test");
  settle(io);
  EXPECT_FALSE(io.stopped());
  abandon();
  io.run();
  EXPECT_EQ(end->closed, 1);
  EXPECT_EQ(end->how.code, errc::cancelled);
  names().release("slow.test");
  names().wait_until_ended("slow.test");
}

TEST_F(Names, Are_given_up_when_connecting_may_last_no_longer) {
  names().hold("slow.test");
  const auto direct = connect({.url = "ws://slow.test:1/", .limits = {.handshake = 20ms}});
  const auto by_proxy = connect({.url = "ws://127.0.0.1:1/", .limits = {.handshake = 20ms}, .proxy = "socks5://slow.test:1"});
  ASSERT_TRUE(run_until(io, [&] { return direct->closed == 1 && by_proxy->closed == 1; }));
  for (const auto& end : {direct, by_proxy}) {
    EXPECT_EQ(end->how.code, errc::deadline_exceeded);
    EXPECT_THAT(end->how.message, HasSubstr("slow.test"));
    EXPECT_THAT(end->how.message, HasSubstr("connect_timeout"));
  }
  EXPECT_EQ(names().running("slow.test"), 1);
  names().release("slow.test");
}

TEST_F(Names, Are_looked_up_once_however_many_ask) {
  names().hold("slow.test");
  std::vector<std::shared_ptr<recorder>> ends;
  for (int i = 0; i < 100; ++i) {
    ends.push_back(connect("slow.test", 1));
    if (i % 2) abandon();
  }
  names().wait_until_begun("slow.test");
  settle(io);
  EXPECT_EQ(names().begun("slow.test"), 1);
  names().release("slow.test");
  ASSERT_TRUE(run_until(io, [&] { return std::all_of(ends.begin(), ends.end(), [](const auto& end) { return end->closed == 1; }); }));
  for (std::size_t i = 0; i < ends.size(); ++i)
    EXPECT_EQ(ends[i]->how.code, i % 2 ? errc::cancelled : errc::disconnected) << ends[i]->how.message;
  EXPECT_EQ(names().begun("slow.test"), 1);
}

TEST_F(Names, Beyond_the_bound_wait_for_another_to_be_answered) {
  std::vector<std::shared_ptr<recorder>> ends;
  const auto name = [](std::size_t i) { return "slow-" + std::to_string(i) + ".test"; };
  constexpr std::size_t bound = 32;
  for (std::size_t i = 0; i <= bound; ++i) {
    names().hold(name(i));
    ends.push_back(connect(name(i), 1));
  }
  for (std::size_t i = 0; i < bound; ++i) names().wait_until_begun(name(i));
  EXPECT_EQ(names().begun(name(bound)), 0);
  names().release(name(7));
  names().wait_until_begun(name(bound));
  for (std::size_t i = 0; i <= bound; ++i) names().release(name(i));
  ASSERT_TRUE(run_until(io, [&] { return std::all_of(ends.begin(), ends.end(), [](const auto& end) { return end->closed == 1; }); }));
}

// A process may end while a look-up is running. Nothing waits for it.
TEST(NamesDeathTest, Do_not_keep_a_process_from_its_end) {
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(
      {
        static asio::io_context loop;
        names().hold("slow.test");
        dial(loop.get_executor(), {.url = "ws://slow.test:1/"}, std::make_shared<recorder>());
        names().wait_until_begun("slow.test");
        std::exit(0);
      },
      ::testing::ExitedWithCode(0), "");
}

TEST_F(Names, With_a_dead_address_are_reached_at_the_next_one) {
  served server(io);
  const std::uint16_t port = server.door->port();
  dead_port dead(io, port);
  names().choose("two.test", {"127.0.0.2", "127.0.0.1"});
  const auto end = connect("two.test", port);
  ASSERT_TRUE(run_until(io, [&] { return end->opened + end->closed > 0; }));
  EXPECT_EQ(end->opened, 1) << end->how.message;
}

TEST_F(Names, With_an_address_that_refuses_are_reached_at_the_next_one) {
  served server(io);
  names().choose("two.test", {"127.0.0.3", "::1", "127.0.0.1"});
  const auto end = connect("two.test", server.door->port());
  ASSERT_TRUE(run_until(io, [&] { return end->opened + end->closed > 0; }));
  EXPECT_EQ(end->opened, 1) << end->how.message;
}

TEST_F(Names, Whose_addresses_all_refuse_say_which_was_the_last) {
  names().choose("two.test", {"127.0.0.3", "127.0.0.1"});
  const held_port held;
  const std::uint16_t port = held.number();
  const auto named = connect("two.test", port);
  const auto numeric = connect("127.0.0.1", port);
  ASSERT_TRUE(run_until(io, [&] { return named->closed == 1 && numeric->closed == 1; }));
  const std::string at = "127.0.0.1:" + std::to_string(port) + ": Connection refused";
  EXPECT_EQ(named->how.message, "the server could not be reached at any of 2 addresses, the last " + at);
  EXPECT_EQ(numeric->how.message, "the server could not be reached at " + at);
}

TEST_F(Names, Whose_addresses_are_dead_are_given_up_in_time) {
  const held_port held;
  const std::uint16_t port = held.number();
  dead_port one(io, port), two(io, port, "127.0.0.3");
  names().choose("dead.test", {"127.0.0.2", "127.0.0.3"});
  const auto end = connect({.url = "ws://dead.test:" + std::to_string(port) + "/", .limits = {.handshake = 300ms}});
  ASSERT_TRUE(run_until(io, [&] { return end->closed == 1; }));
  EXPECT_EQ(end->how.code, errc::deadline_exceeded);
  EXPECT_EQ(end->how.message, "connecting to dead.test took longer than connect_timeout");
}

// After every number of steps the attempt can be abandoned. No socket is left open, and no
// descriptor is closed that belongs to another object by then.
TEST_F(Names, May_be_given_up_at_any_time) {
  const held_port held;
  const std::uint16_t port = held.number();
  std::optional<dead_port> dead(std::in_place, io, port);
  names().choose("three.test", {"127.0.0.1", "127.0.0.3", "127.0.0.2"});
  const auto before = open_descriptors();
  for (int steps = 0; steps < 12; ++steps) {
    const auto end = connect("three.test", port);
    for (int i = 0; i < steps; ++i) {
      io.restart();
      io.run_one_for(20ms);
    }
    abandon();
    ASSERT_TRUE(run_until(io, [&] { return end->closed == 1; })) << steps;
    EXPECT_EQ(end->how.code, errc::cancelled);
    settle(io);
    EXPECT_EQ(open_descriptors(), before) << "given up after " << steps << " steps";
  }
}

}  // namespace
}  // namespace parley::transport::testing
