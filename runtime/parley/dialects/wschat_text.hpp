// Text as the family's programs can take it. Private to the room, and to the library that stands in for the family's own.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace parley::wschat {

// Whole characters, as many as `max` bytes hold; what is no UTF-8 is left out.
std::string repaired(std::string_view text, std::size_t max);

// The same for readers that know no escapes: quotes become ', backslashes /, control characters are dropped.
std::string for_the_family(std::string_view text, std::size_t max);

}  // namespace parley::wschat
