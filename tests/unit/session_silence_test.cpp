// Silence of a peer, and this end not running for a while. An end that did not run does not treat
// the peer as silent, and does not treat waiting data as a flood.
#include "sessions.hpp"

namespace {

using namespace sessions;

constexpr std::chrono::seconds heartbeat = 20s;

struct role {
  const char* name;
  side self;
  const wire::envelope_format& (*format)();
};

class Silence : public testing::TestWithParam<role> {
 protected:
  std::unique_ptr<end> open() {
    const encoding e{GetParam().name, GetParam().format};
    return GetParam().self == side::server ? open_server(e, known.contract) : open_client(e, known.contract);
  }
  // The number of pings sent since the last call.
  static std::size_t pings(end& of) {
    if (of.session.plain()) return static_cast<std::size_t>(std::exchange(of.out.pings, 0));
    std::size_t count = 0;
    while (!of.silent())
      if (of.next().kind == wire::kind::ping) ++count;
    return count;
  }
  program known;
};
INSTANTIATE_TEST_SUITE_P(
    Of, Silence,
    testing::Values(role{"json_server", side::server, wire::json_format}, role{"fbs_server", side::server, wire::fbs_format},
                    role{"plain_server", side::server, wire::plain_format}, role{"json_client", side::client, wire::json_format},
                    role{"fbs_client", side::client, wire::fbs_format}, role{"plain_client", side::client, wire::plain_format}),
    [](const auto& one) { return std::string(one.param.name); });

TEST_P(Silence, Is_asked_about_after_a_standstill_that_began_before_any_ping) {
  const auto one = open();
  one->pass(10 * heartbeat);
  EXPECT_FALSE(one->out.closed);
  EXPECT_EQ(pings(*one), 1u);
  one->pass(heartbeat - 1ms);
  EXPECT_FALSE(one->out.closed);
  one->pass(1ms);
  EXPECT_EQ(one->out.code(), close_code::heartbeat_lost);
}

TEST_P(Silence, Is_asked_about_again_after_a_standstill_in_which_the_answer_was_due) {
  const auto one = open();
  one->pass(heartbeat);
  EXPECT_EQ(pings(*one), 1u);
  one->pass(3 * heartbeat);
  EXPECT_FALSE(one->out.closed);
  EXPECT_EQ(pings(*one), 1u);
  one->pass(heartbeat);
  EXPECT_EQ(one->out.code(), close_code::heartbeat_lost);
}

TEST_P(Silence, Is_not_made_longer_by_ticks_that_come_a_little_late) {
  const auto one = open();
  one->pass(heartbeat + 3s);
  EXPECT_EQ(pings(*one), 1u);
  const time_point judged = one->session.next_tick();
  EXPECT_EQ(judged, one->now + heartbeat);
  one->now = judged;
  one->session.tick(one->now);
  EXPECT_EQ(one->out.code(), close_code::heartbeat_lost);
}

TEST_P(Silence, Is_judged_after_what_waits_was_read) {
  const auto one = open();
  one->pass(heartbeat);
  EXPECT_EQ(pings(*one), 1u);
  one->out.has_unread = true;
  one->pass(heartbeat);
  EXPECT_FALSE(one->out.closed);
  EXPECT_GT(one->session.next_tick(), one->now);
  EXPECT_LE(one->session.next_tick(), one->now + session::shortest_heartbeat);
  // Too few bytes of an incomplete frame.
  one->out.came = {session::sign_of_life - 1, one->now};
  one->now = one->session.next_tick();
  one->session.tick(one->now);
  EXPECT_EQ(one->out.code(), close_code::heartbeat_lost);
}

// The answer to a ping waits behind the frame that the other end is sending.
TEST_P(Silence, Has_not_been_while_a_frame_is_still_coming) {
  const auto one = open();
  for (int i = 0; i < 20; ++i) {
    for (int j = 0; j < 4; ++j) one->out.came = {one->out.came.bytes + session::sign_of_life / 4, one->now += heartbeat / 4};
    one->session.tick(one->now);
    ASSERT_FALSE(one->out.closed) << i;
    // An end that sends such a long frame sends nothing else meanwhile.
    EXPECT_EQ(pings(*one), 1u) << i;
  }
  const time_point last = one->now;
  while (!one->out.closed && one->now < last + 10 * heartbeat) {
    one->now = one->session.next_tick();
    one->session.tick(one->now);
  }
  EXPECT_EQ(one->out.code(), close_code::heartbeat_lost);
  EXPECT_EQ(one->now, last + 2 * heartbeat);
}

TEST_P(Silence, Is_what_a_frame_that_comes_byte_by_byte_does_not_break) {
  const auto one = open();
  const time_point begin = one->now;
  while (!one->out.closed && one->now < begin + 10 * heartbeat) {
    one->out.came = {one->out.came.bytes + 1, one->now};
    one->now = one->session.next_tick();
    one->session.tick(one->now);
  }
  EXPECT_EQ(one->out.code(), close_code::heartbeat_lost);
  EXPECT_EQ(one->now, begin + 2 * heartbeat);
}

TEST_P(Silence, Is_judged_after_what_waits_was_read_and_that_may_be_a_part_of_a_frame) {
  const auto one = open();
  one->pass(heartbeat);
  one->out.has_unread = true;
  one->pass(heartbeat);
  one->out.has_unread = false;
  ASSERT_FALSE(one->out.closed);
  one->out.came = {session::sign_of_life, one->now};
  const time_point read = one->now;
  one->now = one->session.next_tick();
  one->session.tick(one->now);
  ASSERT_FALSE(one->out.closed);
  one->now = one->session.next_tick();
  one->session.tick(one->now);
  while (!one->out.closed && one->now < read + 10 * heartbeat) {
    one->now = one->session.next_tick();
    one->session.tick(one->now);
  }
  EXPECT_EQ(one->now, read + 2 * heartbeat);
}

// The greeting is one small frame with a time limit of its own.
// --- A probe: a ping that has to be answered soon.

TEST_P(Silence, Ends_the_session_after_a_probe_without_an_answer) {
  const auto one = open();
  one->session.probe(one->now, 3s);
  EXPECT_EQ(pings(*one), 1u);
  one->session.probe(one->now, 1h);
  EXPECT_EQ(pings(*one), 0u) << "one at a time";
  one->pass(3s - 1ms);
  EXPECT_FALSE(one->out.closed);
  one->pass(1ms);
  EXPECT_EQ(one->out.code(), close_code::heartbeat_lost);
}

TEST_P(Silence, Is_none_if_a_probe_was_answered) {
  const auto one = open();
  one->session.probe(one->now, 3s);
  one->pass(1s);
  if (one->session.plain()) one->session.pong_received(one->now);
  else one->hear(wire::kind::pong, 1);
  one->pass(5s);
  EXPECT_FALSE(one->out.closed);
  one->session.probe(one->now, 3s);
  one->pass(3s);
  EXPECT_TRUE(one->out.closed) << "the next one needs an answer of its own";
}

TEST_P(Silence, Is_none_if_anything_arrives_late_enough_after_a_probe) {
  for (const auto when : {1s, 2s}) {
    const auto one = open();
    if (one->session.plain()) GTEST_SKIP() << "any pong is an answer";
    one->session.probe(one->now, 3s);
    one->pass(when);
    one->hear(wire::kind::pong, 77);
    one->pass(3s - when);
    EXPECT_EQ(one->out.closed.has_value(), when == 1s) << "what came early may have waited since before the probe";
  }
}

TEST_P(Silence, Before_the_greeting_is_not_broken_by_a_part_of_it) {
  if (GetParam().format().has_session() == false) GTEST_SKIP() << "nobody greets";
  end one({.self = GetParam().self, .format = &GetParam().format()}, known.contract);
  one.session.start(one.now);
  one.out.came = {100 * session::sign_of_life, one.now};
  one.pass(5s);
  EXPECT_EQ(one.out.code(), close_code::bad_hello);
}

TEST_P(Silence, Has_not_been_if_what_waited_was_a_frame) {
  const auto one = open();
  for (int minute = 0; minute < 3; ++minute) {
    one->pass(heartbeat);
    EXPECT_EQ(pings(*one), 1u);
    one->out.has_unread = true;
    one->pass(heartbeat);
    if (one->session.plain()) one->session.pong_received(one->now);
    else one->hear(wire::kind::pong, 1);
    one->out.has_unread = false;
    const time_point heard = one->now;
    one->now = one->session.next_tick();
    one->session.tick(one->now);
    EXPECT_EQ(one->session.next_tick(), heard + heartbeat);
    one->now = heard;
  }
  EXPECT_FALSE(one->out.closed);
}

TEST_P(Silence, Ends_with_pings_that_queued_meanwhile_and_they_are_no_flood) {
  const auto one = open();
  if (one->session.plain()) GTEST_SKIP() << "the transport answers those";
  one->now += 60s;
  for (int i = 0; i < 600; ++i) one->hear(wire::kind::ping, 7);
  EXPECT_FALSE(one->out.closed);
  for (int i = 0; i < 20; ++i) one->hear(wire::kind::ping, 7);
  EXPECT_EQ(one->out.code(), close_code::policy);
}

TEST_P(Silence, Before_the_greeting_is_this_ends_own_if_it_stood_still) {
  if (GetParam().format().has_session() == false) GTEST_SKIP() << "nobody greets";
  for (const bool unread : {false, true}) {
    end one({.self = GetParam().self, .format = &GetParam().format()}, known.contract);
    one.session.start(one.now);
    one.out.has_unread = unread;
    one.pass(unread ? 5s : 60s);
    EXPECT_FALSE(one.out.closed);
    one.now = one.session.next_tick();
    one.session.tick(one.now);
    EXPECT_EQ(one.out.code(), close_code::bad_hello);
  }
}

}  // namespace
