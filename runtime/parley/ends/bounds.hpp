// Converts the limits in options to the numbers of the protocol.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace parley {

// A larger limit becomes the largest number. Cutting off its upper bits would make it a small limit, or none.
constexpr std::uint32_t wire_limit(std::size_t bytes) noexcept {
  return static_cast<std::uint32_t>(std::min<std::size_t>(bytes, std::numeric_limits<std::uint32_t>::max()));
}

constexpr std::size_t with_room(std::size_t bytes, std::size_t more) noexcept {
  return bytes > std::numeric_limits<std::size_t>::max() - more ? std::numeric_limits<std::size_t>::max() : bytes + more;
}

// The envelope comes on top of the payload (wire/limits.hpp), and a little more so that a payload just over its limit is answered.
inline constexpr std::size_t envelope_room = 8 * 1024;

}  // namespace parley
