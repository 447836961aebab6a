#include "parley/wire/client_id.hpp"

#include "parley/core/random.hpp"
#include "parley/wire/hello.hpp"
#include "parley/wire/hex.hpp"

#include <span>

namespace parley::wire {
namespace {

constexpr std::size_t text_size = 36;
constexpr bool hyphen_at(std::size_t i) { return i == 8 || i == 13 || i == 18 || i == 23; }

}  // namespace

std::optional<uuid_bytes> uuid_from_text(std::string_view text) noexcept {
  if (text.size() != text_size) return std::nullopt;
  uuid_bytes bytes{};
  std::size_t digits = 0;
  for (std::size_t i = 0; i < text_size; ++i) {
    if (hyphen_at(i)) {
      if (text[i] != '-') return std::nullopt;
      continue;
    }
    const int value = hex_value(text[i]);
    if (value < 0) return std::nullopt;
    std::byte& b = bytes[digits++ / 2];
    b = b << 4 | static_cast<std::byte>(value);
  }
  return bytes;
}

void append_uuid(const uuid_bytes& bytes, std::string& out) {
  constexpr std::string_view digits = "0123456789abcdef";
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out += '-';
    out += digits[std::to_integer<std::size_t>(bytes[i] >> 4)];
    out += digits[std::to_integer<std::size_t>(bytes[i] & std::byte{15})];
  }
}

std::uint32_t make_node_id() {
  std::uint32_t node = 0;
  fill_random(std::as_writable_bytes(std::span(&node, 1)));
  return node;
}

std::string make_client_id(std::uint32_t node) {
  uuid_bytes bytes;
  fill_random(bytes);
  for (std::size_t i = 0; i < sizeof node; ++i) bytes[i] = static_cast<std::byte>(node >> (24 - 8 * i) & 0xff);
  bytes[6] = (bytes[6] & std::byte{0x0f}) | std::byte{0x80};  // version 8: a custom layout
  bytes[8] = (bytes[8] & std::byte{0x3f}) | std::byte{0x80};  // the variant of RFC 9562
  std::string text;
  text.reserve(text_size);
  append_uuid(bytes, text);
  return text;
}

bool is_client_id(std::string_view text) { return uuid_from_text(text).has_value(); }

}  // namespace parley::wire
