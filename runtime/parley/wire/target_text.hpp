// Targets as text, without a string of their own: for the formats. Programs use to_text and parse_target.
#pragma once

#include "parley/wire/json_writer.hpp"
#include "parley/wire/target.hpp"

#include <string_view>

namespace parley::wire {

// The canonical text in two pieces, `head` and then `name`; both empty for the default and for `several`. Views into the target.
struct target_text {
  std::string_view head;
  std::string_view name;
};
target_text text_of(const target&) noexcept;
// As one JSON string.
void write_target(const target&, json::writer&);

// Sets kind and name, and leaves the other members alone. False: no such target can be. The kind then says what was meant (none: an
// unknown prefix), because a kind that a method does not declare is `denied` before an unreadable one is `unknown_target`; the name is what
// was written behind it, so that text_of() gives the same text again.
bool read_target(std::string_view text, target& out);
// The same for the part of a user's or group's text behind its prefix, which is all that a binary frame holds.
bool read_target_name(target_kind, std::string_view name, std::string& out);

// Can a peer of the plain mode be told? Lists have no text there, and a client id that reads as another target ("all") would reach
// the wrong receivers: the foreign servers of that mode know no "id:".
bool has_plain_text(const target&) noexcept;

}  // namespace parley::wire
