// Targets as text, without allocating a string. For the formats. Programs use to_text and
// parse_target.
#pragma once

#include "parley/wire/json_writer.hpp"
#include "parley/wire/target.hpp"

#include <string_view>

namespace parley::wire {

// The canonical text in two pieces: `head`, then `name`. Both are empty for the default and for
// `several`. They are views into the target.
struct target_text {
  std::string_view head;
  std::string_view name;
};
target_text text_of(const target&) noexcept;
// Writes the text as one JSON string.
void write_target(const target&, json::writer&);

// Sets kind and name and leaves the other fields unchanged. Returns false if the text is not a
// valid target. The kind then is the intended one (`none` for an unknown prefix), because a kind
// that a method does not declare is `denied` before an invalid text is `unknown_target`. The name
// is the text after the prefix, so that text_of() returns the original text.
bool read_target(std::string_view text, target& out);
// The same for the text after the prefix of a user or group, which is the only part that a binary
// frame carries.
bool read_target_name(target_kind, std::string_view name, std::string& out);

// Whether a target of this kind contains a name, and therefore cannot replace an absent target.
bool has_name(target_kind) noexcept;

// Whether the target can be written in plain mode. That mode has no text for lists. A client id
// that reads as another target ("all") would reach the wrong receivers, because the foreign servers
// of that mode do not know "id:".
bool has_plain_text(const target&) noexcept;

}  // namespace parley::wire
