// Small functions about UTF-8 and bytes for both transports.
#pragma once

#include "parley/core/bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace parley::transport {

// Whether `text` is valid UTF-8 (RFC 3629): only shortest forms, no surrogates, nothing above
// U+10FFFF.
bool is_utf8(std::string_view text) noexcept;

// Like is_utf8(), but the last character may be incomplete.
bool ends_whole(std::string_view text) noexcept;

// Whether `cut`, of one to three bytes, can become a character when more bytes follow.
bool begins_character(std::string_view cut) noexcept;

// A close reason in the form in which it may be sent: at most 123 bytes (RFC 6455 section 5.5), cut
// between characters. Empty if `text` is not UTF-8.
std::string close_text(std::string_view text);

// Whether this code may appear in a close frame (RFC 6455 sections 7.4.1 and 7.4.2, and the IANA
// registry for 1012 to 1014).
bool may_be_sent(std::uint16_t close_code) noexcept;

// The error text for a message that exceeds a limit of `bytes`.
std::string over_limit(std::size_t bytes);

// Returns `content` if its first byte is 8-aligned, and otherwise an aligned copy in `room`.
bytes_view aligned(bytes_view content, std::vector<std::uint64_t>& room);

}  // namespace parley::transport
