// Converts the limits in options to the numbers of the protocol.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace parley {

// A limit that exceeds the range becomes the largest number. Without its upper bits it would be a
// small limit, or none.
constexpr std::uint32_t wire_limit(std::size_t bytes) noexcept {
  return static_cast<std::uint32_t>(std::min<std::size_t>(bytes, std::numeric_limits<std::uint32_t>::max()));
}

constexpr std::size_t with_room(std::size_t bytes, std::size_t more) noexcept {
  return bytes > std::numeric_limits<std::size_t>::max() - more ? std::numeric_limits<std::size_t>::max() : bytes + more;
}

// Room for the envelope in addition to the payload (wire/limits.hpp), plus some bytes, so that a
// payload slightly over its limit is answered instead of closing the connection.
inline constexpr std::size_t envelope_room = 8 * 1024;

}  // namespace parley
