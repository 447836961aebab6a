// Text in the form that the family's programs accept. Private to dialects, and to the library that
// replaces the family's own.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace parley::wschat {

// As many whole characters as fit into `max` bytes. Bytes that are not UTF-8 are left out.
std::string repaired(std::string_view text, std::size_t max);

// The same for readers that do not know escapes: quotes become ', backslashes become /, and control
// characters are dropped.
std::string for_the_family(std::string_view text, std::size_t max);

}  // namespace parley::wschat
