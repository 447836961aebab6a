// UTF-8: is it, and what is sent instead where a program put other bytes into a string.
#pragma once

#include <string>
#include <string_view>

namespace parley {

bool is_utf8(std::string_view) noexcept;
// Each byte that belongs to no whole character becomes U+FFFD.
std::string to_utf8(std::string_view);

}  // namespace parley
