// The dialect of the libwsclient chat family. It works with the family's unmodified programs:
// clients in C, Python, JavaScript and C#, and servers in C, Zig and JavaScript.
//
//   // For its clients:
//   parley::server server{{.port = 9999, .path = "/", .dialect = parley::wschat::dialect()}};
//   // To its servers:
//   parley::client link{"ws://localhost:9999/", parley::wschat::named("ann")};
//
// The dialect carries "message", the one event of schema/wschat/v1/wschat.proto, in the family's
// bare JSON. It is written as the family's C programs write it:
//
//   {"user": {"name": "ann"},"message": {"text": "hello","text_len": 5,"info": 0}}
//
// Writing. The family's readers do not know escapes and have room for 255 bytes of text. Quotes
// therefore become ', backslashes become /, and control characters are dropped. Other UTF-8 is
// written unchanged. Text that is too long is cut between characters, and names are cut after 63
// bytes. A server always writes info 0, and "Anonym" for an empty name. text_len is the sender's.
// If the sender set none or the text was changed, it is the size of the text in bytes.
//
// Reading. The dialect reads everything that the family sends: text with or without escapes,
// unescaped quotes, text of any length (cut after 255 bytes), bytes that are not UTF-8 (dropped),
// numbers in any form, and missing, additional or mistyped members. A frame without a "message"
// object is refused. A client gets the name as the sender's id (parley::origin).
//
// Names and their changes are left to a handler (examples/06_wschat has one). Calls are not
// supported.
#pragma once

#include "parley/client/client.hpp"
#include "parley/conversation/dialect.hpp"

#include <cstddef>
#include <string_view>

namespace parley::wschat {

inline constexpr std::size_t max_text = 255;  // bytes that the family's readers have room for
inline constexpr std::size_t max_name = 63;

// Immutable. Lives as long as the program.
const wire::envelope_format& format();

// The format, with manners that every program of the family accepts. These programs read one frame
// with each recv(). They take pings for messages and close frames for garbage. They lose data that
// arrives together with the answer to their handshake.
parley::dialect dialect();

// For a client that sends its name first on every connection, as the family's library does.
client_options named(std::string_view name);

}  // namespace parley::wschat
