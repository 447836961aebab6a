#include "parley/wire/json_writer.hpp"

#include "parley/core/base64.hpp"
#include "parley/wire/eight_bytes.hpp"
#include "parley/wire/utf8.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

namespace parley::json {
namespace {

// How a byte of a string is written. 0: as it is. 'u': \u00XX. Otherwise: a backslash and this
// letter.
constexpr std::array<char, 256> escapes = [] {
  std::array<char, 256> table{};
  for (std::size_t c = 0; c < 0x20; ++c) table[c] = 'u';
  table['\b'] = 'b';
  table['\f'] = 'f';
  table['\n'] = 'n';
  table['\r'] = 'r';
  table['\t'] = 't';
  table['"'] = '"';
  table['\\'] = '\\';
  return table;
}();

constexpr std::size_t longest_number = 32;  // a double takes 24

constexpr std::array<char, 200> pairs_of_digits = [] {
  std::array<char, 200> table{};
  for (std::size_t i = 0; i < 100; ++i) {
    table[2 * i] = static_cast<char>('0' + i / 10);
    table[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return table;
}();

constexpr std::array<std::uint64_t, 20> powers_of_ten = [] {
  std::array<std::uint64_t, 20> table{1};
  for (std::size_t i = 1; i < table.size(); ++i) table[i] = table[i - 1] * 10;
  return table;
}();

std::size_t count_digits(std::uint64_t value) noexcept {
  // 1233 / 4096 is log10(2), a little rounded up: the guess is the number of digits, or one less.
  const std::size_t guess = static_cast<std::size_t>(std::bit_width(value | 1)) * 1233 >> 12;
  return guess + (value >= powers_of_ten[guess] || guess == 0 ? 1 : 0);
}

// libstdc++'s std::to_chars divides once to count the digits and once more to write them, which is a fortieth of a small call.
char* write_number(char* to, std::uint64_t value) noexcept {
  char* const end = to + count_digits(value);
  char* at = end;
  for (; value >= 100; value /= 100) std::memcpy(at -= 2, &pairs_of_digits[2 * (value % 100)], 2);
  if (value >= 10) std::memcpy(at - 2, &pairs_of_digits[2 * value], 2);
  else at[-1] = static_cast<char>('0' + value);
  return end;
}
char* write_number(char* to, std::int64_t value) noexcept {
  if (value >= 0) return write_number(to, static_cast<std::uint64_t>(value));
  *to = '-';
  return write_number(to + 1, 0 - static_cast<std::uint64_t>(value));
}
template <std::floating_point Number>
char* write_number(char* to, Number value) {
  return std::to_chars(to, to + longest_number, value).ptr;
}

// Most numbers that people write have at most three decimals. Those need no search for the shortest
// text. The value is `scaled` / 1000. No two decimals of so few digits are the same double, so the
// text is the shortest. Returns nullptr for other numbers, and for those that are shorter with an
// exponent.
char* write_short_decimal(char* to, double value) {
  const double magnitude = std::abs(value);
  if (!(magnitude < 1e9) || (value == 0 && std::signbit(value))) return nullptr;
  const auto scaled = static_cast<std::uint64_t>(magnitude * 1000 + 0.5);
  if (static_cast<double>(scaled) / 1000 != magnitude) return nullptr;
  const std::uint64_t whole = scaled / 1000;
  std::uint64_t fraction = scaled % 1000;
  if (fraction == 0 && whole >= 100'000) return nullptr;
  if (value < 0) *to++ = '-';
  to = write_number(to, whole);
  if (fraction != 0) {
    *to++ = '.';
    for (std::uint64_t digit = 100; fraction != 0; digit /= 10) {
      *to++ = static_cast<char>('0' + fraction / digit);
      fraction %= digit;
    }
  }
  return to;
}

template <class Float>
char* write_floating(char* to, Float value) {
  if constexpr (std::is_same_v<Float, double>)
    if (char* const end = write_short_decimal(to, value)) return end;
  if (std::isfinite(value)) return write_number(to, value);
  const std::string_view word = std::isnan(value) ? "\"NaN\"" : value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
  return to + word.copy(to, word.size());
}

}  // namespace

char* writer::grow(std::size_t size) {
  // Takes as much of the string's own capacity as is likely to be used, because all of it is filled
  // with zeros first. Allocates a new block only if necessary.
  constexpr std::size_t least = 512;
  constexpr std::size_t most = 4096;
  const std::size_t used = this->size();
  const std::size_t needed = used + size;
  const std::size_t wanted = needed + std::clamp(used, least, most);
  out_.resize(needed <= out_.capacity() ? std::min(wanted, out_.capacity()) : needed + used / 2);
  at_ = out_.data() + used;
  end_ = out_.data() + out_.size();
  return at_;
}

void writer::number(std::int32_t value) { number(std::int64_t{value}); }
void writer::number(std::uint32_t value) { number(std::uint64_t{value}); }
void writer::number(std::int64_t value) { at_ = write_number(room(longest_number), value); }
void writer::number(std::uint64_t value) { at_ = write_number(room(longest_number), value); }
void writer::number(double value) { at_ = write_floating(room(longest_number), value); }
void writer::number(float value) { at_ = write_floating(room(longest_number), value); }

bool writer::text_after(std::string_view beginning, std::string_view content) {
  char* to = room(beginning.size() + content.size() + 2);
  *to++ = '"';
  to = copy(to, beginning);
  if (char* const end = wire::copy_plain_ascii(to, content)) {
    *end = '"';
    at_ = end + 1;
    return true;
  }
  if (!is_utf8(content)) return text_after(beginning, to_utf8(content)), false;
  at_ = to;
  const auto escape_of = [](char c) { return escapes[static_cast<unsigned char>(c)]; };
  const char* at = content.data();
  const char* const end = at + content.size();
  while (at != end) {
    const char* plain = at;
    while (at != end && !escape_of(*at)) ++at;
    raw({plain, at});
    if (at == end) break;
    const char letter = escape_of(*at);
    put('\\');
    put(letter);
    if (letter == 'u') {
      constexpr std::string_view hex = "0123456789abcdef";
      const auto byte = static_cast<unsigned char>(*at);
      raw("00");
      put(hex[byte >> 4]);
      put(hex[byte & 15]);
    }
    ++at;
  }
  put('"');
  return true;
}

void writer::base64(bytes_view bytes) {
  char* to = room(base64_size(bytes.size()) + 2);
  *to++ = '"';
  to = to_base64(bytes, to);
  *to++ = '"';
  at_ = to;
}

}  // namespace parley::json
