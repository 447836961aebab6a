// Overwrites secrets before their memory is released.
#pragma once

#include <string>

namespace parley {

// Overwrites the text, with all memory that the string holds, and empties it. The compiler does not
// remove this, even if the string is destroyed next.
void wipe(std::string& secret) noexcept;

}  // namespace parley
