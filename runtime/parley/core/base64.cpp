#include "parley/core/base64.hpp"

#include <array>
#include <cstdint>
#include <cstring>

namespace parley {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
// Beside the digit's value: what may not come together, and what may not come at all.
constexpr std::uint16_t standard_only = 0x100;
constexpr std::uint16_t url_only = 0x200;
constexpr std::uint16_t not_a_digit = 0x400;

constexpr std::array<std::uint16_t, 256> digits = [] {
  std::array<std::uint16_t, 256> table{};
  table.fill(not_a_digit);
  for (std::size_t i = 0; i < alphabet.size(); ++i) table[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint16_t>(i);
  table['-'] = static_cast<std::uint16_t>(table['+'] | url_only);
  table['_'] = static_cast<std::uint16_t>(table['/'] | url_only);
  table['+'] |= standard_only;
  table['/'] |= standard_only;
  return table;
}();

// Two digits at once, for 12 bits.
constexpr std::array<std::array<char, 2>, 4096> pairs = [] {
  std::array<std::array<char, 2>, 4096> table{};
  for (std::size_t bits = 0; bits < table.size(); ++bits) table[bits] = {alphabet[bits >> 6], alphabet[bits & 63]};
  return table;
}();

}  // namespace

void to_base64(bytes_view bytes, std::string& out) {
  const std::size_t start = out.size();
  out.resize(start + (bytes.size() + 2) / 3 * 4, '=');
  char* to = out.data() + start;
  std::size_t i = 0;
  const auto at = [&](std::size_t n) { return std::to_integer<std::uint32_t>(bytes[n]); };
  for (; i + 3 <= bytes.size(); i += 3) {
    const std::uint32_t bits = at(i) << 16 | at(i + 1) << 8 | at(i + 2);
    std::memcpy(to, pairs[bits >> 12].data(), 2);
    std::memcpy(to + 2, pairs[bits & 4095].data(), 2);
    to += 4;
  }
  const std::size_t left = bytes.size() - i;
  if (left == 0) return;
  const std::uint32_t bits = at(i) << 16 | (left == 2 ? at(i + 1) << 8 : 0);
  *to++ = alphabet[bits >> 18];
  *to++ = alphabet[bits >> 12 & 63];
  if (left == 2) *to = alphabet[bits >> 6 & 63];
}

bool from_base64(std::string_view text, std::vector<std::byte>& out) {
  out.clear();
  // With padding the length is a multiple of four; at most two characters of it are padding.
  if (text.size() % 4 == 0)
    for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
  if (text.size() % 4 == 1) return false;
  out.resize(text.size() / 4 * 3 + (text.size() % 4 == 0 ? 0 : text.size() % 4 - 1));
  std::byte* to = out.data();
  std::uint32_t bits = 0;
  std::uint32_t seen = 0;
  std::size_t i = 0;
  const auto digit_at = [text](std::size_t n) -> std::uint32_t { return digits[static_cast<unsigned char>(text[n])]; };
  for (; i + 4 <= text.size(); i += 4) {
    const std::uint32_t a = digit_at(i), b = digit_at(i + 1), c = digit_at(i + 2), d = digit_at(i + 3);
    seen |= a | b | c | d;
    bits = (a & 63) << 18 | (b & 63) << 12 | (c & 63) << 6 | (d & 63);
    *to++ = static_cast<std::byte>(bits >> 16);
    *to++ = static_cast<std::byte>(bits >> 8 & 0xFF);
    *to++ = static_cast<std::byte>(bits & 0xFF);
  }
  if (i < text.size()) {
    bits = 0;
    for (std::size_t k = 0; k < 4; ++k) {
      const std::uint32_t digit = i + k < text.size() ? digits[static_cast<unsigned char>(text[i + k])] : 0u;
      seen |= digit;
      bits = bits << 6 | (digit & 63);
    }
    const bool two_bytes = text.size() - i == 3;
    if ((bits & (two_bytes ? 0xFFu : 0xFFFFu)) != 0) return false;
    *to++ = static_cast<std::byte>(bits >> 16);
    if (two_bytes) *to = static_cast<std::byte>(bits >> 8 & 0xFF);
  }
  return (seen & not_a_digit) == 0 && (seen & (standard_only | url_only)) != (standard_only | url_only);
}

}  // namespace parley
