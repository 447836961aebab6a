// Timestamps and durations as JSON text: RFC 3339 and "1.5s".
#pragma once

#include "parley/wkt.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace parley {

inline constexpr std::int64_t first_second = -62'135'596'800;  // 0001-01-01T00:00:00Z
inline constexpr std::int64_t last_second = 253'402'300'799;   // 9999-12-31T23:59:59Z
inline constexpr std::int64_t most_seconds = 315'576'000'000;  // of a duration
inline constexpr std::int32_t nanos_of_a_second = 1'000'000'000;

// Appends "2024-05-01T12:00:00.250Z" with 0, 3, 6 or 9 digits after the point; for
// printers: a time outside JSON's range as the nearest inside.
void append_text(timestamp, std::string& out);
// RFC 3339 with capital T and Z, any offset; false: it is not, or lies outside the years 1 to 9999.
bool parse_text(std::string_view, timestamp&);

// Appends "-1.500s" likewise.
void append_text(duration, std::string& out);
bool parse_text(std::string_view, duration&);

}  // namespace parley
