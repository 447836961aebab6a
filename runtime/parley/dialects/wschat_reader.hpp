// Reads the family's JSON as its programs write it, which is not always valid JSON. Private to
// dialects.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace parley::wschat {

// The contents of a frame. A member that is missing or has another type is nullopt. Texts are as
// written, with escapes resolved. They have any length and are not always UTF-8.
struct line_read {
  std::optional<std::string> name;
  bool has_message = false;
  std::optional<std::string> text;
  std::optional<double> text_len;
  std::optional<double> info;
};

// Returns false if the frame is not an object or is incomplete. Time is linear in the length.
// `max_depth` limits the values that are skipped.
bool read_line(std::string_view frame, std::size_t max_depth, line_read& out);

}  // namespace parley::wschat
