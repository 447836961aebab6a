// SHA-256 (FIPS 180-4), for method ids and fingerprints. Not suitable for secrets, because memory
// is not wiped.
#pragma once

#include "parley/core/bytes.hpp"

#include <array>
#include <cstdint>

namespace parley::wire {

using sha256_digest = std::array<std::uint8_t, 32>;

// The digest of up to 2^61 bytes. Allocates nothing.
sha256_digest sha256(bytes_view content) noexcept;

// The first four or eight bytes, read as big-endian.
constexpr std::uint32_t first_32(const sha256_digest& d) noexcept {
  return std::uint32_t{d[0]} << 24 | std::uint32_t{d[1]} << 16 | std::uint32_t{d[2]} << 8 | d[3];
}
constexpr std::uint64_t first_64(const sha256_digest& d) noexcept {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i) value = value << 8 | d[i];
  return value;
}

}  // namespace parley::wire
