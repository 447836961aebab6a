// A payload in the format of a frame, and the envelope member that contains it.
#pragma once

#include "parley/stub/outgoing.hpp"
#include "parley/wire/envelope.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace parley {

// The payload as `f`. Transcodes it into `made` if it was only encoded in the other format. Fails
// if a codec refuses what another codec wrote, for example an `any` whose type has no JSON form
// here.
result<bytes_view> payload_as(format f, const outgoing& from, const any_types* types, std::string& made);

// Writes the frame of an event, a call or a reply. In JSON envelopes, a method with `body: MESSAGE`
// has its text in `message`, or no text if the payload is empty. `beside` is then the payload that
// the sender wrote in addition.
// `e` contains everything except method and payload. Returns false if the format cannot express the
// target.
bool write_frame(const wire::envelope_format& as, side writer, const method& what, wire::envelope& e, bytes_view payload, std::string& out,
                 bytes_view beside = {});

// The payload of a received frame. `scratch` holds it if `message` had to be converted to a
// payload.
bytes_view payload_of(const wire::envelope& e, const method& what, format f, std::string& scratch);

// The error for a payload that exceeds its limit. The text contains the size, the limit and the
// name of the limit. `option` names the option of the end that has the limit, for example
// "client_options::max_message". The method's own max_bytes has priority.
error payload_too_large(const method& what, std::size_t size, std::size_t limit, std::string_view option);

// Whether the payload is a single number that is NaN or infinite. The JSON of proto3 writes it in
// quotes, and Python writes it without. If a schema relays unknown events (`unknown: RELAY`), plain
// peers are treated as Python programs.
bool is_quoted_nan(const codec& of, std::string_view json) noexcept;

}  // namespace parley
