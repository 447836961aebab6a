// Overwrites secrets before their memory is released.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace parley {

// Overwrites the secret, with all memory that the object holds, and empties it. The compiler does not
// remove this, even if the object is destroyed next.
void wipe(std::string& secret) noexcept;
void wipe(std::vector<std::byte>& secret) noexcept;

}  // namespace parley
