// The dialect of the libwsclient chat family: C, Python, JavaScript and C# clients, C, Zig and JavaScript servers, as they are.
//
//   parley::server server{{.port = 9999, .path = "/", .dialect = parley::wschat::dialect()}};        // for its clients
//   parley::client link{"ws://localhost:9999/", parley::wschat::named("ann")};                       // to its servers
//
// It carries the one event of schema/wschat/v1/wschat.proto, "message", in the family's bare JSON, written as its C programs write it:
//
//   {"user": {"name": "ann"},"message": {"text": "hello","text_len": 5,"info": 0}}
//
// Its readers know no escapes and have room for 255 bytes of text; so quotes become ', backslashes /, control characters are dropped, the
// rest is UTF-8 as it is, and what is too long is cut between characters, names after 63 bytes. A server always writes info 0, and "Anonym"
// for an empty name; text_len is the sender's own, or the bytes of the text where there is none or the text was changed.
//
// It reads whatever the family sends: escapes or none, quotes that should have been escaped, text of any length (cut after 255 bytes), bytes that are
// not UTF-8 (dropped), numbers in any form, members missing, added or of another type. What has no "message" object is refused. A client
// is told the name as the sender's id (parley::origin).
//
// What it does not do: names and their changes are a handler's (examples/06_wschat has it). Calls are not known here.
#pragma once

#include "parley/peer/client.hpp"
#include "parley/peer/dialect.hpp"

#include <cstddef>
#include <string_view>

namespace parley::wschat {

inline constexpr std::size_t max_text = 255;  // bytes that its readers have room for
inline constexpr std::size_t max_name = 63;

// Immutable; lives as long as the program.
const wire::envelope_format& format();

// The format with the manners that every program of the family can stand: they read one frame with each recv(), take pings for messages and close
// frames for garbage, and lose what comes together with the answer to their handshake.
parley::dialect dialect();

// For a client that says its name first of all, on every connection, as the family's library does.
client_options named(std::string_view name);

}  // namespace parley::wschat
