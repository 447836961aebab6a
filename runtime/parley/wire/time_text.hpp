// Timestamps and durations as JSON text: RFC 3339 and "1.5s".
#pragma once

#include "parley/wkt.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace parley {

inline constexpr std::int64_t first_second = -62'135'596'800;  // 0001-01-01T00:00:00Z
inline constexpr std::int64_t last_second = 253'402'300'799;   // 9999-12-31T23:59:59Z
inline constexpr std::int64_t most_seconds = 315'576'000'000;  // limit on a duration
inline constexpr std::int32_t nanos_of_a_second = 1'000'000'000;

// Appends "2024-05-01T12:00:00.250Z" with 0, 3, 6 or 9 digits after the point. A time outside
// JSON's range is written as the nearest one inside, for printers.
void append_text(timestamp, std::string& out);
// Parses RFC 3339 with capital T and Z and any offset. Returns false if the text is invalid or the
// time is outside the years 1 to 9999.
bool parse_text(std::string_view, timestamp&);

// Appends "-1.500s" in the same way.
void append_text(duration, std::string& out);
bool parse_text(std::string_view, duration&);

}  // namespace parley
