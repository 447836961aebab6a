#include "parley/session/outbox.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using parley::buffer;
using parley::session::outbox;

buffer of(std::size_t size, char fill = 'x') { return buffer(std::string(size, fill)); }

std::string drain(outbox& box) {
  std::string all;
  while (!box.empty()) all += box.pop().text();
  return all;
}

TEST(Outbox, WritesInOrder) {
  outbox box(100);
  for (const char* text : {"a", "b", "c"}) EXPECT_TRUE(box.push(buffer(text), 0));
  EXPECT_EQ(box.bytes(), 3u);
  EXPECT_EQ(drain(box), "abc");
  EXPECT_EQ(box.bytes(), 0u);
}

TEST(Outbox, LetsControlGoFirstAtEveryFrame) {
  outbox box(100);
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
  outbox box(10);
  EXPECT_TRUE(box.push(of(6), 0));
  EXPECT_FALSE(box.push(of(5), 0));
  EXPECT_EQ(box.bytes(), 6u);
  EXPECT_TRUE(box.push(of(4), 0));
  EXPECT_FALSE(box.push(of(1), 0));
  box.pop();
  EXPECT_TRUE(box.push(of(6), 0));
}

TEST(Outbox, CountsWhatTheTransportHolds) {
  outbox box(10);
  EXPECT_FALSE(box.push(of(5), 6));
  EXPECT_TRUE(box.push(of(4), 6));
  EXPECT_FALSE(box.push(of(1), 6));
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
  EXPECT_EQ(taken, outbox::max_control / 1000);
  EXPECT_TRUE(box.push(of(10), 0));  // not counted with the data
  EXPECT_EQ(box.bytes(), 10u);
  box.pop();
  EXPECT_TRUE(box.push_control(of(1000)));
}

TEST(Outbox, TakesBackACallUntilItHasLeft) {
  outbox box(100);
  box.push(buffer("1"), 0, 1);
  box.push(buffer("e"), 0);
  box.push(buffer("2"), 0, 2);
  box.push(buffer("3"), 0, 3);
  EXPECT_EQ(box.pop().text(), "1");
  EXPECT_FALSE(box.take_back(1));
  EXPECT_TRUE(box.take_back(2));
  EXPECT_FALSE(box.take_back(2));
  EXPECT_FALSE(box.take_back(9));
  EXPECT_EQ(box.bytes(), 2u);
  EXPECT_EQ(drain(box), "e3");
}

TEST(Outbox, TakesBackNothingButCalls) {
  outbox box(100);
  box.push(buffer("event"), 0);
  EXPECT_FALSE(box.take_back(0));
  EXPECT_EQ(drain(box), "event");
}

TEST(Outbox, ForgetsEverything) {
  outbox box(10);
  box.push(of(10), 0, 1);
  while (box.push_control(of(1000))) {}
  box.clear();
  EXPECT_TRUE(box.empty());
  EXPECT_EQ(box.bytes(), 0u);
  EXPECT_FALSE(box.take_back(1));
  EXPECT_TRUE(box.push_control(of(outbox::max_control)));
  EXPECT_TRUE(box.push(of(10), 0));
}

}  // namespace
