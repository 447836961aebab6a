#include "parley/wire/json_writer.hpp"

#include "parley/wire/base64.hpp"
#include "parley/wire/utf8.hpp"

#include <array>
#include <charconv>
#include <cmath>

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

template <class Float>
void append_floating(std::string& out, Float value) {
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

void writer::text(std::string_view content) {
  const auto escape_of = [](char c) { return escapes[static_cast<unsigned char>(c)]; };
  if (!is_utf8(content)) return text(to_utf8(content));
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
}

void writer::base64(bytes_view bytes) {
  out_ += '"';
  to_base64(bytes, out_);
  out_ += '"';
}

}  // namespace parley::json
