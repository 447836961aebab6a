// Heads of whole, final data frames (RFC 6455 section 5.2), and the bits that all heads are made of.
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
constexpr unsigned char final_bit = 0x80;  // of the first byte
constexpr unsigned char opcode_bits = 0x0F;
constexpr unsigned char first_control = 8;  // opcodes from here on are control frames
constexpr unsigned char text = 1;
constexpr unsigned char binary = 2;
constexpr unsigned char close = 8;
constexpr unsigned char mask_bit = 0x80;  // of the second byte
constexpr unsigned char length_bits = 0x7F;
constexpr unsigned char in_two_bytes = 126;  // the length follows
constexpr unsigned char in_eight_bytes = 127;
constexpr std::size_t mask_size = 4;
constexpr std::size_t largest_head = 14;

// Bytes that follow the first two and hold the length.
constexpr std::size_t extended_size(unsigned char second) noexcept {
  const int code = second & length_bits;
  return code == in_two_bytes ? 2 : code == in_eight_bytes ? 8 : 0;
}
constexpr std::size_t head_size(unsigned char second) noexcept {
  return 2 + extended_size(second) + ((second & mask_bit) != 0 ? mask_size : 0);
}
}  // namespace frame_bits

// 2, 4 or 10 bytes, and 4 more when there is a mask.
class frame_head {
 public:
  frame_head(opcode kind, std::size_t payload_size) noexcept;
  // A client's: RFC 6455 5.3 wants a mask that nobody can foretell.
  frame_head(opcode kind, std::size_t payload_size, std::uint32_t mask) noexcept;
  std::string_view bytes() const noexcept { return {bytes_.data(), size_}; }
  // Writes it where `room` begins: the end of it, from where on `room` may hold anything until the payload is there.
  char* copy_to(std::span<char> room) const noexcept {
    // Of one length wherever it fits: less than a call for as many bytes as there are.
    if (room.size() >= sizeof bytes_) std::memcpy(room.data(), bytes_.data(), sizeof bytes_);
    else std::memcpy(room.data(), bytes_.data(), size_);
    return room.data() + size_;
  }

 private:
  std::array<char, frame_bits::largest_head> bytes_{};
  std::size_t size_ = 2;
};

}  // namespace parley::transport
