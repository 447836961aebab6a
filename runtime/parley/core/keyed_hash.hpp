// A hash that nobody can predict without the key, for tables that are indexed by what a peer chooses:
// SipHash-2-4 (Aumasson, Bernstein: "SipHash: a fast short-input PRF") of 16 bytes.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace parley {

struct hash_key {
  std::uint64_t a = 0, b = 0;
};

constexpr std::uint64_t keyed_hash(const hash_key& key, const std::array<std::uint8_t, 16>& bytes) noexcept {
  std::uint64_t v0 = key.a ^ 0x736f6d6570736575U, v1 = key.b ^ 0x646f72616e646f6dU;
  std::uint64_t v2 = key.a ^ 0x6c7967656e657261U, v3 = key.b ^ 0x7465646279746573U;
  const auto rounds = [&](int count) {
    for (; count != 0; --count) {
      v0 += v1;
      v1 = std::rotl(v1, 13) ^ v0;
      v0 = std::rotl(v0, 32);
      v2 += v3;
      v3 = std::rotl(v3, 16) ^ v2;
      v0 += v3;
      v3 = std::rotl(v3, 21) ^ v0;
      v2 += v1;
      v1 = std::rotl(v1, 17) ^ v2;
      v2 = std::rotl(v2, 32);
    }
  };
  const auto take = [&](std::uint64_t word) {
    v3 ^= word;
    rounds(2);
    v0 ^= word;
  };
  for (std::size_t from = 0; from < bytes.size(); from += 8) {
    std::uint64_t word = 0;
    for (std::size_t i = 8; i-- > 0;) word = word << 8 | bytes[from + i];
    take(word);
  }
  take(std::uint64_t{bytes.size()} << 56);
  v2 ^= 0xFF;
  rounds(4);
  return v0 ^ v1 ^ v2 ^ v3;
}

}  // namespace parley
