// Random bytes of every size, all of them filled.
#include "parley/core/random.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace parley {
namespace {

TEST(random_bytes, All_bytes_are_filled_whatever_the_size) {
  for (const std::size_t size : {0u, 1u, 255u, 256u, 257u, 1000u}) {
    // Bytes that are zero in 16 runs were not filled. By chance this has probability 2^-128.
    std::vector<bool> filled(size);
    for (int round = 0; round < 16; ++round) {
      std::vector<std::byte> bytes(size);
      fill_random(bytes);
      for (std::size_t i = 0; i < size; ++i)
        if (bytes[i] != std::byte{0}) filled[i] = true;
    }
    EXPECT_TRUE(std::all_of(filled.begin(), filled.end(), [](bool is) { return is; })) << size;
  }
}

TEST(random_bytes, No_two_fillings_are_equal) {
  std::vector<std::byte> one(32);
  std::vector<std::byte> other(32);
  fill_random(one);
  fill_random(other);
  EXPECT_NE(one, other);
}

}  // namespace
}  // namespace parley
