// Connections and the messages that they carry, without Asio: a message is bytes and an opcode, and a
// connection has an owner that it calls.
//
// Threads: a connection belongs to one executor that runs one thing at a time (a strand, or a loop
// with one thread). All member functions must be called there. All handler functions are called
// there too, never from inside a call into the connection.
//
// Lifetime: an open connection keeps itself and its handler alive until it is closed. Any holder of
// the shared_ptr may call it. After on_closed every call does nothing. Destroying an execution
// context ends its connections: they release their handlers without calling them, and the remaining
// references to them do nothing.
#pragma once

#include "parley/core/core.hpp"
#include "parley/transport/waited.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace parley::transport {

enum class opcode : std::uint8_t { text, binary };

// Why a connection ended. The code is a WebSocket close code (RFC 6455 section 7.4). 1006 means
// that the connection was lost without a close frame.
struct close_reason {
  std::uint16_t code = 1006;
  std::string text{};
  // The server refused to open the connection with this HTTP status. 0: it did not refuse.
  int http_status = 0;
  // What the server demands in Retry-After (RFC 9110 section 10.2.3), if it states a number of
  // seconds. At most an hour.
  std::chrono::seconds retry_after{0};
};

// What a transport can do beyond messages. Streams and datagrams will come with transports that
// have them.
struct capabilities {
  bool streams = false;
  bool datagrams = false;
};

// Permitted departures from RFC 6455, for peers that never followed it. The default permits none.
// The loopback ignores these options.
struct manners {
  // Client: accepts masked frames from the server. RFC 6455 section 5.1 requires that the
  // client fails the connection.
  bool masked_frames = false;
  // Delivers an unfragmented text frame even if it is not UTF-8. RFC 6455 section 8.1 requires that
  // the connection is failed. Only with fast_path.
  bool any_text = false;
  // Sends no close frame except in reply to one. The stream ends after the data (RFC 6455 section
  // 7.1.1).
  bool silent_close = false;
  // Enables TCP keep-alive: the first probe after 60 s of silence, then one every 10 s. The
  // connection is dropped after 6 unanswered probes.
  bool keep_alive = false;
};

class connection;

// The callbacks of a connection's owner. `to` stays valid until on_closed returns.
class connection_handler {
 public:
  virtual ~connection_handler() = default;
  // Called first and once. The connection can be used from here on. `subprotocol` is the agreed
  // one, or empty.
  virtual void on_open(std::shared_ptr<connection> to, std::string_view subprotocol) = 0;
  // This number of bytes has arrived. on_message follows for each message that they complete. Bytes
  // that had to wait are reported again when they are processed. Not every transport calls this.
  virtual void on_received(std::size_t /*bytes*/) {}
  // One whole message. Text is valid UTF-8, unless the connection's manners allow any text. The
  // view is valid during the call. Its first byte is 8-aligned.
  virtual void on_message(bytes_view content, opcode kind) = 0;
  // The peer violated RFC 6455, and nothing more is read. Return false to close the connection at
  // once. Return true to send the remaining replies to earlier messages first and then call
  // connection::finish(). The transport waits at most one second for that call.
  virtual bool on_violation() { return false; }
  // buffered_amount() fell to the low mark after it had exceeded the high mark.
  virtual void on_drained() = 0;
  // Called last and once, whichever end closed the connection. It is also called when connecting
  // failed. on_open was never called in that case, and `why` is 1006.
  //
  // `why` is the first that applies: what was passed to close() here, what the peer's close frame
  // said (1005 for a close frame without a code), the code with which this end closed because of
  // bad input (1002, 1007, 1008, 1009), or 1006.
  //
  // `how` is one of these:
  //   cancelled          Closed, aborted or abandoned locally.
  //   disconnected       The peer closed the connection, was lost, could not be reached, or
  //                      answered with an HTTP status that status.hpp does not list.
  //   too_large          A message exceeds limits.max_message (1009), or a handshake response
  //                      exceeds limits.max_handshake_bytes.
  //   bad_frame          The input violates RFC 6455, contains text that is not UTF-8, or
  //                      contains too many frames without data.
  //   deadline_exceeded  The upgrade did not complete within limits.handshake.
  //   invalid            A url, subprotocol or header in the options is not usable.
  //   denied, unauthenticated, version_mismatch, bad_frame, unimplemented
  //                      The TLS handshake failed: tls/texts.cpp has the causes. The last one means
  //                      that Parley was built without TLS.
  // If the server or a proxy refused the connection, status.hpp lists the codes.
  //
  // `how.from_peer` is set if the peer reported the error, by a close frame or an HTTP status.
  // Error texts name the HTTP status. They never quote what the peer sent.
  virtual void on_closed(const close_reason& why, const error& how) = 0;
};

class connection {
 public:
  virtual ~connection() = default;
  // Queues a whole message. Never blocks and never calls back. After close() it does nothing. Text
  // must be valid UTF-8. That is not checked here, and the peer would close with 1007. The
  // transport does not limit the queue. The caller limits it by buffered_amount().
  virtual void send(const buffer& content, opcode kind) = 0;
  // Like send(), for content that is not shared: it is copied before this returns. A small reply to
  // the message that is being received is written into the transport's own memory and allocates
  // nothing.
  virtual void send_copy(bytes_view content, opcode kind) { send(buffer(std::string(as_text(content))), kind); }
  // Like send_copy(), for content that the caller no longer needs. Large content is not copied: it
  // is masked in place and sent from where it is.
  virtual void send_owned(std::string content, opcode kind) { send_copy(as_bytes(content), kind); }
  // Sends what is queued now, instead of at the end of the turn.
  virtual void flush() {}
  // For a thread that has the executor to itself and is not inside a function that runs on it:
  // sends what is queued, waits for the next bytes and handles them, without a turn of the loop.
  // `wake` is a descriptor; the wait also ends when it is readable, and at `until`.
  virtual waited wait_here(int /*wake*/, time_point /*until*/) { return waited::unable; }
  // Bytes that are queued and not yet taken by the operating system, including frame headers. The
  // loopback returns cost_of() of what the other end has not taken yet.
  virtual std::size_t buffered_amount() const = 0;
  // on_drained is called when buffered_amount() falls to `low` after it has exceeded `high`. A
  // value equal to `high` does not exceed it. The defaults are 64 KiB and 16 KiB.
  virtual void set_water_marks(std::size_t high, std::size_t low) = 0;
  // A paused connection delivers no messages. Once the kernel's buffers are full, the peer has to
  // wait.
  virtual void pause_reading() = 0;
  virtual void resume_reading() = 0;
  // Called from inside on_message: handling that message was as much work as `messages` further
  // ones. The connections of one executor take turns, and a turn ends after a number of messages or
  // bytes. This turn then ends sooner.
  virtual void costs(std::size_t messages) { (void)messages; }
  // Whether data has arrived that has not been read. Asks the operating system.
  virtual bool has_unread() const { return false; }
  // Closes the connection. Messages queued earlier are sent first, for up to 5 s. Nothing is sent
  // afterwards, and no message is delivered any more. The transport then reads and discards for up
  // to 1 s or 64 KiB, so that a reset does not destroy the close code. on_closed follows. `text` is
  // cut at 123 bytes, between characters. A code that must not be sent (RFC 6455 section 7.4: 1004,
  // 1005, 1006, 1015, below 1000, 1016 to 2999, from 5000) is sent as 1011.
  virtual void close(std::uint16_t code, std::string_view text) = 0;
  // Drops the connection at once without a close frame. on_closed follows with 1006.
  virtual void abort() = 0;
  // After on_violation: closes with the code for that violation. Does nothing at any other time.
  virtual void finish() {}
  // Sends a WebSocket ping frame (RFC 6455 section 5.5.2), for peers that have no heartbeat of
  // their own. `on_pong` is called for every pong that arrives. Set it once.
  virtual void ping() = 0;
  virtual void on_pong(std::function<void()> notify) = 0;
  virtual transport::capabilities capabilities() const { return {}; }
  // The peer's address for logs: "127.0.0.1:54321". Over a Unix socket the peer's process:
  // "unix:pid=1234,uid=1000", or "unix" if the system does not know it.
  virtual std::string remote() const = 0;
  // The local address in the same form. Empty if the transport has no addresses.
  virtual std::string local() const { return {}; }
};

// A message that is sent to many connections. It already contains its WebSocket header, and the
// connections that do not mask their frames share header and content. `held` counts the message for
// as long as a queue holds it. Null: it is not counted.
buffer framed_once(std::string_view content, opcode kind, std::shared_ptr<account> held = {});

}  // namespace parley::transport
