#include "parley/transport/text.hpp"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace parley::transport {
namespace {

constexpr std::size_t max_close_text = 123;

bool continues(unsigned char c) noexcept { return (c & 0xC0) == 0x80; }

// The length of the character that begins at `at`. 0 if no valid character begins there.
std::size_t character(std::string_view text, std::size_t at) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
  const std::size_t left = text.size() - at;
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead < 0xC2) return 0;
  if (lead < 0xE0) return left >= 2 && continues(byte(1)) ? 2 : 0;
  if (lead < 0xF0) {
    if (left < 3 || !continues(byte(1)) || !continues(byte(2))) return 0;
    if (lead == 0xE0 && byte(1) < 0xA0) return 0;   // not the shortest form
    if (lead == 0xED && byte(1) >= 0xA0) return 0;  // surrogate
    return 3;
  }
  if (lead > 0xF4 || left < 4 || !continues(byte(1)) || !continues(byte(2)) || !continues(byte(3))) return 0;
  if (lead == 0xF0 && byte(1) < 0x90) return 0;   // not the shortest form
  if (lead == 0xF4 && byte(1) >= 0x90) return 0;  // above U+10FFFF
  return 4;
}

}  // namespace

bool is_utf8(std::string_view text) noexcept { return simdjson::validate_utf8(text.data(), text.size()); }

bool ends_whole(std::string_view text) noexcept {
  std::size_t last = text.size();
  while (last > 0 && text.size() - last < 4) {
    --last;
    if (!continues(static_cast<unsigned char>(text[last]))) break;
  }
  return is_utf8(text.substr(last));
}

bool begins_character(std::string_view cut) noexcept {
  // The lead byte determines which second bytes are valid. Every later byte is any continuation
  // byte.
  const auto lead = static_cast<unsigned char>(cut.front());
  std::array<char, 4> whole{cut.front(), lead == 0xE0 ? '\xA0' : lead == 0xF0 ? '\x90' : '\x80', '\x80', '\x80'};
  std::copy(cut.begin(), cut.end(), whole.begin());
  return character({whole.data(), whole.size()}, 0) > cut.size();
}

std::string close_text(std::string_view text) {
  if (!is_utf8(text)) return {};
  if (text.size() <= max_close_text) return std::string(text);
  std::size_t end = max_close_text;
  while (continues(static_cast<unsigned char>(text[end]))) --end;
  return std::string(text.substr(0, end));
}

bool may_be_sent(std::uint16_t code) noexcept {
  if (code >= 3000) return code < 5000;
  return code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006;
}

std::string over_limit(std::size_t bytes) {
  return "a message was too large: more than " + std::to_string(bytes) + " bytes (max_message sets the limit)";
}

bytes_view aligned(bytes_view content, std::vector<std::uint64_t>& room) {
  if (reinterpret_cast<std::uintptr_t>(content.data()) % alignof(std::uint64_t) == 0) return content;
  room.resize((content.size() + sizeof(std::uint64_t) - 1) / sizeof(std::uint64_t));
  std::memcpy(room.data(), content.data(), content.size());
  return {reinterpret_cast<const std::byte*>(room.data()), content.size()};
}

}  // namespace parley::transport
