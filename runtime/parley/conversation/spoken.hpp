// The envelopes that a client may speak, as indices. A frame that is made for one client of a kind
// is used for all of them. Not installed. For conversation and server.
#pragma once

#include "parley/core/core.hpp"
#include "parley/wire/envelope.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace parley {

// `…_without_lists`: the client did not agree to the feature `multi`, so it receives events for a
// list of receivers without their target. `dialect`: the dialect of the first port that has one.
// The dialects of other ports have the following numbers.
enum class spoken : std::uint8_t { binary, json, plain, binary_without_lists, json_without_lists, dialect };
inline constexpr std::size_t max_dialects = 5;
inline constexpr std::size_t spoken_kinds = static_cast<std::size_t>(spoken::dialect) + max_dialects;

inline spoken spoken_in(const wire::envelope_format& f) noexcept {
  return f.binary() ? spoken::binary : f.has_session() ? spoken::json : spoken::plain;
}
constexpr spoken without_lists(spoken kind) noexcept {
  if (kind == spoken::binary) return spoken::binary_without_lists;
  return kind == spoken::json ? spoken::json_without_lists : kind;
}
constexpr bool takes_lists(spoken kind) noexcept { return kind != spoken::binary_without_lists && kind != spoken::json_without_lists; }
constexpr bool is_dialect(spoken kind) noexcept { return kind >= spoken::dialect; }
// The bit of a kind in routing::forms.
constexpr std::uint32_t form_of(spoken kind) noexcept { return std::uint32_t{1} << static_cast<unsigned>(kind); }
static_assert(spoken_kinds <= 32);

// One event in one of these forms. `content` is empty if no receiver needs it.
struct made_frame {
  buffer content{};
  std::size_t payload = 0;  // size of the payload, as receivers of this kind count it
};
using frames_made = std::array<made_frame, spoken_kinds>;

}  // namespace parley
