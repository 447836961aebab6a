#include "parley/transport/websocket/protocol/frame.hpp"

#include <cstring>
#include <memory>
#include <string>
#include <utility>

namespace parley::transport {

using namespace frame_bits;

frame_head::frame_head(opcode kind, std::size_t payload_size) noexcept {
  bytes_[0] = static_cast<char>(final_bit | (kind == opcode::text ? text : binary));
  const std::size_t code = payload_size < in_two_bytes ? payload_size : payload_size <= 0xFFFF ? in_two_bytes : in_eight_bytes;
  bytes_[1] = static_cast<char>(code);
  for (std::size_t left = extended_size(static_cast<unsigned char>(code)); left-- > 0;)
    bytes_[size_++] = static_cast<char>(static_cast<std::uint64_t>(payload_size) >> (8 * left));
}

frame_head::frame_head(opcode kind, std::size_t payload_size, std::uint32_t mask) noexcept : frame_head(kind, payload_size) {
  bytes_[1] = static_cast<char>(static_cast<unsigned char>(bytes_[1]) | mask_bit);
  std::memcpy(bytes_.data() + size_, &mask, sizeof mask);
  size_ += sizeof mask;
}

buffer framed_once(std::string_view content, opcode kind, std::shared_ptr<account> held) {
  constexpr std::size_t room = 16;  // keeps the content 8-aligned
  const frame_head head(kind, content.size());
  const std::size_t size = head.bytes().size();
  std::string whole;
  whole.reserve(room + content.size());
  whole.append(room - size, '\0').append(head.bytes()).append(content);
  if (!held) return buffer(std::move(whole), room, size);
  return buffer(std::move(whole), room, size, std::move(held));
}

}  // namespace parley::transport
