// Clients whose connections are disturbed again and again, over real sockets, with traffic in both
// directions. PARLEY_FAULTS is the number of faults (default 60).
#include "talk.client.hpp"
#include "talk.server.hpp"

#include "counted_memory.hpp"
#include "system/events.hpp"
#include "tools/relay.hpp"

#ifdef PARLEY_TESTS_HAVE_TLS
#include "certificates.hpp"
#endif

#include <parley/client.hpp>
#include <parley/server.hpp>
#include <parley/tls.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <random>
#include <string>

namespace {

using namespace std::chrono_literals;
using namespace talk::v1;
using parley::testing::relay;
using parley::testing::way;

int faults() {
  const char* const asked = std::getenv("PARLEY_FAULTS");
  return asked ? std::max(1, std::atoi(asked)) : 60;
}

// Numbers that may be missing, but come once and in order.
class increasing {
 public:
  void put(std::uint64_t number) {
    const std::lock_guard lock(mutex_);
    EXPECT_GT(number, last_) << "twice, or out of order";
    last_ = std::max(last_, number);
    ++count_;
  }
  std::uint64_t count() const {
    const std::lock_guard lock(mutex_);
    return count_;
  }

 private:
  mutable std::mutex mutex_;
  std::uint64_t last_ = 0;
  std::uint64_t count_ = 0;
};

struct Counting final : TalkHandler {
  explicit Counting(parley::server& server) : peers{server} {}
  parley::reply<Sum> look(const Numbers& n, parley::call&) override { return Sum{.value = n.numbers.at(0) + 1}; }
  void report(const Line& line, parley::event&) override {
    reports.put(line.number);
    peers.arrived({.text = std::string(200, 'x'), .number = ++told}, parley::to::all);
  }
  increasing reports;
  std::uint64_t told = 0;
  TalkPeers peers;
};

struct Faults : testing::TestWithParam<bool> {};
#ifdef PARLEY_TESTS_HAVE_TLS
INSTANTIATE_TEST_SUITE_P(Over, Faults, testing::Values(false, true), [](const auto& in) { return in.param ? "wss" : "ws"; });
#else
INSTANTIATE_TEST_SUITE_P(Over, Faults, testing::Values(false), [](const auto&) { return "ws"; });
#endif

TEST_P(Faults, Lose_no_call_that_may_run_twice_and_repeat_no_event) {
  parley::server_options served{.heartbeat = 500ms};
  parley::client_options options{.heartbeat = 100ms, .max_silence = 500ms};
  options.reconnect = {.pause = 1ms, .longest = 20ms, .stable = 1ms};
  options.deadline = 10min;
#ifdef PARLEY_TESTS_HAVE_TLS
  if (GetParam()) {
    const parley::testing::issuer authority;
    const parley::testing::identity own = authority.issue();
    served.tls.emplace().certificate = {.pem = own.pem, .key_pem = own.key_pem};
    options.tls = parley::client_tls{.ca_pem = authority.pem()};
  }
#endif
  parley::server server{served};
  Counting handler{server};
  server.add(handler);
  server.start();
  relay between{server.port()};
  const std::string scheme = GetParam() ? "wss" : "ws";
  increasing heard;
  std::atomic<std::uint64_t> unconfirmed = 0;
  events<int> opened;
  events<std::string> answers;
  std::optional<parley::client> link(std::in_place, scheme + "://127.0.0.1:" + std::to_string(between.port()) + "/ws", options);
  TalkClient talk{*link};
  talk.on_arrived([&](const Line& line) { heard.put(line.number); });
  link->on_status([&](const parley::link_status& now) {
    if (now.state != parley::link_state::open) return;
    unconfirmed += now.unconfirmed;
    opened.put(1);
  });
  link->connect();
  opened.next();

  std::mt19937 random(7);  // the same faults each time
  std::uint64_t reports = 0;
  std::size_t calls_in_flight = 0, held_before = 0;
  const auto work = [&](int much) {
    for (int i = 0; i < much; ++i) {
      ASSERT_EQ(talk.report({.text = std::string(random() % 4'000, 'y'), .number = ++reports}), parley::sent::queued);
      const double number = static_cast<double>(reports);
      talk.async_look({.numbers = {number}}, [&answers, number](const parley::result<Sum>& got) {
        answers.put(!got ? got.error().message : got->value == number + 1 ? "" : "a wrong answer");
      });
      ++calls_in_flight;
    }
  };
  const auto finish_calls = [&] {
    for (; calls_in_flight != 0; --calls_in_flight) {
      const std::string wrong = answers.next();
      // A call that was sent four times may be lost for good.
      if (!wrong.empty() && wrong.find("the connection was lost") == std::string::npos && wrong.find("closed by") == std::string::npos &&
          wrong.find("heartbeat") == std::string::npos && wrong.find("no answer to a ping") == std::string::npos)
        ADD_FAILURE() << wrong;
    }
  };

  const int count = faults();
  for (int n = 0; n < count; ++n) {
    work(3);
    switch (random() % 8) {
      case 0:
      case 1:
        between.close_all();
        break;
      case 2:
      case 3:
        between.reset_all();
        break;
      case 4:
        between.silence_all(way::both);
        break;
      case 5:
        between.silence_all(random() % 2 ? way::to_server : way::to_client);
        break;
      case 6:
        between.stall_all(random() % 2 ? way::to_server : way::both);
        break;
      default:
        between.refuse(true);
        between.reset_all();
        work(2);
        between.refuse(false);
        break;
    }
    work(2);
    opened.next();
    // Every tenth connection is slow, and its frames come in pieces.
    if (n % 10 == 9) between.shape(1, 0ms);
    else if (n % 10 == 4) between.shape(700, 1ms);
    else between.shape(64 * 1024);
    if (n % 20 == 19) {
      between.shape(64 * 1024);
      finish_calls();
      if (n == 39) held_before = held_memory();
    }
  }
  between.shape(64 * 1024);
  finish_calls();
  EXPECT_TRUE(talk.look({.numbers = {1}}).value == 2) << "everything that was sent before has arrived";
  EXPECT_LE(handler.reports.count(), reports);
  EXPECT_GE(handler.reports.count() + unconfirmed, reports) << "an event was lost without being counted";
  EXPECT_GT(heard.count(), 0u);
  if (held_before != 0) { EXPECT_LT(held_memory(), held_before + 2'000'000) << "memory grows with each fault"; }
  link.reset();
  server.stop();
  server.join();
}

}  // namespace
