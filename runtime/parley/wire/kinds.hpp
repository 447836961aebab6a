// The protocol's rules for each kind of frame, as the formats need them.
#pragma once

#include "parley/wire/envelope.hpp"

#include <array>
#include <string_view>

namespace parley::wire {

// Which of `id` and `re` a frame has. Binary frames carry it in the Id section, with the flag RE
// for `re`.
enum class id_rule : std::uint8_t {
  none,
  id,
  re,
  either,      // exactly one
  any,         // at most one
  re_or_none,  // error: present if it answers a call
  seq,         // mark: the Id section is `seq`
  ack,         // the Id section is `ack`; zero is a value: nothing accepted yet
  of_pieces,   // event: an id only if it travels in parts (binary)
};

struct kind_rule {
  wire::kind kind;
  // event_name of a JSON frame. Empty if that is the method's name, or the kind does not exist in
  // JSON.
  std::string_view name;
  id_rule id;
  bool countable;  // has a sequence number if its delivery class requires one
  side from;       // the end that may write it
};

inline constexpr std::array kind_rules{
    kind_rule{kind::event, {}, id_rule::of_pieces, true, side::either},
    kind_rule{kind::call, {}, id_rule::id, true, side::either},
    kind_rule{kind::reply, {}, id_rule::re, true, side::either},
    kind_rule{kind::error, "error", id_rule::re_or_none, true, side::either},
    kind_rule{kind::cancel, "$cancel", id_rule::id, true, side::either},
    kind_rule{kind::item, "$item", id_rule::either, true, side::either},
    kind_rule{kind::end, "$end", id_rule::either, true, side::either},
    kind_rule{kind::part, {}, id_rule::either, true, side::either},
    kind_rule{kind::mark, "$mark", id_rule::seq, false, side::either},
    kind_rule{kind::ack, "$ack", id_rule::ack, false, side::either},
    kind_rule{kind::credit, "$credit", id_rule::either, false, side::either},
    kind_rule{kind::ping, "$ping", id_rule::id, false, side::either},
    kind_rule{kind::pong, "$pong", id_rule::id, false, side::either},
    kind_rule{kind::hello, "$hello", id_rule::none, false, side::client},
    kind_rule{kind::welcome, "$welcome", id_rule::none, false, side::server},
    kind_rule{kind::goaway, "$goaway", id_rule::none, false, side::server},
    kind_rule{kind::gap, "$gap", id_rule::any, false, side::either},
    kind_rule{kind::auth, "$auth", id_rule::none, false, side::either},
};

// Indexed by number, because every frame looks its kind up.
inline constexpr auto kind_places = [] {
  std::array<std::uint8_t, 32> places{};  // 0: none; otherwise the index in kind_rules plus one
  for (std::size_t i = 0; i < kind_rules.size(); ++i)
    places[static_cast<std::size_t>(kind_rules[i].kind)] = static_cast<std::uint8_t>(i + 1);
  return places;
}();
constexpr const kind_rule* rule_of(wire::kind kind) noexcept {
  const auto number = static_cast<std::size_t>(kind);
  const std::size_t place = number < kind_places.size() ? kind_places[number] : 0;
  return place != 0 ? &kind_rules[place - 1] : nullptr;
}

constexpr bool may_write(const kind_rule& rule, side writer) noexcept { return rule.from == side::either || rule.from == writer; }
constexpr side other(side s) noexcept { return s == side::client ? side::server : side::client; }

// In JSON, names that start with '$' and the name "error" are reserved for the protocol.
constexpr bool is_method_name(std::string_view name) noexcept { return !name.empty() && name.front() != '$' && name != "error"; }

// Wire names that are reserved for the runtime. No schema may use them.
constexpr bool is_reserved_name(std::string_view name) noexcept { return name.starts_with("parley."); }

// The form of a name that may be repeated to anybody: letters, digits, '_', '.' and '-', at most
// max_name of them, and not starting with a digit.
bool is_wire_name(std::string_view name) noexcept;

// Events name receivers. So do calls, because the server may call several clients.
constexpr bool has_target(wire::kind kind) noexcept { return kind == kind::event || kind == kind::call; }

// At most max_meta_entries with max_meta_bytes together. Each key is well formed and appears once.
bool meta_in_bounds(const std::vector<meta_entry>&) noexcept;
// With `body: MESSAGE`, the `message` of a JSON frame is the whole payload. It has the limit of a
// payload.
constexpr bool text_is_payload(wire::kind kind) noexcept { return kind == kind::event || kind == kind::call || kind == kind::reply; }

// Resets the target to its default and keeps its memory.
void clear(target&) noexcept;

// Whether the envelope that a program filled stays within the protocol's limits (limits.hpp).
bool in_bounds(const envelope&) noexcept;
// The beginning of a text, cut between characters. For texts that may come from a program.
std::string_view cut_text(std::string_view text, std::size_t max) noexcept;
// Lower-case letters, digits, '-', '_' and '.'. Every protocol that carries such keys accepts these
// characters.
bool is_meta_key(std::string_view key) noexcept;

// Faults, in the form in which the protocol answers them.
inline fault bad_frame(std::string text, std::uint64_t re = 0) { return {.code = errc::bad_frame, .text = std::move(text), .re = re}; }
[[gnu::cold]] inline fault violation(std::string text) { return {.code = errc::bad_frame, .text = std::move(text), .close = 4001}; }

}  // namespace parley::wire
