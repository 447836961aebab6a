// A dialect: a foreign protocol that a client or one port of a server speaks instead of Parley's
// own encodings. Handlers and stubs do not change. A relayed event reaches the clients of every
// port, each in the protocol of its port.
//
//   const lines format;  // a wire::envelope_format: converts between frames and envelopes
//   parley::server server{{.port = 8765}};
//   server.listen({.port = 9999, .path = "/", .dialect = {.format = &format, .pings = false}});
//   ...
//   parley::client link{"ws://localhost:9999/", {.dialect = {.format = &format}}};
//
// The format (wire/envelope.hpp) must not have a session: has_session() returns false. There is no
// greeting, and `error` is the only kind of frame that the format marks. It reads and writes these
// members of an envelope:
//
//   name        the method's wire name. In a server's answer it is the answer's name: `reply` of
//               the schema, or else the method's own name
//   payload     in payload_format(). A payload that had to be rewritten may be in `text`, with
//               has_text false
//   from        read by a client. "server" for the server's own frames, answers included, otherwise
//               the sender
//   foreign_id  the id of a call, if the protocol has ids. An answer that repeats the id finds its
//               call in any order
//
// If write() returns false, the frame is not sent to peers of this dialect. It does so for an event
// that the protocol cannot express, and for `error` if the protocol has no errors.
//
// Calls from a server need a session, so a server cannot call a client that speaks a dialect.
#pragma once

#include "parley/wire/envelope.hpp"

#include <chrono>
#include <cstddef>
#include <string_view>
#include <type_traits>

namespace parley {

// The format, and the behaviour that its peers expect. Options that are not set behave as without a
// dialect. A dialect is plain data: copy it and change it freely.
struct dialect {
  // Null: no dialect. Must outlive every server and client that speaks it.
  const wire::envelope_format* format = nullptr;
  // Offered by a client. A server repeats it to clients that offer it. Empty: none. The text must
  // outlive every server and client that speaks the dialect.
  std::string_view subprotocol{};

  // --- the behaviour of this end

  // Whether to send WebSocket pings after a silent heartbeat. If false, TCP's keep-alive alone
  // ends a silent connection.
  bool pings = true;
  // If false, invalid and refused frames are ignored and counted instead of answered with an error.
  bool error_answers = true;
  // The order of answers to calls without an id. If true, a server answers in the order of the
  // calls, and a client relies on it. If false, a server answers as soon as a result is ready.
  bool answers_in_order = true;
  // If true, this end sends a close frame only in answer to one. When it closes the connection
  // itself, the stream just ends.
  bool silent_close = false;
  // The largest frame in bytes, including its WebSocket header. A longer frame is `too_large` or is
  // not sent. 0: no limit.
  std::size_t max_frame = 0;
  // The time from one frame to the next for the same peer, for peers that read one frame at a time.
  std::chrono::milliseconds gap{};
  // For a server: nothing is sent until the client's first message, or until this time has passed
  // since the upgrade.
  std::chrono::milliseconds quiet_start{};

  // --- what this end tolerates

  // For a client: the server's frames may be masked, although RFC 6455 section 5.1 forbids it.
  bool masked_frames = false;
  // The format also receives text frames that are not UTF-8, as long as they arrived complete.
  bool any_text = false;
};
// Otherwise GCC 12 warns at -O3 in every program that sets an option, because the option structs
// hold a dialect beside strings.
static_assert(std::is_trivially_destructible_v<dialect>);

}  // namespace parley
