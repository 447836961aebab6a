#include "parley/transport/websocket/protocol/frame_reader.hpp"

#include "parley/transport/text.hpp"
#include "parley/transport/websocket/protocol/masking.hpp"

#include <simdjson.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace parley::transport {
namespace {

using namespace frame_bits;
using found = frame_reader::found;
using piece = frame_reader::piece;

// The first allocation for a large frame, in bytes.
constexpr std::size_t least_large = 4 * 1024;
// The memory for a large frame is at most this many times what has arrived.
constexpr std::size_t growth = 4;

const unsigned char* raw(const char* bytes) noexcept { return reinterpret_cast<const unsigned char*>(bytes); }

opcode kind_of(unsigned char first) noexcept { return (first & opcode_bits) == text ? opcode::text : opcode::binary; }

std::uint64_t length_in(const unsigned char* head) noexcept {
  const std::size_t extended = extended_size(head[1]);
  if (extended == 0) return head[1] & length_bits;
  std::uint64_t length = 0;
  for (std::size_t i = 0; i < extended; ++i) length = length << 8 | head[2 + i];
  return length;
}

bool is_padded(const unsigned char* head, std::uint64_t length) noexcept {
  const std::size_t extended = extended_size(head[1]);
  return (extended == 2 && length < in_two_bytes) || (extended == 8 && length <= 0xFFFF);
}

std::uint32_t mask_in(const unsigned char* head) noexcept {
  std::uint32_t mask = 0;
  if ((head[1] & mask_bit) != 0) std::memcpy(&mask, head + head_size(head[1]) - mask_size, mask_size);
  return mask;
}

// The size without the last character if that character is incomplete.
std::size_t whole_characters(const char* text, std::size_t size) noexcept {
  for (std::size_t back = 1; back <= 3 && back <= size; ++back) {
    const unsigned char byte = raw(text)[size - back];
    if (byte < 0x80) return size;
    if (byte < 0xC0) continue;
    const std::size_t length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2;
    return length > back ? size - back : size;
  }
  return size;
}

}  // namespace

bool frame_reader::is_plain(unsigned char first, unsigned char second) const noexcept {
  return rules_.fast_path && !in_fragments_ && (first == (final_bit | text) || first == (final_bit | binary)) &&
         (((second & mask_bit) != 0) == rules_.server || masks_are_optional_);
}

opcode frame_reader::kind() const noexcept { return kind_of(head_[0]); }

// For a complete head. Nothing else limits the number of such frames, because no message grows by
// them.
bool frame_reader::brings_no_data() const noexcept {
  const unsigned code = head_[0] & opcode_bits;
  if (code >= first_control) return code != close;
  return left_ == 0 && (head_[0] & final_bit) == 0;
}

[[gnu::hot]] piece frame_reader::next(std::span<char>& bytes) {
  if (have_ == 0 && bytes.size() >= 2) {
    // A plain frame that has arrived in one piece.
    const unsigned char* head = raw(bytes.data());
    const std::size_t size = head_size(head[1]);
    if (is_plain(head[0], head[1]) && bytes.size() >= size) {
      const std::uint64_t length = length_in(head);
      if (length <= bytes.size() - size && length <= rules_.max_message && !is_padded(head, length)) {
        const opcode kind = kind_of(head[0]);
        const std::uint32_t mask = mask_in(head);
        const std::span<char> payload = bytes.subspan(size, static_cast<std::size_t>(length));
        bytes = bytes.subspan(size + payload.size());
        return whole_in_place(kind, payload, mask);
      }
    }
  }
  if (have_ < need_) {
    while (have_ < need_ && !bytes.empty()) {
      head_[have_++] = static_cast<unsigned char>(bytes.front());
      bytes = bytes.subspan(1);
      if (have_ == 2) {
        need_ = static_cast<std::uint8_t>(head_size(head_[1]));
        plain_ = is_plain(head_[0], head_[1]);
        if ((head_[0] & opcode_bits) < first_control && !plain_) in_fragments_ = (head_[0] & final_bit) == 0;
      }
    }
    if (have_ < 2) return {};
    if (have_ == need_) return judge_head(bytes);
    return plain_ ? piece{} : pass_on(bytes);
  }
  if (!plain_) return pass_on(bytes);

  const std::size_t count = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
  if (capacity_ - size_ < count) reserve(size_ + count);
  std::memcpy(large_.get() + size_, bytes.data(), count);
  bytes = bytes.subspan(count);
  return grown(count);
}

piece frame_reader::judge_head(std::span<char>& bytes) {
  left_ = length_in(head_.data());
  if (is_padded(head_.data(), left_)) return {.what = found::padded, .kind = {}, .head = {}, .bytes = {}};
  plain_ = plain_ && left_ <= rules_.max_message;
  if (!plain_) return pass_on(bytes);
  if (left_ > bytes.size()) return begin_large(bytes);
  const std::span<char> payload = bytes.first(static_cast<std::size_t>(left_));
  bytes = bytes.subspan(payload.size());
  const opcode what = kind();
  const std::uint32_t mask = mask_in(head_.data());
  frame_is_over();
  return whole_in_place(what, payload, mask);
}

// Moves the payload down to the previous aligned address, over the head or over a message that was
// delivered before.
[[gnu::hot]] piece frame_reader::whole_in_place(opcode what, std::span<char> payload, std::uint32_t mask) {
  char* const to = payload.data() - reinterpret_cast<std::uintptr_t>(payload.data()) % alignof(std::uint64_t);
  if (rules_.server || mask != 0) mask_bytes(to, payload.data(), payload.size(), mask);
  else if (to != payload.data()) std::memmove(to, payload.data(), payload.size());
  payload = {to, payload.size()};
  if (what == opcode::text && !simdjson::validate_utf8(payload.data(), payload.size()) && !rules_.manners.any_text)
    return refused(what, payload, payload.size());
  return {.what = found::message, .kind = what, .head = {}, .bytes = payload};
}

// ---- Frames that arrive in parts.

piece frame_reader::begin_large(std::span<char>& bytes) {
  size_ = checked_ = 0;
  if (bytes.empty()) return {};
  return next(bytes);
}

// Unmasks and checks the next `count` bytes, once.
piece frame_reader::grown(std::size_t count) {
  char* const begin = large_.get();
  if (rules_.server || masks_are_optional_) mask_bytes(begin + size_, begin + size_, count, mask_in(head_.data()), size_);
  size_ += count;
  left_ -= count;
  const opcode what = kind();
  if (what == opcode::text && !rules_.manners.any_text) {
    const std::size_t whole = left_ == 0 ? size_ : whole_characters(begin, size_);
    const bool right = (whole <= checked_ || simdjson::validate_utf8(begin + checked_, whole - checked_)) &&
                       (whole == size_ || begins_character({begin + whole, size_ - whole}));
    if (!right) {
      frame_is_over();
      return refused(what, {begin, size_}, size_ + static_cast<std::size_t>(left_));
    }
    checked_ = std::max(checked_, whole);
  }
  if (left_ > 0) return {};
  frame_is_over();
  return {.what = found::message, .kind = what, .head = {}, .bytes = {begin, size_}};
}

std::span<char> frame_reader::room() {
  if (have_ == 0 || have_ < need_ || !plain_) return {};
  if (size_ == capacity_) reserve(size_ + 1);
  return {large_.get() + size_, static_cast<std::size_t>(std::min<std::uint64_t>(left_, capacity_ - size_))};
}

piece frame_reader::filled(std::size_t count) { return grown(count); }

void frame_reader::reserve(std::size_t capacity) {
  capacity = static_cast<std::size_t>(std::min<std::uint64_t>(size_ + left_, std::max(capacity * growth, least_large)));
  auto larger = std::make_unique_for_overwrite<char[]>(capacity);
  if (size_ > 0) std::memcpy(larger.get(), large_.get(), size_);
  large_ = std::move(larger);
  capacity_ = capacity;
}

void frame_reader::rest() noexcept {
  if (have_ > 0 || !large_) return;
  large_.reset();
  capacity_ = 0;
}

// ---- Frames for websocketpp.

piece frame_reader::pass_on(std::span<char>& bytes) {
  if (masks_are_optional_ && (unmasking_ || (head_[1] & mask_bit) != 0)) return pass_on_unmasked(bytes);
  piece out{.what = found::foreign,
            .kind = {},
            .head = {reinterpret_cast<char*>(head_.data()) + passed_, std::size_t{have_} - passed_},
            .bytes = {}};
  const bool complete = passed_ < have_ && have_ == need_;
  passed_ = have_;
  if (have_ < need_) return out;
  out.without_data = complete && brings_no_data();
  out.bytes = bytes.first(static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size())));
  bytes = bytes.subspan(out.bytes.size());
  left_ -= out.bytes.size();
  if (left_ == 0) frame_is_over();
  return out;
}

// Passes on a server's masked frame as if it had no mask. The head is passed on only when it is
// complete, because it becomes shorter.
piece frame_reader::pass_on_unmasked(std::span<char>& bytes) {
  if (have_ < need_) return {};
  piece out{.what = found::foreign, .kind = {}, .head = {}, .bytes = {}};
  if (!std::exchange(unmasking_, true)) {
    mask_ = mask_in(head_.data());
    turn_ = 0;
    head_[1] &= length_bits;
    out.head = {reinterpret_cast<char*>(head_.data()), std::size_t{have_} - mask_size};
    out.without_data = brings_no_data();
  }
  out.bytes = bytes.first(static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size())));
  bytes = bytes.subspan(out.bytes.size());
  mask_bytes(out.bytes.data(), out.bytes.data(), out.bytes.size(), mask_, turn_);
  turn_ = static_cast<std::uint8_t>((turn_ + out.bytes.size()) % mask_size);
  left_ -= out.bytes.size();
  if (left_ == 0) frame_is_over();
  return out;
}

// Writes the head again. Its mask is 0, which changes nothing.
piece frame_reader::refused(opcode what, std::span<char> payload, std::size_t promised) {
  const frame_head head = rules_.server ? frame_head(what, promised, 0) : frame_head(what, promised);
  std::memcpy(head_.data(), head.bytes().data(), head.bytes().size());
  return {.what = found::not_utf8, .kind = what, .head = {reinterpret_cast<char*>(head_.data()), head.bytes().size()}, .bytes = payload};
}

void frame_reader::frame_is_over() noexcept {
  have_ = passed_ = 0;
  need_ = 2;
  unmasking_ = false;
}

}  // namespace parley::transport
