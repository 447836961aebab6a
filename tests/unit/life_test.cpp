// The life of a client's link, row by row, and a random walk beside a model.
#include "parley/client/life.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <ostream>
#include <random>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using parley::life;
using parley::link_state;
using parley::reconnect_options;
using parley::time_point;
using what = parley::life::action::kind;

constexpr time_point start{1h};

// Waits are exactly what the server demands.
reconnect_options at_once(reconnect_options options = {}) {
  options.pause = 0ms;
  return options;
}

struct link {
  explicit link(reconnect_options options = at_once(), std::size_t urls = 1, bool has_credentials = false, std::uint64_t seed = 1)
      : of(options, urls, seed, has_credentials) {}
  life::action lost(std::uint16_t code) { return of.lost(now, {.code = code}); }
  life::action refused(int status, std::chrono::milliseconds retry = 0ms) { return of.lost(now, {.http_status = status, .retry = retry}); }
  link& open(bool resumed = false, bool resumable = false) {
    if (of.state() != link_state::connecting) of.asked(now);
    of.opened(now, resumed, resumable);
    EXPECT_EQ(of.state(), link_state::open);
    return *this;
  }
  // Loses the connection and begins the next one.
  life::action again(std::uint16_t code = 1006) {
    const life::action wait = lost(code);
    EXPECT_EQ(wait.what, what::wait);
    now = std::max(now, wait.at);
    return of.timer(now);
  }

  life of;
  time_point now = start;
};

// --- Close codes and HTTP statuses.

struct row {
  int code;
  bool http;
  what then;
  std::chrono::milliseconds at_least{0};
  bool resumes = true;
};
std::ostream& operator<<(std::ostream& out, const row& r) { return out << (r.http ? "http_" : "close_") << r.code; }

class LifeTable : public testing::TestWithParam<row> {};
INSTANTIATE_TEST_SUITE_P(Of, LifeTable,
                         testing::Values(row{1000, false, what::give_up}, row{1003, false, what::give_up}, row{4003, false, what::give_up},
                                         row{4004, false, what::give_up}, row{4010, false, what::give_up}, row{4012, false, what::give_up},
                                         row{1001, false, what::wait}, row{1006, false, what::wait}, row{1011, false, what::wait},
                                         row{1012, false, what::wait}, row{1013, false, what::wait}, row{4002, false, what::wait},
                                         row{4009, false, what::wait}, row{4011, false, what::wait}, row{1008, false, what::wait, 5s},
                                         row{1002, false, what::wait, 1s, false}, row{1007, false, what::wait, 1s, false},
                                         row{1009, false, what::wait, 1s, false}, row{4001, false, what::wait, 1s, false},
                                         row{4007, false, what::wait, 1s, false}, row{4008, false, what::wait, 1s, false},
                                         row{4005, false, what::give_up}, row{4006, false, what::give_up}, row{3999, false, what::wait},
                                         row{400, true, what::give_up}, row{401, true, what::give_up}, row{403, true, what::give_up},
                                         row{404, true, what::give_up}, row{426, true, what::give_up}, row{429, true, what::wait},
                                         row{503, true, what::wait}, row{500, true, what::wait}, row{502, true, what::wait}),
                         testing::PrintToStringParamName());

TEST_P(LifeTable, Decides_what_follows) {
  const row& expected = GetParam();
  link one;
  one.open(false, true);
  const life::action then = expected.http ? one.refused(expected.code) : one.lost(static_cast<std::uint16_t>(expected.code));
  ASSERT_EQ(then.what, expected.then);
  if (expected.then == what::give_up) {
    EXPECT_EQ(one.of.state(), link_state::closed);
    return;
  }
  EXPECT_EQ(one.of.state(), link_state::waiting);
  EXPECT_EQ(then.at, start + expected.at_least);
  const life::action next = one.of.timer(then.at);
  EXPECT_EQ(next.what, what::connect);
  EXPECT_EQ(next.resume, expected.resumes);
  EXPECT_EQ(next.attempt, expected.resumes ? 1u : 0u);
}

TEST(Life, Waits_as_long_as_the_server_demands_but_no_longer_than_an_hour) {
  EXPECT_EQ(link().open().refused(503, 17s).at, start + 17s);
  EXPECT_EQ(link().open().refused(429, 30h).at, start + 1h);
  EXPECT_EQ(link().open().of.lost(start, {.code = 1012, .retry = 700ms}).at, start + 700ms);
  EXPECT_EQ(link().open().of.lost(start, {.code = 1008, .retry = 700ms}).at, start + 5s) << "the longer one counts";
  EXPECT_EQ(link().open().of.lost(start, {.code = 1012, .retry = -5s}).at, start);
}

// --- Rows of the state table.

TEST(Life, Ends_with_its_first_failure) {
  link one;
  EXPECT_EQ(one.of.state(), link_state::idle);
  EXPECT_EQ(one.of.asked(start).what, what::connect);
  EXPECT_EQ(one.of.asked(start).what, what::nothing) << "an attempt runs already";
  EXPECT_EQ(one.lost(1006).what, what::give_up);
  EXPECT_EQ(one.of.state(), link_state::closed);
  EXPECT_FALSE(one.of.was_open());
}

TEST(Life, Goes_on_after_its_first_failure_if_that_is_asked_for) {
  link one(at_once({.first_too = true}));
  one.of.asked(start);
  EXPECT_EQ(one.again().what, what::connect);
  EXPECT_EQ(one.again().what, what::connect);
  one.open();
}

TEST(Life, Treats_the_next_connect_after_the_end_as_the_first) {
  link one;
  one.open();
  EXPECT_EQ(one.lost(1000).what, what::give_up);
  EXPECT_EQ(one.of.asked(start).what, what::connect);
  EXPECT_EQ(one.lost(1006).what, what::give_up);
}

TEST(Life, Counts_attempts_in_a_row) {
  link one(at_once({.attempts = 3}));
  one.open();
  for (std::uint32_t n = 1; n <= 3; ++n) {
    EXPECT_EQ(one.again().what, what::connect);
    EXPECT_EQ(one.of.attempt(), n);
  }
  EXPECT_EQ(one.lost(1006).what, what::give_up);
}

TEST(Life, Without_attempts_stays_lost) {
  link one(at_once({.attempts = 0}));
  one.open();
  EXPECT_EQ(one.lost(1006).what, what::give_up);
}

TEST(Life, Counts_from_the_beginning_only_after_a_stable_connection) {
  link one(at_once({.attempts = 2, .stable = 10s}));
  one.open();
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(one.again().what, what::connect);
    one.open();
  }
  link brief = one;
  brief.now += 10s - 1ns;
  EXPECT_EQ(brief.lost(1006).what, what::give_up);
  one.now += 10s;
  EXPECT_EQ(one.again().what, what::connect);
}

TEST(Life, Does_not_count_attempts_that_were_asked_for) {
  link one(at_once({.attempts = 1}));
  one.open();
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(one.lost(1006).what, what::wait);
    EXPECT_EQ(one.of.now_please(one.now).what, what::connect);
  }
  EXPECT_EQ(one.again().what, what::connect);
  EXPECT_EQ(one.lost(1006).what, what::give_up);
}

TEST(Life, Ignores_what_has_no_meaning_now) {
  link one;
  const auto ignored = [&] {
    EXPECT_EQ(one.of.timer(start).what, what::nothing);
    EXPECT_EQ(one.of.now_please(start).what, what::nothing);
  };
  ignored();
  EXPECT_EQ(one.lost(1006).what, what::nothing);
  one.of.opened(start, false, false);
  EXPECT_EQ(one.of.state(), link_state::idle);
  one.open();
  ignored();
  EXPECT_EQ(one.of.asked(start).what, what::nothing);
  EXPECT_EQ(one.lost(1006).what, what::wait);
  EXPECT_EQ(one.lost(1006).what, what::nothing) << "a loss is reported once";
  EXPECT_EQ(one.of.asked(start).what, what::nothing) << "now_please is for that";
}

// --- Urls.

TEST(Life, Tries_the_same_url_after_a_loss_and_the_next_after_a_failure) {
  link one(at_once(), 3);
  EXPECT_EQ(one.of.asked(start).url, 0u);
  one.open();
  EXPECT_EQ(one.again().url, 0u);
  EXPECT_EQ(one.again().url, 1u);
  one.open();
  EXPECT_EQ(one.again().url, 1u);
  EXPECT_EQ(one.again().url, 2u);
  EXPECT_EQ(one.again().url, 0u);
}

// --- Credentials.

TEST(Life, Asks_for_another_credential_once_and_at_once) {
  for (const bool at_first : {true, false}) {
    link one({.pause = 1s}, 2, true);
    if (at_first) one.of.asked(start);
    else one.open();
    const life::action wait = at_first ? one.refused(401) : one.lost(4006);
    EXPECT_EQ(wait.what, what::wait);
    EXPECT_EQ(wait.at, start);
    const life::action next = one.of.timer(start);
    EXPECT_TRUE(next.credential_refused);
    EXPECT_EQ(next.url, 0u) << "the server answered, so the next one is not tried";
    EXPECT_EQ(one.lost(4005).what, what::give_up);
  }
}

TEST(Life, Asks_again_after_a_connection_or_another_failure) {
  link one(at_once(), 1, true);
  one.open();
  EXPECT_TRUE(one.again(4006).credential_refused);
  one.open();
  EXPECT_TRUE(one.again(4006).credential_refused);
  EXPECT_FALSE(one.again(1006).credential_refused);
  EXPECT_TRUE(one.again(4005).credential_refused);
}

// --- Resuming.

TEST(Life, Counts_the_resumes_of_one_session) {
  link one;
  one.open(false, true);
  EXPECT_EQ(one.again().attempt, 1u);
  EXPECT_EQ(one.again().attempt, 2u);
  one.open(true, true);
  one.of.progressed();
  EXPECT_EQ(one.again().attempt, 3u);
  one.open(false, true);
  EXPECT_EQ(one.again().attempt, 1u) << "another session";
}

TEST(Life, Resumes_no_session_that_has_ended) {
  link one;
  one.open(false, true);
  one.of.session_ended();
  EXPECT_FALSE(one.again().resume);
  link other;
  other.open(false, true);
  EXPECT_TRUE(other.again().resume);
  other.of.session_ended();
  EXPECT_FALSE(other.again().resume);
}

TEST(Life, Begins_afresh_after_two_resumed_connections_that_brought_nothing) {
  link one;
  one.open(false, true);
  EXPECT_TRUE(one.again().resume);
  one.open(true, true);
  EXPECT_TRUE(one.again().resume) << "the first one";
  one.open(true, true);
  EXPECT_FALSE(one.again().resume);
}

TEST(Life, Blames_no_frame_for_connections_that_lasted_or_brought_something) {
  link one;
  one.open(false, true);
  for (int i = 0; i < 6; ++i) {
    EXPECT_TRUE(one.again().resume);
    one.open(true, true);
    if (i % 2 == 0) one.of.progressed();
  }
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(one.again().resume);
    one.open(true, true);
    one.now += 5s;
  }
}

// --- Pauses.

TEST(Life, Spreads_the_pauses_evenly_and_doubles_their_range_up_to_the_longest) {
  constexpr int clients = 20'000;
  constexpr std::array<std::chrono::milliseconds, 6> ranges{250ms, 500ms, 1000ms, 2000ms, 3000ms, 3000ms};
  for (std::size_t n = 0; n < ranges.size(); ++n) {
    std::array<int, 10> tenths{};
    for (std::uint64_t seed = 0; seed < clients; ++seed) {
      link one({.pause = 250ms, .longest = 3s}, 1, false, seed * 0x1234567);
      one.open();
      for (std::size_t earlier = 0; earlier < n; ++earlier) one.again();
      const auto pause = one.lost(1006).at - one.now;
      ASSERT_GE(pause, 0ns);
      ASSERT_LE(pause, ranges[n]);
      ++tenths[static_cast<std::size_t>(std::min<std::int64_t>(pause * 10 / ranges[n], 9))];
    }
    // Six standard deviations of a tenth: sqrt(20,000 * 0.1 * 0.9) is 42.4.
    for (const int count : tenths) EXPECT_NEAR(count, clients / 10, 255);
  }
}

TEST(Life, Bears_every_option) {
  using std::chrono::milliseconds;
  for (const milliseconds extreme : {milliseconds::min(), milliseconds(-1), milliseconds(0), milliseconds::max()}) {
    link one({.pause = extreme, .longest = milliseconds::max()});
    one.open();
    for (int i = 0; i < 100; ++i) {
      EXPECT_EQ(one.again().what, what::connect);
      one.now = start;
    }
    link other({.pause = milliseconds::max(), .longest = extreme, .stable = extreme});
    other.open();
    EXPECT_EQ(other.again().what, what::connect);
  }
}

// --- A random walk.

// What a reader of the table would expect, written down without the machine's shortcuts.
struct model {
  reconnect_options options;
  std::size_t urls;
  bool has_credentials;
  link_state state = link_state::idle;
  bool ever = false, session = false, refused = false;
  std::uint32_t counted = 0;
  std::size_t url = 0;
  time_point opened_at{};

  void lost(time_point now, const life::loss& how) {
    const bool open = state == link_state::open;
    if (!open && state != link_state::connecting) return;
    if (open && now - opened_at >= options.stable) counted = 0;
    const auto one_of = [](int value, std::initializer_list<int> list) { return std::find(list.begin(), list.end(), value) != list.end(); };
    const bool http = how.http_status != 0;
    const bool away = http ? one_of(how.http_status, {400, 403, 404, 426}) : one_of(how.code, {1000, 1003, 4003, 4004, 4010, 4012});
    const bool asks = http ? how.http_status == 401 : one_of(how.code, {4005, 4006});
    if (!http && one_of(how.code, {1002, 1007, 1009, 4001, 4007, 4008})) session = false;
    const bool may_ask = asks && has_credentials && !refused;
    const bool may_try = !asks && (ever || options.first_too) && counted < options.attempts;
    if (!away && (may_ask || may_try)) {
      state = link_state::waiting;
      refused = asks;
      if (!asks && !open) url = (url + 1) % urls;
    } else {
      state = link_state::closed;
      session = false;
    }
  }
  void connect(bool count) {
    state = link_state::connecting;
    if (count && !refused) ++counted;
  }
};

void walk(std::uint64_t seed, int steps) {
  std::mt19937_64 random(seed);
  const auto below = [&](std::uint64_t n) { return random() % n; };
  const reconnect_options options{.attempts = below(3) == 0 ? reconnect_options::for_ever : static_cast<std::uint32_t>(below(4)),
                                  .first_too = below(2) == 0};
  model expected{.options = options, .urls = 1 + below(3), .has_credentials = below(2) == 0};
  life link(options, expected.urls, random(), expected.has_credentials);
  time_point now = start, wait_until{};
  constexpr std::array codes{1000, 1001, 1002, 1006, 1008, 1009, 1012, 4001, 4005, 4006, 4009, 4010, 4011, 4012};
  constexpr std::array statuses{0, 0, 0, 0, 400, 401, 404, 429, 503};
  for (int step = 0; step < steps; ++step) {
    now += std::chrono::milliseconds(below(6'000));
    life::action got;
    bool connects = false;
    switch (below(6)) {
      case 0:
        got = link.asked(now);
        if (expected.state == link_state::idle || expected.state == link_state::closed) {
          expected.ever = expected.refused = false;
          expected.counted = 0;
          expected.connect(false);
          connects = true;
        }
        break;
      case 1: {
        const bool resumed = expected.session && below(2) == 0;
        link.opened(now, resumed, true);
        if (expected.state == link_state::connecting) {
          expected.state = link_state::open;
          expected.ever = expected.session = true;
          expected.refused = false;
          expected.opened_at = now;
          link.progressed();  // no poison: its rule has tests of its own
        }
        break;
      }
      case 2:
      case 3: {
        const life::loss how{.code = static_cast<std::uint16_t>(codes[below(codes.size())]),
                             .http_status = statuses[below(statuses.size())],
                             .retry = std::chrono::milliseconds(below(2) * below(9'000))};
        const link_state before = expected.state;
        got = link.lost(now, how);
        expected.lost(now, how);
        if (before != link_state::open && before != link_state::connecting) {
          ASSERT_EQ(got.what, what::nothing);
        } else if (expected.state == link_state::waiting) {
          ASSERT_EQ(got.what, what::wait);
          ASSERT_GE(got.at, now + (expected.refused ? 0ms : how.retry));
          ASSERT_LE(got.at, now + (expected.refused ? 0ms : std::max(how.retry, 5'000ms) + options.longest));
          wait_until = got.at;
        } else {
          ASSERT_EQ(got.what, what::give_up);
        }
        break;
      }
      case 4:
        now = std::max(now, wait_until);
        got = link.timer(now);
        connects = expected.state == link_state::waiting;
        if (connects) expected.connect(true);
        break;
      default:
        got = link.now_please(now);
        connects = expected.state == link_state::waiting;
        if (connects) expected.connect(false);
        break;
    }
    ASSERT_EQ(link.state(), expected.state) << "seed " << seed << ", step " << step;
    ASSERT_EQ(got.what == what::connect, connects) << "seed " << seed << ", step " << step;
    if (!connects) continue;
    ASSERT_EQ(got.url, expected.url);
    ASSERT_EQ(got.resume, expected.session);
    ASSERT_EQ(got.attempt != 0, expected.session);
    ASSERT_EQ(got.credential_refused, expected.refused);
  }
}

TEST(Life, Agrees_with_its_model_on_every_walk) {
  for (std::uint64_t seed = 1; seed <= 2'000 && !testing::Test::HasFatalFailure(); ++seed) walk(seed, 300);
}

// A loss at any point of a life leads to a state from which the link comes up again, or is closed.
TEST(Life, Survives_a_loss_at_every_step) {
  constexpr int steps = 12;
  for (int cut = 0; cut < steps; ++cut) {
    link one(at_once({.attempts = 4, .first_too = true}), 2);
    one.of.asked(one.now);
    for (int step = 0; step < steps; ++step) {
      if (step == cut) one.lost(1006);
      switch (one.of.state()) {
        case link_state::connecting:
          one.of.opened(one.now, false, false);
          break;
        case link_state::open:
          one.now += 11s;
          break;
        case link_state::waiting:
          EXPECT_EQ(one.of.timer(one.now).what, what::connect);
          break;
        default:
          ADD_FAILURE() << "state " << static_cast<int>(one.of.state());
      }
    }
    EXPECT_NE(one.of.state(), link_state::closed);
  }
}

}  // namespace
