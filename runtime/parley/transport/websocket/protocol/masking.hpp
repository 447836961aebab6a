// Masking (RFC 6455 section 5.3), a word at a time. Masking twice restores the content.
#pragma once

#include <cstddef>
#include <cstdint>

namespace parley::transport {

// Writes `size` bytes from `from`, masked, to `to`. `to` may equal `from`, be an earlier address
// whose range overlaps, or be a separate range. `mask` holds the four bytes of the mask in memory
// order. `offset` is the number of payload bytes that came before.
void mask_bytes(char* to, const char* from, std::size_t size, std::uint32_t mask, std::size_t offset = 0) noexcept;

}  // namespace parley::transport
