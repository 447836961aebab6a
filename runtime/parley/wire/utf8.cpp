#include "parley/wire/utf8.hpp"

#include "parley/wire/eight_bytes.hpp"

#include <simdjson.h>

#include <algorithm>

namespace parley {

bool is_utf8(std::string_view text) noexcept {
  // Most texts are short. The call costs more than checking them here.
  if (text.size() < 32 && wire::is_ascii(text)) return true;
  return simdjson::validate_utf8(text.data(), text.size());
}

std::string to_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 8);
  while (!text.empty()) {
    std::size_t length = 1;
    while (length < std::min<std::size_t>(4, text.size()) && !is_utf8(text.substr(0, length))) ++length;
    if (is_utf8(text.substr(0, length))) {
      out += text.substr(0, length);
    } else {
      out += "\xEF\xBF\xBD";
      length = 1;
    }
    text.remove_prefix(length);
  }
  return out;
}

}  // namespace parley
