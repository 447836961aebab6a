// UTF-8: validation, and the replacement for strings that contain other bytes.
#pragma once

#include <string>
#include <string_view>

namespace parley {

bool is_utf8(std::string_view) noexcept;
// Replaces each byte that belongs to no whole character by U+FFFD.
std::string to_utf8(std::string_view);

}  // namespace parley
