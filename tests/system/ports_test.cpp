// The ports of a server: either all are bound or none, and a port of another process is never used.
#include "held_port.hpp"
#include "system/log_of.hpp"
#include "system/world.hpp"

#include <asio/ip/tcp.hpp>
#include <asio/read.hpp>

#include <gmock/gmock.h>

#include <sys/resource.h>

#include <array>
#include <stdexcept>
#include <thread>
#include <vector>

namespace talk::v1 {
namespace {

using testing::HasSubstr;

TEST(Ports, Of_a_server_with_several_loops_are_refused_to_another_server) {
  for (const std::size_t threads : {std::size_t{1}, std::size_t{3}}) {
    const held_port port;
    parley::server first({.port = port.number(), .threads = 3});
    first.start();
    parley::server second({.port = port.number(), .threads = threads});
    try {
      second.start();
      ADD_FAILURE() << "two servers have the same port";
    } catch (const parley::call_failed& failed) {
      EXPECT_EQ(failed.code(), std::errc::address_in_use);
      EXPECT_THAT(failed.what(), HasSubstr(std::to_string(port.number())));
    }
    first.stop();
    first.join();
    second.start();  // succeeds now
    second.stop();
    second.join();
  }
}

TEST(Ports, Are_shared_with_a_server_that_asks_for_it) {
  for (const std::size_t threads : {std::size_t{1}, std::size_t{2}}) {
    parley::server first({.threads = threads, .share_port = true});
    first.start();
    parley::server second({.port = first.port(), .threads = threads, .share_port = true});
    second.start();
    EXPECT_EQ(second.port(), first.port());
    for (parley::server* one : {&first, &second}) {
      one->stop();
      one->join();
    }
  }
}

TEST(Ports, Of_several_loops_still_reach_every_loop) {
  world w({carrier::threads, parley::encoding::json});
  std::vector<std::thread::id> seen;
  std::mutex guard;
  w.host->on_connected = [&](parley::peer&) {
    const std::lock_guard lock(guard);
    if (std::find(seen.begin(), seen.end(), std::this_thread::get_id()) == seen.end()) seen.push_back(std::this_thread::get_id());
  };
  w.start();
  // The system selects the loop. The probability that 60 clients in a row get the same one of three
  // loops is 1 in 10^28.
  for (int i = 0; i < 60; ++i) {
    guest one(w);
    const std::lock_guard lock(guard);
    if (seen.size() > 1) break;
  }
  EXPECT_GT(seen.size(), 1u);
}

TEST(Ports, Are_bound_all_or_none) {
  asio::io_context io;
  asio::ip::tcp::acceptor taken(io, {asio::ip::address_v4::loopback(), 0});
  for (const std::size_t threads : {std::size_t{1}, std::size_t{3}}) {
    const held_port port;
    parley::server server({.port = port.number(), .threads = threads});
    server.listen({.port = taken.local_endpoint().port()});
    EXPECT_THROW(server.start(), parley::call_failed);
    asio::ip::tcp::socket nobody(io);
    std::error_code refused;
    nobody.connect({asio::ip::address_v4::loopback(), port.number()}, refused);
    EXPECT_EQ(refused, asio::error::connection_refused);
  }
}

TEST(Ports, Without_descriptors_are_a_line_in_the_log_and_a_figure) {
#ifdef DESCRIPTORS_ARE_NEEDED_BY_THE_SANITIZER
  GTEST_SKIP() << "UBSan opens a pipe to check what a pointer points to";
#endif
  log_of log;
  asio::io_context io;
  parley::server server(io.get_executor(), {.log = log.sink()});
  server.start();
  asio::ip::tcp::socket waiting(io);
  waiting.connect({asio::ip::address_v4::loopback(), server.port()});
  asio::ip::tcp::socket also_waiting(io);
  also_waiting.connect({asio::ip::address_v4::loopback(), server.port()});
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit none = before;
  none.rlim_cur = static_cast<rlim_t>(also_waiting.native_handle()) + 1;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  while (server.counters().accept_failures < 2) io.run_one();
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(log.wait_for("cannot be accepted").level, parley::log_level::error);
  EXPECT_EQ(log.count("cannot be accepted"), 1u);
  // Both were disconnected instead of being left to wait.
  for (asio::ip::tcp::socket* const one : {&waiting, &also_waiting}) {
    std::array<char, 1> byte{};
    std::error_code ended;
    asio::read(*one, asio::buffer(byte), ended);
    EXPECT_TRUE(ended);
  }
}

TEST(Limits, That_are_larger_than_the_protocol_can_say_are_not_cut_to_small_ones) {
  constexpr std::size_t huge = (std::size_t{1} << 32) + 10;
  world w({carrier::websocket, parley::encoding::json}, {.max_message = huge});
  w.start();
  auto options = w.client_options();
  options.max_message = static_cast<std::size_t>(-1);
  guest a(w, options);
  const std::string text(100'000, 'x');
  EXPECT_EQ(a.talk.echo(text), text);
}

TEST(Origins, That_can_never_match_are_refused_when_the_server_is_made) {
  for (const char* wrong : {"*", "localhost:8000", "https://example.org/page", "https://*.example.org", ""}) {
    try {
      parley::server server({.origins = {"https://good.example", wrong}});
      ADD_FAILURE() << wrong;
    } catch (const std::invalid_argument& e) { EXPECT_THAT(e.what(), HasSubstr("server_options::origins")) << wrong; }
  }
}

}  // namespace
}  // namespace talk::v1
