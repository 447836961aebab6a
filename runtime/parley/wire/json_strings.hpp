// What stands between the quotes of a JSON string. Private to wire.
#pragma once

#include <string>
#include <string_view>

namespace parley::json {

bool has_escapes(std::string_view content) noexcept;

// Writes the text that `content` stands for over `out`. nullptr, or a literal: what is wrong with it; `out` is unspecified then.
const char* unescape(std::string_view content, std::string& out);

}  // namespace parley::json
