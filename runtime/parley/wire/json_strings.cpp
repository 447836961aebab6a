#include "parley/wire/json_strings.hpp"

#include "parley/wire/eight_bytes.hpp"
#include "parley/wire/hex.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace parley::json {
namespace {

// Parses four hexadecimal digits. Returns -1 if there are none.
int code_unit(const char* at, const char* end) {
  if (end - at < 4) return -1;
  int value = 0;
  for (int i = 0; i < 4; ++i) {
    const int digit = wire::hex_value(at[i]);
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

void append_utf8(std::string& out, std::uint32_t c) {
  const auto byte = [&](std::uint32_t b) { out += static_cast<char>(b); };
  if (c < 0x80) return byte(c);
  if (c < 0x800) return byte(0xC0 | c >> 6), byte(0x80 | (c & 0x3F));
  if (c < 0x10000) return byte(0xE0 | c >> 12), byte(0x80 | (c >> 6 & 0x3F)), byte(0x80 | (c & 0x3F));
  byte(0xF0 | c >> 18), byte(0x80 | (c >> 12 & 0x3F)), byte(0x80 | (c >> 6 & 0x3F)), byte(0x80 | (c & 0x3F));
}

}  // namespace

bool has_escapes(std::string_view content) noexcept {
  if (content.size() > 64) return std::memchr(content.data(), '\\', content.size()) != nullptr;
  return !wire::none_of_eights(content, [](std::uint64_t word) { return wire::zeros(word ^ wire::eight('\\')); });
}

const char* unescape(std::string_view content, std::string& out) {
  constexpr const char* bad_escape = "not an escape sequence of JSON";
  out.clear();
  const char* at = content.data();
  const char* const end = at + content.size();
  while (at != end) {
    const auto* slash = static_cast<const char*>(std::memchr(at, '\\', static_cast<std::size_t>(end - at)));
    if (!slash) slash = end;
    out.append(at, slash);
    at = slash;
    if (at == end) break;
    if (++at == end) return bad_escape;
    switch (*at++) {
      case '"':
        out += '"';
        break;
      case '\\':
        out += '\\';
        break;
      case '/':
        out += '/';
        break;
      case 'b':
        out += '\b';
        break;
      case 'f':
        out += '\f';
        break;
      case 'n':
        out += '\n';
        break;
      case 'r':
        out += '\r';
        break;
      case 't':
        out += '\t';
        break;
      case 'u': {
        const int unit = code_unit(at, end);
        if (unit < 0) return bad_escape;
        at += 4;
        auto code = static_cast<std::uint32_t>(unit);
        if (code >= 0xD800 && code < 0xE000) {
          const bool paired = code < 0xDC00 && end - at >= 6 && at[0] == '\\' && at[1] == 'u';
          const int low = paired ? code_unit(at + 2, end) : -1;
          if (low < 0xDC00 || low > 0xDFFF) return "half of a surrogate pair";
          at += 6;
          code = 0x10000 + ((code - 0xD800) << 10) + (static_cast<std::uint32_t>(low) - 0xDC00);
        }
        append_utf8(out, code);
        break;
      }
      default:
        return bad_escape;
    }
  }
  return nullptr;
}

}  // namespace parley::json
