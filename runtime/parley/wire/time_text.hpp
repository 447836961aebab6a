// Timestamps and durations as JSON text: RFC 3339 and "1.5s".
#pragma once

#include "parley/wkt.hpp"

#include <string>
#include <string_view>

namespace parley {

// Appends "2024-05-01T12:00:00.250Z" with 0, 3, 6 or 9 digits after the point; a time JSON cannot carry as the nearest that it can.
void append_text(timestamp, std::string& out);
// RFC 3339 with capital T and Z, any offset; false: it is not, or lies outside the years 1 to 9999.
bool parse_text(std::string_view, timestamp&);

// Appends "-1.500s" likewise.
void append_text(duration, std::string& out);
bool parse_text(std::string_view, duration&);

}  // namespace parley
