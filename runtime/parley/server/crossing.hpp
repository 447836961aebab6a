// An event that one loop of a server hands to others. It is a value: it points to nothing of the loop that made it, and its frames are
// immutable. It is made once and read by all loops that it goes to. Private to the server room.
#pragma once

#include "parley/conversation/spoken.hpp"
#include "parley/core/core.hpp"
#include "parley/wire/target.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace parley {

struct crossing {
  std::optional<std::uint32_t> method{};  // its id. Empty: an event that no service knows
  target to{};
  std::string subject{};  // the client that OTHERS and SENDER relate to
  frames_made frames{};   // in each form that a receiver needs
  std::size_t bytes = 0;  // charged to the inbox of each loop

  // What frames cost while they wait in an inbox.
  static std::size_t cost_of(const frames_made& frames) noexcept {
    constexpr std::size_t overhead = 256;  // of the crossing itself
    std::size_t bytes = overhead;
    for (const made_frame& made : frames) bytes += made.content.size();
    return bytes;
  }
};

}  // namespace parley
