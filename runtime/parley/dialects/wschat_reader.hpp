// The family's JSON as its programs write it, which is not always JSON. Private to the room.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace parley::wschat {

// What a frame says; a member that is not there, or of another type, is nullopt. Texts are as they were written, escapes resolved: of any
// length, and not always UTF-8.
struct line_read {
  std::optional<std::string> name;
  bool has_message = false;
  std::optional<std::string> text;
  std::optional<double> text_len;
  std::optional<double> info;
};

// False: not an object, or it breaks off. Time is linear in the length; `max_depth` bounds what is passed over.
bool read_line(std::string_view frame, std::size_t max_depth, line_read& out);

}  // namespace parley::wschat
