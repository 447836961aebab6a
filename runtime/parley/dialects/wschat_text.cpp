#include "parley/dialects/wschat_text.hpp"

#include <algorithm>

namespace parley::wschat {
namespace {

// The number of bytes of the character that begins here, or 0 if none begins here (RFC 3629).
std::size_t character(std::string_view text) noexcept {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t size = first >= 0xC2 && first < 0xE0 ? 2 : first >= 0xE0 && first < 0xF0 ? 3 : first >= 0xF0 && first < 0xF5 ? 4 : 0;
  for (std::size_t i = 1; i < size; ++i)
    if ((byte(i) & 0xC0) != 0x80) return 0;
  const unsigned second = byte(1);
  const bool overlong = (first == 0xE0 && second < 0xA0) || (first == 0xF0 && second < 0x90);
  const bool surrogate = first == 0xED && second >= 0xA0;
  const bool beyond = first == 0xF4 && second >= 0x90;
  return overlong || surrogate || beyond ? 0 : size;
}

// Keeps as many whole characters as fit into `max` bytes. Bytes that belong to none are left out.
// `replace` returns the replacement of a byte below 0x80, or 0 to drop it.
template <class Replace>
std::string cut(std::string_view text, std::size_t max, Replace replace) {
  std::string out;
  out.reserve(std::min(text.size(), max));
  while (!text.empty()) {
    const std::size_t size = character(text);
    if (out.size() + std::max<std::size_t>(size, 1) > max) break;
    if (size > 1) out.append(text.substr(0, size));
    else if (const char c = size == 1 ? replace(text.front()) : '\0'; c != '\0') out += c;
    text.remove_prefix(std::max<std::size_t>(size, 1));
  }
  return out;
}

}  // namespace

std::string repaired(std::string_view text, std::size_t max) {
  return cut(text, max, [](char c) { return c; });
}

std::string for_the_family(std::string_view text, std::size_t max) {
  return cut(text, max, [](char c) { return c == '"' ? '\'' : c == '\\' ? '/' : (c >= 0 && c < 0x20) || c == 0x7F ? '\0' : c; });
}

}  // namespace parley::wschat
