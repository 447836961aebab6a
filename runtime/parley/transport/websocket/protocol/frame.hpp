// Heads of whole, final data frames (RFC 6455 section 5.2), and the bits of all heads.
#pragma once

#include "parley/transport/message.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace parley::transport {

namespace frame_bits {
constexpr unsigned char final_bit = 0x80;  // in the first byte
constexpr unsigned char opcode_bits = 0x0F;
constexpr unsigned char first_control = 8;  // this opcode and all above it are control frames
constexpr unsigned char text = 1;
constexpr unsigned char binary = 2;
constexpr unsigned char close = 8;
constexpr unsigned char mask_bit = 0x80;  // in the second byte
constexpr unsigned char length_bits = 0x7F;
constexpr unsigned char in_two_bytes = 126;  // the length is in the next two bytes
constexpr unsigned char in_eight_bytes = 127;
constexpr std::size_t mask_size = 4;
constexpr std::size_t largest_head = 14;

// The number of bytes after the first two that hold the length.
constexpr std::size_t extended_size(unsigned char second) noexcept {
  const int code = second & length_bits;
  return code == in_two_bytes ? 2 : code == in_eight_bytes ? 8 : 0;
}
constexpr std::size_t head_size(unsigned char second) noexcept {
  return 2 + extended_size(second) + ((second & mask_bit) != 0 ? mask_size : 0);
}
}  // namespace frame_bits

// 2, 4 or 10 bytes, plus 4 with a mask.
class frame_head {
 public:
  frame_head(opcode kind, std::size_t payload_size) noexcept;
  // A client's frame. RFC 6455 section 5.3 requires a mask that nobody can predict.
  frame_head(opcode kind, std::size_t payload_size, std::uint32_t mask) noexcept;
  std::string_view bytes() const noexcept { return {bytes_.data(), size_}; }
  // Writes the head to the beginning of `room` and returns the end of it. The rest of `room` may be
  // overwritten with any bytes.
  char* copy_to(std::span<char> room) const noexcept {
    // A copy of constant length is cheaper than a call with a variable length.
    if (room.size() >= sizeof bytes_) std::memcpy(room.data(), bytes_.data(), sizeof bytes_);
    else std::memcpy(room.data(), bytes_.data(), size_);
    return room.data() + size_;
  }

 private:
  std::array<char, frame_bits::largest_head> bytes_{};
  std::size_t size_ = 2;
};

}  // namespace parley::transport
