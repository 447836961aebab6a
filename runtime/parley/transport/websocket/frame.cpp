#include "parley/transport/websocket/frame.hpp"

#include <algorithm>
#include <cstring>

namespace parley::transport {
namespace {

constexpr unsigned char final_bit = 0x80;
constexpr unsigned char mask_bit = 0x80;
constexpr unsigned char length_bits = 0x7F;
constexpr std::size_t in_two_bytes = 126;
constexpr std::size_t in_eight_bytes = 127;

std::size_t extended_size(std::size_t short_length) noexcept {
  return short_length == in_two_bytes ? 2 : short_length == in_eight_bytes ? 8 : 0;
}

}  // namespace

frame_head::frame_head(opcode kind, std::size_t payload_size) {
  bytes_[0] = static_cast<char>(final_bit | (kind == opcode::text ? 1 : 2));
  const std::size_t short_length = payload_size < in_two_bytes ? payload_size : payload_size <= 0xFFFF ? in_two_bytes : in_eight_bytes;
  bytes_[1] = static_cast<char>(short_length);
  size_ = 2;
  for (std::size_t left = extended_size(short_length); left-- > 0;)
    bytes_[size_++] = static_cast<char>(static_cast<std::uint64_t>(payload_size) >> (8 * left));
}

frame_head::frame_head(opcode kind, std::size_t payload_size, std::uint32_t mask) : frame_head(kind, payload_size) {
  bytes_[1] = static_cast<char>(static_cast<unsigned char>(bytes_[1]) | mask_bit);
  std::memcpy(bytes_.data() + size_, &mask, sizeof mask);
  size_ += sizeof mask;
}

void append_masked(std::string& out, std::string_view payload, std::uint32_t mask) {
  const std::size_t begin = out.size();
  out.append(payload);
  const std::uint64_t twice = static_cast<std::uint64_t>(mask) << 32 | mask;
  std::size_t at = 0;
  for (; at + sizeof twice <= payload.size(); at += sizeof twice) {
    std::uint64_t word;
    std::memcpy(&word, out.data() + begin + at, sizeof word);
    word ^= twice;
    std::memcpy(out.data() + begin + at, &word, sizeof word);
  }
  std::array<char, sizeof mask> key;
  std::memcpy(key.data(), &mask, sizeof mask);
  for (; at < payload.size(); ++at) out[begin + at] = static_cast<char>(out[begin + at] ^ key[at % sizeof mask]);
}

std::size_t frame_splitter::next(std::span<const char> bytes) {
  padded_ = false;
  std::size_t used = 0;
  while (have_ < need_ && used < bytes.size()) {
    head_[have_++] = static_cast<unsigned char>(bytes[used++]);
    if (have_ == 2) need_ = 2 + extended_size(head_[1] & length_bits) + ((head_[1] & mask_bit) ? 4 : 0);
    if (have_ == need_) head_complete();
  }
  if (have_ == need_) {
    const std::uint64_t part = std::min<std::uint64_t>(payload_, bytes.size() - used);
    used += static_cast<std::size_t>(part);
    payload_ -= part;
    if (payload_ == 0) {
      have_ = 0;
      need_ = 2;
    }
  }
  return used;
}

void frame_splitter::head_complete() {
  const std::size_t short_length = head_[1] & length_bits;
  payload_ = short_length;
  if (const std::size_t extended = extended_size(short_length)) {
    payload_ = 0;
    for (std::size_t i = 0; i < extended; ++i) payload_ = payload_ << 8 | head_[2 + i];
    padded_ = payload_ < in_two_bytes || (short_length == in_eight_bytes && payload_ <= 0xFFFF);
  }
}

}  // namespace parley::transport
