// Differences of a session for peers of a dialect: no pings, no answers to bad input, one frame at
// a time.
#include "sessions.hpp"

namespace {

using namespace sessions;

constexpr encoding plain{"plain", wire::plain_format};

TEST(SessionManners, WithoutPingsSilenceEndsNothing) {
  program known;
  const auto server = open_server(plain, known.contract, {.pings = false});
  for (int i = 0; i < 100; ++i) server->pass(20s);
  EXPECT_EQ(server->out.pings, 0);
  EXPECT_FALSE(server->out.closed);
}

TEST(SessionManners, WithoutErrorAnswersWhatIsBadIsCountedAndTooMuchOfItStillCloses) {
  program known;
  const auto server = open_server(plain, known.contract, {.error_answers = false});
  EXPECT_EQ(server->hear("not json"), nullptr);
  EXPECT_EQ(server->session.receive(server->now, as_bytes("binary"), true), nullptr);
  server->session.refuse(server->now, {.code = errc::denied});
  EXPECT_TRUE(server->silent());
  EXPECT_FALSE(server->out.closed);
  EXPECT_EQ(server->session.counters().refused, 3u);
  EXPECT_EQ(server->session.counters().unanswered, 3u);
  for (int i = 0; i < 20; ++i) server->hear("not json");
  EXPECT_EQ(server->out.code(), close_code::policy);
}

struct OneByOne : testing::Test {
  OneByOne() { server->out.one_by_one = true; }
  void send(int frames) {
    for (int i = 0; i < frames; ++i) server->session.send(buffer("frame " + std::to_string(i)));
  }
  void go_on() {
    server->out.holding = false;
    server->session.drained();
  }
  program known;
  std::unique_ptr<end> server = open_server(plain, known.contract, {.one_by_one = true});
};

TEST_F(OneByOne, AFrameLeavesWheneverTheOutputGoesOn) {
  send(3);
  EXPECT_EQ(server->out.frames.size(), 1u);
  go_on();
  EXPECT_EQ(server->out.frames.size(), 2u);
  go_on();
  go_on();
  EXPECT_EQ(server->out.frames.size(), 3u);
  go_on();
  send(1);
  EXPECT_EQ(server->out.frames.size(), 4u);
}

TEST_F(OneByOne, ACloseWaitsForWhatWasQueuedAndForNothingElse) {
  send(3);
  server->session.close(close_code::done, "enough");
  EXPECT_TRUE(server->session.closed());
  EXPECT_FALSE(server->session.send(buffer(std::string("too late"))));
  go_on();
  EXPECT_FALSE(server->out.closed);
  server->out.can_write = false;  // a peer that does not read does not delay a close
  go_on();
  EXPECT_EQ(server->out.frames.size(), 3u);
  EXPECT_EQ(server->out.code(), close_code::done);
}

TEST_F(OneByOne, ACloseDoesNotWaitForMany) {
  send(100);
  server->session.close(close_code::done, "enough");
  EXPECT_EQ(server->out.frames.size(), 100u);
  EXPECT_EQ(server->out.code(), close_code::done);
}

TEST_F(OneByOne, WhatWaitsIsDroppedWithTheConnection) {
  send(3);
  server->session.close(close_code::done, "enough");
  server->session.lost();
  go_on();
  EXPECT_EQ(server->out.frames.size(), 1u);
  EXPECT_FALSE(server->out.closed);
}

}  // namespace
