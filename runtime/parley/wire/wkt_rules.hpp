// Which values the well-known types have: those that JSON has a text for. Readers and writers of both formats ask here, so that a value
// that one peer cannot be told is refused to its sender, and heard by nobody.
#pragma once

#include "parley/wkt.hpp"

namespace parley {

// What is wrong with a value, as a fixed text; nullptr: nothing.
const char* fault_of(const timestamp&) noexcept;   // the years 1 to 9999, nanos from 0 to 999,999,999
const char* fault_of(const duration&) noexcept;    // +-315,576,000,000 s, nanos of the same sign
const char* fault_of(const field_mask&) noexcept;  // paths that lowerCamelCase leads back to: snake_case, each '_' before a letter
const char* fault_of(const value&) noexcept;       // no NaN and no infinity; what it holds is not looked at
const char* fault_of(const any&) noexcept;         // no content without a type, and a type that is UTF-8

}  // namespace parley
