// An event that one loop of a server passes to others. It is a value: it does not refer to the loop
// that made it, and its frames are immutable. All receiving loops read the same object. Private to
// the server room.
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
  std::optional<std::uint32_t> method{};  // the method's id. Empty: an event that no service declares
  target to{};
  std::string subject{};  // the client that OTHERS and SENDER relate to
  frames_made frames{};   // one for each form that a receiver needs
  std::size_t bytes = 0;  // charged to the inbox of each loop

  // The bytes that the frames count as while they wait in an inbox.
  static std::size_t cost_of(const frames_made& frames) noexcept {
    constexpr std::size_t overhead = 256;  // for the crossing itself
    std::size_t bytes = overhead;
    for (const made_frame& made : frames) bytes += made.content.size();
    return bytes;
  }
};

}  // namespace parley
