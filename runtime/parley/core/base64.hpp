// Base64 of RFC 4648 §4 and §5.
#pragma once

#include "parley/core/bytes.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace parley {

// The number of characters for that many bytes.
constexpr std::size_t base64_size(std::size_t bytes) noexcept { return (bytes + 2) / 3 * 4; }
// Writes the standard alphabet with padding. Returns the end of the text.
char* to_base64(bytes_view, char* to);
// Appends the same text.
void to_base64(bytes_view, std::string& out);
// Reads the standard or the URL alphabet, with or without padding, and overwrites `out`. Returns
// false if the text is not Base64, mixes both alphabets, or has bits at its end that are not zero.
bool from_base64(std::string_view text, std::vector<std::byte>& out);
// Reads the URL alphabet without padding only, as tokens have it.
bool from_base64url(std::string_view text, std::vector<std::byte>& out);

}  // namespace parley
