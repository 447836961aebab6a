#include "parley/wire/json_writer.hpp"

#include "parley/core/base64.hpp"
#include "parley/wire/eight_bytes.hpp"
#include "parley/wire/utf8.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <type_traits>

namespace parley::json {
namespace {

// What a byte of a string is written as: 0: itself; 'u': \u00XX; else a backslash and this letter.
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

template <class Number>
void append_number(std::string& out, Number value) {
  std::array<char, 32> text;  // the longest double takes 24
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value);
  out.append(text.data(), end);
}

// Most numbers that people write have three decimals at most; those need no search for the shortest text. `scaled` over 1000 is the value, and
// no two decimals of so few digits are the same double: it is the shortest there is. False: not such a number, or one that is shorter
// with an exponent.
bool append_short_decimal(std::string& out, double value) {
  const double magnitude = std::abs(value);
  if (!(magnitude < 1e9) || (value == 0 && std::signbit(value))) return false;
  const auto scaled = static_cast<std::uint64_t>(magnitude * 1000 + 0.5);
  if (static_cast<double>(scaled) / 1000 != magnitude) return false;
  const std::uint64_t whole = scaled / 1000;
  std::uint64_t fraction = scaled % 1000;
  if (fraction == 0 && whole >= 100'000) return false;
  std::array<char, 16> text;
  char* end = text.data();
  if (value < 0) *end++ = '-';
  end = std::to_chars(end, text.data() + text.size(), whole).ptr;
  if (fraction != 0) {
    *end++ = '.';
    for (std::uint64_t digit = 100; fraction != 0; digit /= 10) {
      *end++ = static_cast<char>('0' + fraction / digit);
      fraction %= digit;
    }
  }
  out.append(text.data(), end);
  return true;
}

template <class Float>
void append_floating(std::string& out, Float value) {
  if constexpr (std::is_same_v<Float, double>)
    if (append_short_decimal(out, value)) return;
  if (std::isfinite(value)) return append_number(out, value);
  out += std::isnan(value) ? "\"NaN\"" : value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
}

}  // namespace

void writer::number(std::int32_t value) { append_number(out_, value); }
void writer::number(std::uint32_t value) { append_number(out_, value); }
void writer::number(std::int64_t value) { append_number(out_, value); }
void writer::number(std::uint64_t value) { append_number(out_, value); }
void writer::number(double value) { append_floating(out_, value); }
void writer::number(float value) { append_floating(out_, value); }

bool writer::text(std::string_view content) {
  if (wire::is_plain_ascii(content)) {
    const std::size_t start = out_.size();
    out_.resize(start + content.size() + 2, '"');
    content.copy(out_.data() + start + 1, content.size());
    return true;
  }
  const auto escape_of = [](char c) { return escapes[static_cast<unsigned char>(c)]; };
  if (!is_utf8(content)) return text(to_utf8(content)), false;
  out_ += '"';
  const char* at = content.data();
  const char* const end = at + content.size();
  while (at != end) {
    const char* plain = at;
    while (at != end && !escape_of(*at)) ++at;
    out_.append(plain, at);
    if (at == end) break;
    const char letter = escape_of(*at);
    out_ += '\\';
    out_ += letter;
    if (letter == 'u') {
      constexpr std::string_view hex = "0123456789abcdef";
      const auto byte = static_cast<unsigned char>(*at);
      out_ += "00";
      out_ += hex[byte >> 4];
      out_ += hex[byte & 15];
    }
    ++at;
  }
  out_ += '"';
  return true;
}

void writer::base64(bytes_view bytes) {
  out_ += '"';
  to_base64(bytes, out_);
  out_ += '"';
}

}  // namespace parley::json
