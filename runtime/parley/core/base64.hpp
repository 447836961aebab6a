// base64, RFC 4648 §4 and §5.
#pragma once

#include "parley/core/bytes.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace parley {

// What so many bytes take.
constexpr std::size_t base64_size(std::size_t bytes) noexcept { return (bytes + 2) / 3 * 4; }
// Writes the standard alphabet with padding: the end of what was written.
char* to_base64(bytes_view, char* to);
// Appends the same.
void to_base64(bytes_view, std::string& out);
// Reads the standard or the URL alphabet, with padding or without; overwrites `out`. False: not base64, both alphabets in one text, or bits
// left over at the end that are not zero.
bool from_base64(std::string_view text, std::vector<std::byte>& out);

}  // namespace parley
