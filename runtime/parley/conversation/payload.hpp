// A payload in the format a frame needs, and the envelope member that carries it.
#pragma once

#include "parley/stub/outgoing.hpp"
#include "parley/wire/envelope.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace parley {

// The payload as `f`, transcoding it into `made` if it was encoded in the other format only. Fails if a codec refuses what another wrote,
// as for an `any` whose type has no JSON form here.
result<bytes_view> payload_as(format f, const outgoing& from, const any_types* types, std::string& made);

// Writes the frame of an event, a call or a reply. Methods with `body: MESSAGE` carry their text in `message` in JSON envelopes, none if
// the payload is empty, and `beside` as their payload: what their sender wrote there.
// `e`: everything but method and payload. False: the format has no way to name the target.
bool write_frame(const wire::envelope_format& as, side writer, const method& what, wire::envelope& e, bytes_view payload, std::string& out,
                 bytes_view beside = {});

// The payload of a frame that was read; `scratch` holds it where `message` had to be turned into one.
bytes_view payload_of(const wire::envelope& e, const method& what, format f, std::string& scratch);

// A payload that is over its limit: the error says its size, the limit and what it is called. `option`: of the end that has the limit,
// "client_options::max_message"; a method's own max_bytes stands above it.
error payload_too_large(const method& what, std::size_t size, std::size_t limit, std::string_view option);

// A bare number, alone as a payload, that is NaN or infinite: proto3's JSON has it in quotes, Python has not. Where a schema relays what it
// does not know (`unknown: RELAY`), plain peers are taken for Python's.
bool is_quoted_nan(const codec& of, std::string_view json) noexcept;

}  // namespace parley
