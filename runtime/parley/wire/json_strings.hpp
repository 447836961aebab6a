// The characters between the quotes of a JSON string. Private to wire.
#pragma once

#include <string>
#include <string_view>

namespace parley::json {

bool has_escapes(std::string_view content) noexcept;

// Replaces `out` by the unescaped text. Returns nullptr, or a literal that describes the fault.
// `out` is unspecified after a fault.
const char* unescape(std::string_view content, std::string& out);

}  // namespace parley::json
