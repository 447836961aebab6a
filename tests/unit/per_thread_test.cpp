// One object for each thread: where thread_local objects are destroyed and where they are not.
#include "parley/core/per_thread.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace parley {
namespace {

int alive = 0;  // changed by one thread at a time

struct counted {
  counted() { ++alive; }
  ~counted() { --alive; }
  int value = 0;
};

TEST(per_thread, Each_thread_has_an_object_of_its_own) {
  struct number {
    int value = 1;
  };
  per_thread<number>().value = 2;
  int seen = 0;
  std::thread([&] { seen = per_thread<number>().value; }).join();
  EXPECT_EQ(seen, 1);
  EXPECT_EQ(per_thread<number>().value, 2);
}

TEST(per_thread, The_object_ends_with_its_thread) {
  struct ends_with_the_thread : counted {};
  std::thread([] {
    per_thread<ends_with_the_thread, true>().value = 1;
    EXPECT_EQ(alive, 1);
  }).join();
  EXPECT_EQ(alive, 0);
}

TEST(per_thread, Where_thread_locals_are_not_destroyed_the_object_outlives_its_thread) {
  struct stays : counted {};
  stays* left = nullptr;
  std::thread([&] {
    left = &per_thread<stays, false>();
    EXPECT_EQ((&per_thread<stays, false>()), left);
  }).join();
  EXPECT_EQ(alive, 1);
  delete left;
}

}  // namespace
}  // namespace parley
