// Masking (RFC 6455 section 5.3), a word at a time. What it does it undoes.
#pragma once

#include <cstddef>
#include <cstdint>

namespace parley::transport {

// Writes `size` bytes from `from`, masked, to `to`: the same place, an earlier one that may overlap, or one apart from it. `mask`: its
// four bytes in memory are the mask's, first byte first. `offset`: how much of the payload came before.
void mask_bytes(char* to, const char* from, std::size_t size, std::uint32_t mask, std::size_t offset = 0) noexcept;

}  // namespace parley::transport
