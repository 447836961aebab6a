// base64, RFC 4648 §4 and §5.
#pragma once

#include "parley/core/bytes.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace parley {

// Appends the standard alphabet with padding.
void to_base64(bytes_view, std::string& out);
// Reads the standard or the URL alphabet, with padding or without; overwrites `out`. False: not base64, both alphabets in one text, or bits
// left over at the end that are not zero.
bool from_base64(std::string_view text, std::vector<std::byte>& out);

}  // namespace parley
