#include "parley/core/base64.hpp"

#include <array>
#include <cstdint>
#include <cstring>

namespace parley {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
// Flags above the 24 bits of four digits: digits that must not appear in one text, and characters
// that are not digits.
constexpr std::uint32_t standard_only = 1u << 24;
constexpr std::uint32_t url_only = 1u << 25;
constexpr std::uint32_t not_a_digit = 1u << 26;

// The bits of a digit, shifted to their position, for each of the four places.
constexpr std::array<std::array<std::uint32_t, 256>, 4> digits = [] {
  std::array<std::array<std::uint32_t, 256>, 4> tables{};
  for (std::size_t place = 0; place < tables.size(); ++place) {
    auto& table = tables[place];
    table.fill(not_a_digit);
    for (std::size_t i = 0; i < alphabet.size(); ++i)
      table[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint32_t>(i << (18 - 6 * place));
    table['-'] = table['+'] | url_only;
    table['_'] = table['/'] | url_only;
    table['+'] |= standard_only;
    table['/'] |= standard_only;
  }
  return tables;
}();

// Two digits for each 12 bits.
constexpr std::array<std::array<char, 2>, 4096> pairs = [] {
  std::array<std::array<char, 2>, 4096> table{};
  for (std::size_t bits = 0; bits < table.size(); ++bits) table[bits] = {alphabet[bits >> 6], alphabet[bits & 63]};
  return table;
}();

}  // namespace

char* to_base64(bytes_view bytes, char* to) {
  std::size_t i = 0;
  const auto at = [&](std::size_t n) { return std::to_integer<std::uint32_t>(bytes[n]); };
  for (; i + 3 <= bytes.size(); i += 3) {
    const std::uint32_t bits = at(i) << 16 | at(i + 1) << 8 | at(i + 2);
    std::memcpy(to, pairs[bits >> 12].data(), 2);
    std::memcpy(to + 2, pairs[bits & 4095].data(), 2);
    to += 4;
  }
  const std::size_t left = bytes.size() - i;
  if (left == 0) return to;
  const std::uint32_t bits = at(i) << 16 | (left == 2 ? at(i + 1) << 8 : 0);
  *to++ = alphabet[bits >> 18];
  *to++ = alphabet[bits >> 12 & 63];
  *to++ = left == 2 ? alphabet[bits >> 6 & 63] : '=';
  *to++ = '=';
  return to;
}

void to_base64(bytes_view bytes, std::string& out) {
  const std::size_t start = out.size();
  out.resize(start + base64_size(bytes.size()));
  to_base64(bytes, out.data() + start);
}

bool from_base64(std::string_view text, std::vector<std::byte>& out) {
  out.clear();
  // With padding the length is a multiple of four. At most two of its characters are padding.
  if (text.size() % 4 == 0)
    for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
  if (text.size() % 4 == 1) return false;
  out.resize(text.size() / 4 * 3 + (text.size() % 4 == 0 ? 0 : text.size() % 4 - 1));
  std::byte* to = out.data();
  const auto byte = [](std::uint32_t bits) { return static_cast<std::byte>(bits & 0xFF); };
  const auto digit = [text](std::size_t place, std::size_t at) { return digits[place][static_cast<unsigned char>(text[at])]; };
  std::uint32_t seen = 0;
  std::size_t i = 0;
  for (; i + 4 <= text.size(); i += 4) {
    const std::uint32_t bits = digit(0, i) | digit(1, i + 1) | digit(2, i + 2) | digit(3, i + 3);
    seen |= bits;
    *to++ = byte(bits >> 16);
    *to++ = byte(bits >> 8);
    *to++ = byte(bits);
  }
  if (i < text.size()) {
    const bool two_bytes = text.size() - i == 3;
    const std::uint32_t bits = digit(0, i) | digit(1, i + 1) | (two_bytes ? digit(2, i + 2) : 0u);
    seen |= bits;
    if ((bits & (two_bytes ? 0xFFu : 0xFFFFu)) != 0) return false;
    *to++ = byte(bits >> 16);
    if (two_bytes) *to = byte(bits >> 8);
  }
  return (seen & not_a_digit) == 0 && (seen & (standard_only | url_only)) != (standard_only | url_only);
}

bool from_base64url(std::string_view text, std::vector<std::byte>& out) {
  return text.find_first_of("+/=") == text.npos && from_base64(text, out);
}

}  // namespace parley
