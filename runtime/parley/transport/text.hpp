// Small questions about UTF-8 and bytes that both transports ask.
#pragma once

#include "parley/core/bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace parley::transport {

// UTF-8 as RFC 3629 has it: shortest forms only, no surrogates, nothing over U+10FFFF.
bool is_utf8(std::string_view text) noexcept;

// The same for text of which only the last character may be incomplete.
bool ends_whole(std::string_view text) noexcept;

// Whether `cut`, of one to three bytes, can become a character when more bytes follow.
bool begins_character(std::string_view cut) noexcept;

// A close reason as it may be sent: at most 123 bytes (RFC 6455 5.5), cut between characters; empty if it is not UTF-8.
std::string close_text(std::string_view text);

// May this code stand in a close frame? RFC 6455 7.4.1, 7.4.2 and the IANA registry (1012 to 1014).
bool may_be_sent(std::uint16_t close_code) noexcept;

// Why a message of more than `bytes` ends its connection.
std::string over_limit(std::size_t bytes);

// `content`, or a copy of it in `room`, such that its first byte is 8-aligned.
bytes_view aligned(bytes_view content, std::vector<std::uint64_t>& room);

}  // namespace parley::transport
