#include "parley/session/outbox.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace {

using parley::account;
using parley::buffer;
using parley::cost_of;
using parley::message_room;
using parley::session::outbox;

buffer of(std::size_t size, char fill = 'x') { return buffer(std::string(size, fill)); }

std::string drain(outbox& box) {
  std::string all;
  while (!box.empty()) all += box.pop().text();
  return all;
}

TEST(Outbox, WritesInOrder) {
  outbox box(1000);
  for (const char* text : {"a", "b", "c"}) EXPECT_TRUE(box.push(buffer(text), 0));
  EXPECT_EQ(box.bytes(), 3 * cost_of(1));
  EXPECT_EQ(drain(box), "abc");
  EXPECT_EQ(box.bytes(), 0u);
}

TEST(Outbox, LetsControlGoFirstAtEveryFrame) {
  outbox box(1000);
  box.push(buffer("a"), 0);
  box.push(buffer("b"), 0);
  box.push_control(buffer("1"));
  box.push_control(buffer("2"));
  EXPECT_EQ(box.pop().text(), "1");
  EXPECT_EQ(box.pop().text(), "2");
  EXPECT_EQ(box.pop().text(), "a");
  box.push_control(buffer("3"));
  EXPECT_EQ(drain(box), "3b");
}

TEST(Outbox, RefusesWhatWouldPassItsBound) {
  outbox box(cost_of(6) + cost_of(4));
  EXPECT_TRUE(box.push(of(6), 0));
  EXPECT_FALSE(box.push(of(5), 0));
  EXPECT_EQ(box.bytes(), cost_of(6));
  EXPECT_TRUE(box.push(of(4), 0));
  EXPECT_FALSE(box.push(of(1), 0));
  box.pop();
  EXPECT_TRUE(box.push(of(6), 0));
}

TEST(Outbox, BoundsTheSmallestFramesByTheirPlaces) {
  outbox box(100 * cost_of(1));
  std::size_t taken = 0;
  while (taken < 1'000'000 && box.push(of(1), 0)) ++taken;
  EXPECT_EQ(taken, 100u);
}

// A message may be empty, for example an empty line in a protocol of lines.
TEST(Outbox, Writes_empty_frames_in_their_places) {
  outbox box(1000);
  for (const char* text : {"a", "", "b", ""}) EXPECT_TRUE(box.push(buffer(text), 0));
  EXPECT_EQ(box.frames(), 4u);
  for (const char* text : {"a", "", "b", ""}) {
    ASSERT_FALSE(box.empty());
    EXPECT_EQ(box.pop().text(), text);
  }
  EXPECT_TRUE(box.empty());
  EXPECT_EQ(box.bytes(), 0u);
}

TEST(Outbox, Takes_back_a_call_whose_frame_is_empty_once) {
  outbox box(1000);
  EXPECT_TRUE(box.push(buffer(""), 0, 1));
  EXPECT_TRUE(box.push(buffer("a"), 0));
  EXPECT_TRUE(box.take_back(1));
  EXPECT_FALSE(box.take_back(1));
  EXPECT_EQ(drain(box), "a");
}

// Removing the last call also removes its place and the places of calls that were removed before
// it, but no empty frame and no other call.
TEST(Outbox, Keeps_an_empty_frame_before_a_call_that_is_taken_back) {
  outbox box(1000);
  EXPECT_TRUE(box.push(buffer("a"), 0, 1));
  EXPECT_TRUE(box.push(buffer(""), 0));
  EXPECT_TRUE(box.push(buffer("b"), 0, 2));
  EXPECT_TRUE(box.take_back(2));
  EXPECT_EQ(box.frames(), 2u);
  EXPECT_TRUE(box.take_back(1));
  EXPECT_EQ(box.pop().text(), "");
  EXPECT_TRUE(box.empty());
}

TEST(Outbox, CountsWhatTheTransportHolds) {
  outbox box(10 + cost_of(4));
  EXPECT_FALSE(box.push(of(5), 10));
  EXPECT_TRUE(box.push(of(4), 10));
  EXPECT_FALSE(box.push(of(1), 10));
  EXPECT_FALSE(outbox(10).push(of(1), 11));
}

TEST(Outbox, TakesOneMessageOfAnySizeWhenNothingWaits) {
  outbox box(10);
  EXPECT_FALSE(box.push(of(1000), 1));
  EXPECT_TRUE(box.push(of(1000), 0));
  EXPECT_FALSE(box.push(of(1), 0));
}

TEST(Outbox, BoundsControlByItself) {
  outbox box(10);
  std::size_t taken = 0;
  while (box.push_control(of(1000))) ++taken;
  EXPECT_EQ(taken, outbox::max_control / cost_of(1000));
  EXPECT_TRUE(box.push(of(10), 0));  // not counted with the data
  EXPECT_EQ(box.bytes(), cost_of(10));
  box.pop();
  EXPECT_TRUE(box.push_control(of(1000)));
}

TEST(Outbox, WhatWasAdmittedBeforeIsInOrderAndTakesNobodysRoom) {
  outbox box(cost_of(1));
  for (const char* text : {"a", "b", "c"}) box.push_admitted(buffer(text));
  EXPECT_TRUE(box.push(buffer("d"), 0));
  EXPECT_FALSE(box.push(buffer("e"), 0));
  box.push_admitted(buffer("f"));
  EXPECT_EQ(box.bytes(), 5 * cost_of(1));
  EXPECT_EQ(drain(box), "abcdf");
  EXPECT_TRUE(box.push(buffer("e"), 0));
}

TEST(Outbox, TakesBackACallUntilItHasLeft) {
  outbox box(1000);
  box.push(buffer("1"), 0, 1);
  box.push(buffer("e"), 0);
  box.push(buffer("2"), 0, 2);
  box.push(buffer("3"), 0, 3);
  EXPECT_EQ(box.pop().text(), "1");
  EXPECT_FALSE(box.take_back(1));
  EXPECT_TRUE(box.take_back(2));
  EXPECT_FALSE(box.take_back(2));
  EXPECT_FALSE(box.take_back(9));
  EXPECT_EQ(box.bytes(), 2 * cost_of(1) + message_room);  // the place remains until its turn comes
  EXPECT_TRUE(box.take_back(3));
  EXPECT_EQ(box.bytes(), cost_of(1));  // no frame waits behind it
  EXPECT_EQ(drain(box), "e");
  EXPECT_EQ(box.bytes(), 0u);
}

TEST(Outbox, CallsThatAreTakenBackInALoopAreBounded) {
  outbox box(100 * cost_of(1));
  std::uint64_t calls = 0;
  while (calls < 1'000'000 && box.push(of(1), 0, ++calls) && box.push(of(1), 0)) box.take_back(calls);
  EXPECT_LE(calls, 100u);
}

// ---- The limit over all peers.

TEST(Outbox, CountsInTheAccountOfAllUntilItIsGone) {
  const auto total = std::make_shared<account>(100'000);
  {
    outbox one(10'000, total), two(10'000, total);
    one.push(of(10), 0, 1);
    one.push(of(20), 0);
    one.push_admitted(of(30));
    one.push_control(of(40));
    two.push(of(50), 0);
    EXPECT_EQ(total->used(), 150 + 5 * message_room);
    one.take_back(1);
    EXPECT_EQ(total->used(), 140 + 5 * message_room);
    drain(one);
    EXPECT_EQ(total->used(), cost_of(50));
    one.push(of(60), 0);
    one.push_control(of(70));
    one.clear();
    EXPECT_EQ(total->used(), cost_of(50));
  }
  EXPECT_EQ(total->used(), 0u);
}

TEST(Outbox, ThePeersShareWhatIsLeftAndNobodyIsShutOut) {
  constexpr std::size_t most = 1'000'000;
  const auto total = std::make_shared<account>(most);
  std::vector<std::unique_ptr<outbox>> slow;
  for (int i = 0; i < 9; ++i) slow.push_back(std::make_unique<outbox>(most, total));
  for (bool any = true; any;) {
    any = false;
    for (const auto& one : slow) any = one->push(of(1000), 0) || any;
  }
  EXPECT_LE(total->used(), most);
  for (const auto& one : slow) EXPECT_NEAR(static_cast<double>(one->bytes()), most / 10.0, 3000);
  EXPECT_TRUE(slow.front()->total_is_full(1000, 0));
  outbox honest(most, total);
  for (int i = 0; i < 40; ++i) EXPECT_TRUE(honest.push(of(1000), 0));
  slow.clear();
  while (honest.push(of(1000), 0)) {}
  EXPECT_NEAR(static_cast<double>(honest.bytes()), most / 2.0, 3000);
}

TEST(Outbox, AMessageForManyCountsOnceForAllOfThem) {
  const auto total = std::make_shared<account>(1'000'000);
  {
    std::vector<std::unique_ptr<outbox>> all;
    {
      const buffer shared(std::string(16, 'h') + std::string(50'000, 'x'), 16, 4, total);
      EXPECT_EQ(shared.size(), 50'000u);
      for (int i = 0; i < 100; ++i) {
        all.push_back(std::make_unique<outbox>(1'000'000, total));
        EXPECT_TRUE(all.back()->push(shared, 0));
      }
    }
    EXPECT_EQ(total->used(), cost_of(50'016) + 100 * message_room);
    EXPECT_EQ(all.front()->bytes(), cost_of(50'000));  // each is charged the full size in its own count
    for (const auto& one : all) EXPECT_EQ(one->pop().size(), 50'000u);
  }
  EXPECT_EQ(total->used(), 0u);
}

// Frames are pushed, removed and popped at random. The order and both counts equal those of a plain
// list.
TEST(Outbox, KeepsOrderAndCountThroughARandomWalk) {
  struct waiting {
    std::string text;
    std::uint64_t call;
  };
  std::mt19937 random(39);
  const auto total = std::make_shared<account>(1'000'000'000);
  outbox box(1'000'000'000, total);
  std::deque<waiting> model;
  std::uint64_t calls = 0;
  for (int step = 0; step < 20'000; ++step) {
    const auto kind = random() % 8;
    if (kind < 4) {
      const std::uint64_t call = kind < 2 ? ++calls : 0;
      model.push_back({std::to_string(step), call});
      if (kind % 2 == 0) EXPECT_TRUE(box.push(buffer(model.back().text), 0, call));
      else box.push_admitted(buffer(model.back().text), call);
    } else if (kind < 6) {
      const std::uint64_t call = calls == 0 ? 0 : calls - random() % std::min<std::uint64_t>(calls, 40);
      const auto found = std::find_if(model.begin(), model.end(), [&](const waiting& one) { return call != 0 && one.call == call; });
      EXPECT_EQ(box.take_back(call), found != model.end());
      if (found != model.end()) model.erase(found);
    } else if (!model.empty()) {
      EXPECT_EQ(box.pop().text(), model.front().text);
      model.pop_front();
    }
    ASSERT_EQ(box.empty(), model.empty());
    ASSERT_EQ(total->used(), box.bytes());
  }
  while (!model.empty()) {
    EXPECT_EQ(box.pop().text(), model.front().text);
    model.pop_front();
  }
  EXPECT_EQ(total->used(), 0u);
  EXPECT_EQ(box.bytes(), 0u);
}

TEST(Outbox, TakesBackNothingButCalls) {
  outbox box(1000);
  box.push(buffer("event"), 0);
  EXPECT_FALSE(box.take_back(0));
  EXPECT_EQ(drain(box), "event");
}

TEST(Outbox, ForgetsEverything) {
  outbox box(1000);
  box.push(of(10), 0, 1);
  while (box.push_control(of(1000))) {}
  box.clear();
  EXPECT_TRUE(box.empty());
  EXPECT_EQ(box.bytes(), 0u);
  EXPECT_FALSE(box.take_back(1));
  EXPECT_TRUE(box.push_control(of(outbox::max_control - message_room)));
  EXPECT_TRUE(box.push(of(10), 0));
}

TEST(Outbox, TakesBackCallsThatWereAbandoned) {
  outbox box(100'000);
  ASSERT_TRUE(box.push(of(1), 0, 1));
  box.pop();
  ASSERT_TRUE(box.push(of(1), 0, 2));
  ASSERT_TRUE(box.push(of(1), 0));
  ASSERT_TRUE(box.push(of(1), 0, 3));
  box.abandon(4);
  EXPECT_TRUE(box.empty());
  EXPECT_EQ(box.bytes(), 0u);
  EXPECT_FALSE(box.take_back(1)) << "it has left";
  for (const std::uint64_t never : {2u, 3u, 4u}) EXPECT_TRUE(box.take_back(never)) << never;

  outbox full(0);
  full.abandon(7);
  EXPECT_FALSE(full.take_back(6));
  EXPECT_TRUE(full.take_back(7));

  outbox other(0);
  other.abandon(0);
  EXPECT_FALSE(other.take_back(6));
}

}  // namespace
