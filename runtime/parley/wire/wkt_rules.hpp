// The permitted values of the well-known types: those that JSON can represent. Readers and writers
// of both formats use these rules. A value that one of the receivers could not get is therefore
// refused to its sender and reaches no receiver.
#pragma once

#include "parley/wkt.hpp"

namespace parley {

// A fixed text that describes the fault, or nullptr for a valid value.
// The years 1 to 9999, nanos from 0 to 999,999,999.
const char* fault_of(const timestamp&) noexcept;
// +-315,576,000,000 s, nanos of the same sign.
const char* fault_of(const duration&) noexcept;
// Paths that survive the conversion to lowerCamelCase and back: snake_case, with a letter after
// each '_'.
const char* fault_of(const field_mask&) noexcept;
// No NaN and no infinity. Contained values are not checked.
const char* fault_of(const value&) noexcept;
// No content without a type. The type must be UTF-8.
const char* fault_of(const any&) noexcept;

}  // namespace parley
