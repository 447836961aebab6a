// The reading half of json_format.cpp.
#pragma once

#include "parley/wire/envelope.hpp"

#include <optional>
#include <string_view>

namespace parley::wire {

// Reads one frame of subprotocol parley.v1.json, as envelope_format::read() says.
std::optional<fault> read_json_frame(std::string_view frame, side reader, const read_limits& limits, envelope& out);

}  // namespace parley::wire
