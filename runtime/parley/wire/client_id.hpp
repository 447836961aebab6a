// Client ids are UUIDs (RFC 9562). They are 36 characters of lower-case text everywhere except in
// the Peer section of a binary frame.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace parley::wire {

using uuid_bytes = std::array<std::byte, 16>;

// Accepts hexadecimal digits of either case with hyphens in their four places, and nothing else.
std::optional<uuid_bytes> uuid_from_text(std::string_view) noexcept;
void append_uuid(const uuid_bytes&, std::string& out);

}  // namespace parley::wire
