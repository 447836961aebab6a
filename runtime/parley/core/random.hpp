// Random bytes for everything that must not be predictable: ids, masks, keys. The only source of
// randomness in the runtime.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace parley {

// Fills `out` from the generator of the system. Each 256 bytes cost a system call, so callers that
// need a few at a time keep more. May be called from any thread. Throws std::system_error if the
// system has no generator.
void fill_random(std::span<std::byte> out);
std::uint64_t random_number();

}  // namespace parley
