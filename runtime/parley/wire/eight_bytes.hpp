// Processes texts eight bytes at a time. Most texts are short, and a call or a step for each byte
// would cost more than the work on it. Private to wire.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace parley::wire {

constexpr std::uint64_t eight(std::uint8_t byte) noexcept { return std::uint64_t{0x0101010101010101} * byte; }

// Zero if and only if no byte of the word is zero.
constexpr std::uint64_t zeros(std::uint64_t word) noexcept { return (word - eight(1)) & ~word & eight(0x80); }

// Parses the eight digits at `at`. Returns false if another character is among them. Little-endian,
// like all of wire (flat.hpp).
inline bool eight_digits(const char* at, std::uint64_t& number) noexcept {
  std::uint64_t word;
  std::memcpy(&word, at, sizeof word);
  // The upper half of a digit's byte is 3. It is still 3 after 6 is added to the lower half, which
  // excludes the characters after '9'.
  if (((word & eight(0xF0)) | ((word + eight(6)) & eight(0xF0)) >> 4) != eight(0x33)) return false;
  // Combines neighbours into one number with twice the digits, three times.
  word = (word & eight(0x0F)) * (10 * 0x100 + 1) >> 8;
  word = (word & 0x00FF'00FF'00FF'00FF) * (100 * 0x1'0000 + 1) >> 16;
  number = (word & 0x0000'FFFF'0000'FFFF) * (10'000 * 0x1'0000'0000 + 1) >> 32;
  return true;
}

// Whether `odd` is zero for every eight bytes of the text. The last ones are padded with spaces.
// The order of the bytes is irrelevant.
template <class Odd>
bool none_of_eights(std::string_view text, Odd odd) noexcept {
  std::uint64_t word;
  std::size_t left = text.size();
  const char* at = text.data();
  for (; left >= sizeof word; at += sizeof word, left -= sizeof word) {
    std::memcpy(&word, at, sizeof word);
    if (odd(word) != 0) return false;
  }
  if (left == 0) return true;
  if (text.size() >= sizeof word) {
    std::memcpy(&word, text.data() + text.size() - sizeof word, sizeof word);
    return odd(word) == 0;
  }
  word = eight(' ');
  for (std::size_t i = 0; i < left; ++i) word = word << 8 | static_cast<unsigned char>(at[i]);
  return odd(word) == 0;
}

inline bool is_ascii(std::string_view text) noexcept {
  return none_of_eights(text, [](std::uint64_t word) { return word & eight(0x80); });
}

// Zero if and only if the bytes are ASCII characters that JSON does not escape.
constexpr std::uint64_t not_plain(std::uint64_t word) noexcept {
  const std::uint64_t control = (word - eight(0x20)) & ~word;
  return ((word | control) & eight(0x80)) | zeros(word ^ eight('"')) | zeros(word ^ eight('\\'));
}

// Copies the text if it is plain, and returns the end of the copy. Otherwise returns nullptr, and
// the text's room at `to` is unspecified.
inline char* copy_plain_ascii(char* to, std::string_view text) noexcept {
  std::uint64_t word;
  std::size_t left = text.size();
  const char* at = text.data();
  char* const end = to + left;
  for (; left >= sizeof word; at += sizeof word, to += sizeof word, left -= sizeof word) {
    std::memcpy(&word, at, sizeof word);
    if (not_plain(word) != 0) return nullptr;
    std::memcpy(to, &word, sizeof word);
  }
  if (left == 0) return end;
  if (text.size() >= sizeof word) {
    std::memcpy(&word, text.data() + text.size() - sizeof word, sizeof word);
    if (not_plain(word) != 0) return nullptr;
    std::memcpy(end - sizeof word, &word, sizeof word);
    return end;
  }
  word = eight(' ');
  for (std::size_t i = 0; i < left; ++i) {
    word = word << 8 | static_cast<unsigned char>(at[i]);
    to[i] = at[i];
  }
  return not_plain(word) == 0 ? end : nullptr;
}

}  // namespace parley::wire
