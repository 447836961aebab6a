// A dialect: a foreign protocol that a port of a server, or a client, speaks in place of Parley's own encodings. Handlers and stubs stay
// as they are; a relayed event reaches clients of every port, each in what it speaks.
//
//   const lines format;                                     // a wire::envelope_format: turns frames into envelopes, and back
//   parley::server server{{.port = 8765}};
//   server.listen({.port = 9999, .path = "/", .dialect = {.format = &format, .pings = false}});
//   ...
//   parley::client link{"ws://localhost:9999/", {.dialect = {.format = &format}}};
//
// The format (wire/envelope.hpp) has no session of its own: has_session() is false, so there is no greeting, and kinds of frames do not
// exist but for `error`. What it has to tell:
//   name        the method's wire name; from a server also the answer's (`reply` of the schema, else the method's own)
//   payload     in payload_format(); one that had to be rewritten may stand in `text`, with has_text false
//   from        read at a client: "server" for what the server itself says, its answers too; else who said it
//   foreign_id  an id of a call, if the protocol has them: an answer that repeats it finds its call, in whatever order
// What write() returns false for is left out for peers of this dialect: an event that it cannot say, `error` if it has no such thing.
//
// Calls from a server need a session: a client of a dialect is asked none.
#pragma once

#include "parley/wire/envelope.hpp"

#include <chrono>
#include <cstddef>
#include <string_view>
#include <type_traits>

namespace parley {

// The format, and the manners that its peers are used to. Whatever is not set is as everywhere. Plain data: copy it, change it.
struct dialect {
  const wire::envelope_format* format = nullptr;  // null: no dialect. It outlives every server and client that speaks it
  std::string_view subprotocol{};  // offered by a client; echoed by a server to who offers it. Empty: none. Outlives them, too

  // What this end does by itself.
  bool pings = true;                // WebSocket pings after a silent heartbeat. False: silence ends no connection but TCP's keep-alive does
  bool error_answers = true;        // false: what is bad or refused is passed over in silence, and counted
  bool answers_in_order = true;     // to calls without an id: a server keeps the order, a client counts on it; false: when they are ready
  bool silent_close = false;        // true: no close frame but in answer to one, the stream just ends
  std::size_t max_frame = 0;        // bytes of a frame with its head; what is longer is `too_large` or left out. 0: no bound
  std::chrono::milliseconds gap{};  // from one frame to the next for the same peer, for peers that read one frame at a time
  std::chrono::milliseconds quiet_start{};  // server: nothing is sent before the client's first message, or so long after the upgrade

  // What it lets pass.
  bool masked_frames = false;  // client: the server's frames may have masks (RFC 6455 5.1 forbids them)
  bool any_text = false;       // the format is given text frames that are not UTF-8, too, as far as they came whole
};
// In options beside strings it would otherwise make GCC 12 warn, at -O3, in every program that names one of them.
static_assert(std::is_trivially_destructible_v<dialect>);

}  // namespace parley
