// Compares the index with a map of the standard library, using hashes that collide on purpose.
#include "parley/core/flat_index.hpp"
#include "parley/core/ring.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <memory>
#include <random>

namespace {

using parley::flat_index;
using parley::ring;

TEST(FlatIndex, FindsNothingInAnEmptyOne) {
  EXPECT_EQ(flat_index().find(0, [](auto) { return true; }), flat_index::none);
}

// The positions are the keys here, and the hash distinguishes only a few of them.
TEST(FlatIndex, AgreesWithAMapHoweverHashesCollide) {
  for (const std::uint32_t different : {1u, 3u, 16u, 1'000'000u}) {
    std::mt19937 random(different);
    const auto hash = [&](std::uint32_t key) { return key % different; };
    flat_index index;
    std::map<std::uint32_t, bool> there;
    for (int step = 0; step < 20'000; ++step) {
      const auto key = static_cast<std::uint32_t>(random() % 200);
      const bool shrinking = step / 2000 % 2 == 1;
      const auto at = index.find(hash(key), [&](auto p) { return p == key; });
      ASSERT_EQ(at, there[key] ? key : flat_index::none);
      if (there[key] && (shrinking || random() % 2 == 0)) {
        index.remove(hash(key), key);
        there[key] = false;
      } else if (!there[key] && (!shrinking || random() % 8 == 0)) {
        index.add(hash(key), key);
        there[key] = true;
      }
    }
    for (std::uint32_t key = 0; key < 200; ++key)
      EXPECT_EQ(index.find(hash(key), [&](auto p) { return p == key; }), there[key] ? key : flat_index::none);
  }
}

TEST(FlatIndex, FollowsWhatMoves) {
  flat_index index;
  for (std::uint32_t p = 0; p < 10; ++p) index.add(5, p);
  index.move(5, 3, 30);
  EXPECT_EQ(index.find(5, [](auto p) { return p == 30; }), 30u);
  EXPECT_EQ(index.find(5, [](auto p) { return p == 3; }), flat_index::none);
  EXPECT_EQ(index.size(), 10u);
}

TEST(Ring, IsAQueueThatTakesElementsOutOfItsMiddle) {
  std::mt19937 random(1);
  ring<std::unique_ptr<int>> queue;
  std::deque<int> expected;
  int next = 0;
  for (int step = 0; step < 20'000; ++step) {
    const bool growing = step / 1000 % 2 == 0;
    switch (random() % 4) {
      case 0:
        if (!queue.empty()) {
          EXPECT_EQ(*queue.pop_front(), expected.front());
          expected.pop_front();
        }
        break;
      case 1:
        if (!queue.empty() && !growing) {
          const std::size_t at = random() % queue.size();
          queue.erase(at);
          expected.erase(expected.begin() + static_cast<std::ptrdiff_t>(at));
        }
        break;
      default:
        if (growing) {
          queue.push_back(std::make_unique<int>(next));
          expected.push_back(next++);
        }
    }
    ASSERT_EQ(queue.size(), expected.size());
    if (!queue.empty()) {
      ASSERT_EQ(*queue.front(), expected.front());
      ASSERT_EQ(*queue[queue.size() - 1], expected.back());
    }
  }
  queue.clear();
  EXPECT_TRUE(queue.empty());
}

}  // namespace
