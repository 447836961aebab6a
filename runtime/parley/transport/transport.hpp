// transport: carries whole messages between two ends, text or binary, in order. Knows nothing of envelopes, calls or events.
//
// Two transports stand behind this seam: `websocket` (the only one that includes websocketpp) and `loopback` (in memory, with
// fault injection). A listener hands out requests, each accepted or rejected, now or later; accepting gives a connection.
//
//   listener.start([](std::shared_ptr<transport::request> ask) {
//     if (ask->path != "/ws") return ask->reject(404, "not here");
//     ask->accept("parley.v1.json", std::make_shared<my_handler>());
//   });
//
// Threads: every connection, request and listener belongs to one executor that runs one thing at a time (a strand, or a loop with
// one thread). All member functions are called there and all handler functions are called there, never from inside a call into
// the connection. Lifetime: an open connection keeps itself and its handler alive until it is closed. Whoever holds the shared_ptr may
// call; after on_closed every call does nothing. An execution context that is destroyed takes its connections with it: they let go of
// their handlers without calling them, and what others still hold of them does nothing any more.
#pragma once

#include "parley/core/core.hpp"

#include <asio/any_io_executor.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace parley::transport {

enum class opcode : std::uint8_t { text, binary };

// Why a connection is over. Codes are WebSocket close codes (RFC 6455 section 7.4); 1006: lost without a close frame.
struct close_reason {
  std::uint16_t code = 1006;
  std::string text;
};

// What a transport can do beyond messages; streams and datagrams come with transports that have them.
struct capabilities {
  bool streams = false;
  bool datagrams = false;
};

class connection;

// The owner's side of a connection. `to` stays valid until on_closed returns.
class connection_handler {
 public:
  virtual ~connection_handler() = default;
  // First of all, once: the connection can be used from here on. `subprotocol` is what was agreed, empty for none.
  virtual void on_open(std::shared_ptr<connection> to, std::string_view subprotocol) = 0;
  // So many bytes have come; on_message follows for each message that they complete. Bytes that had to wait are reported again when
  // their turn comes. Not every transport says so.
  virtual void on_received(std::size_t bytes) { (void)bytes; }
  // One whole message. Text is valid UTF-8, unless the connection's manners allow any. The view ends with the call; its first byte is 8-aligned.
  virtual void on_message(bytes_view content, opcode kind) = 0;
  // The other end violated RFC 6455, and nothing more is read. False: the connection is closed at once. True: what this end has still to say
  // to the messages before leaves first; then it calls connection::finish(), and is not waited for longer than a second.
  virtual bool on_violation() { return false; }
  // buffered_amount() fell to the low mark after it had been above the high mark.
  virtual void on_drained() = 0;
  // Once and last, whoever closed; also when connecting failed (then on_open was never called, and `why` is 1006).
  //
  // `why`: what close() said here; else what the other end said (1005: a close frame without a code); else the code this side closed
  // with because of bad input (1002, 1007, 1008, 1009); else 1006.
  // `how`: cancelled      closed, aborted or abandoned here
  //        disconnected   the other end closed or was lost; could not be reached; answered with an HTTP status not listed below
  //        too_large      a message over limits.max_message (1009); an answer over limits.max_handshake_bytes
  //        bad_frame      bad input: RFC 6455 violated, text that is not UTF-8, or too many frames without data
  //        deadline_exceeded   not upgraded within limits.handshake
  //        invalid        the options cannot be used: url, subprotocol, header
  //        unauthenticated, denied, unimplemented, version_mismatch, overloaded
  //                       refused with HTTP 401; 403; 404 or 405; 400 or 426; 429 or 503. By a proxy: 401, 407 or by SOCKS5 for want of
  //                       a user; 403, or SOCKS reply 2; 405 or 501, or replies 7 and 8; -; 429 or 503
  // `how.from_peer`: the other end said so, by a close frame or an HTTP status.
  // Texts name the HTTP status; they never quote what the other end sent.
  virtual void on_closed(const close_reason& why, const error& how) = 0;
};

class connection {
 public:
  virtual ~connection() = default;
  // Queues a whole message; never blocks, never calls back. After close() it does nothing. Text must be valid UTF-8: it is not
  // checked here, the other end would close with 1007. Nothing bounds the queue but the caller, who has buffered_amount.
  virtual void send(const buffer& content, opcode kind) = 0;
  // The same for what nobody else holds: it is copied before this returns. A small answer to what is being received is written into the
  // transport's own memory and takes none of its own.
  virtual void send_copy(bytes_view content, opcode kind) { send(buffer(std::string(as_text(content))), kind); }
  // Bytes queued and not yet taken by the operating system, frame headers included (loopback: cost_of() what the other end
  // has not yet taken).
  virtual std::size_t buffered_amount() const = 0;
  // After buffered_amount() was above high (high itself is not above it) it fell to low: on_drained. Default 64 KiB and 16 KiB.
  virtual void set_water_marks(std::size_t high, std::size_t low) = 0;
  // A paused connection delivers no message and, once the kernel's buffers are full, makes the other end wait.
  virtual void pause_reading() = 0;
  virtual void resume_reading() = 0;
  // From inside on_message: handling that message was as much work as `messages` more. Connections of one executor take turns, and a turn
  // ends after so many messages or bytes; this one ends sooner.
  virtual void costs(std::size_t messages) { (void)messages; }
  // Whether something has arrived that has not been read. Asks the system.
  virtual bool has_unread() const { return false; }
  // Messages queued before leave first (for up to 5 s); nothing after, and no message is delivered any more. Reads and discards for up
  // to 1 s or 64 KiB so that the code is not lost to a reset; then on_closed. `text` is cut at 123 bytes, between characters. A code
  // that must not be sent (RFC 6455 7.4: 1004, 1005, 1006, 1015, below 1000, 1016 to 2999, from 5000) is sent as 1011.
  virtual void close(std::uint16_t code, std::string_view text) = 0;
  // Drops the connection at once: no close frame, on_closed follows with 1006.
  virtual void abort() = 0;
  // After on_violation: closes with what the violation calls for. Does nothing at any other time.
  virtual void finish() {}
  // A WebSocket ping frame (RFC 6455 5.5.2), for peers that have no heartbeat of their own. `on_pong` is called when any pong
  // arrives, as often as one does; set it once.
  virtual void ping() = 0;
  virtual void on_pong(std::function<void()> notify) = 0;
  virtual transport::capabilities capabilities() const { return {}; }
  // "127.0.0.1:54321"; for logs.
  virtual std::string remote() const = 0;
  // The same of this end; empty where ends have no addresses.
  virtual std::string local() const { return {}; }
};

// A message that many connections are sent: its WebSocket head stands before it already, and those that mask nothing share both. `held`: where
// it is counted for as long as a queue holds it; null: nowhere.
buffer framed_once(std::string_view content, opcode kind, std::shared_ptr<account> held = {});

struct header {
  std::string name;
  std::string value;
};

// What a client asked for. Exactly one of accept and reject is called, once; a request that is dropped is rejected with 503.
class request {
 public:
  virtual ~request() = default;

  std::string path;                       // "/ws", without the query
  std::string query;                      // what follows '?'
  std::vector<header> headers;            // as received
  std::string host;                       // the Host header
  std::string origin;                     // the Origin header, empty if absent
  std::vector<std::string> subprotocols;  // as offered, in order, all header lines joined (RFC 6455 section 11.3.4)
  std::string remote;

  // `subprotocol`: one of those offered, echoed; or empty, for none. on_open follows; if the client has gone meanwhile: on_closed.
  virtual void accept(std::string_view subprotocol, std::shared_ptr<connection_handler> handler) = 0;
  // `text` is the answer's body, for people.
  virtual void reject(int http_status, std::string_view text) = 0;
};

class listener {
 public:
  virtual ~listener() = default;
  // Begins to accept. Called once.
  virtual void start(std::function<void(std::shared_ptr<request>)> on_request) = 0;
  // Stops accepting; open connections live on. Any thread.
  virtual void stop() = 0;
  // The port that was bound, also when 0 was asked for; loopback: 0.
  virtual std::uint16_t port() const = 0;
};

// Where a WebSocket connection departs from RFC 6455, for the sake of peers that never kept to it. The default departs nowhere; the
// loopback has none of it.
struct manners {
  bool masked_frames = false;  // client: the server's frames may have masks (5.1 wants the connection failed)
  bool any_text = false;       // a text frame that came whole is handed on though it is not UTF-8 (8.1: likewise). With fast_path only
  bool silent_close = false;   // no close frame but in answer to one; the stream ends behind what was sent (7.1.1)
  bool keep_alive = false;     // TCP asks after a silent peer: after 60 s, every 10 s, and gives it up after 6
};

// Bounds that hold before a message reaches its handler.
struct limits {
  std::size_t max_message = 64 * 1024 + 8 * 1024;  // a longer message is closed with 1009
  std::size_t max_handshake_bytes = 16 * 1024;     // request or response line and headers
  std::chrono::milliseconds handshake{5000};       // from accept (or connect) to upgrade
  std::size_t max_connections = 100'000;           // beyond it: refused with 503
};

// Who else may listen on a port (SO_REUSEPORT): the system divides the clients among all who do.
enum class port_sharing {
  nobody,
  later,      // taken alone, so that it fails if anybody has it; who asks for `everybody` may join afterwards
  everybody,  // of the same user, who asks for it, too
};

struct listen_options {
  std::string address = "127.0.0.1";  // numeric or a host name; loopback: the name to connect to
  std::uint16_t port = 0;             // 0: the system chooses
  transport::limits limits{};
  transport::manners manners{};
  std::string server_name = "parley";  // the Server header
  std::string help{};                  // added to the text of every HTTP 400: what would have been right
  port_sharing sharing = port_sharing::nobody;
  // Where open connections are counted; listeners that have one counter have one limits.max_connections. Null: a counter of its own.
  std::shared_ptr<std::atomic<std::size_t>> open_connections{};
  // Called on the executor; must not block. For each client that was refused before it was anybody's request: what is no upgrade, comes too
  // late, is one too many. `text` is ours.
  std::function<void(int status, std::string_view text, const std::string& remote)> on_refused{};
  // The system has given no socket, for want of descriptors or memory. It is asked again, after a pause.
  std::function<void(const std::error_code&)> on_accept_failed{};
  // Where the bytes are counted that wait because a socket takes no more; but for messages that are counted by themselves (framed_once).
  // Null: nowhere. The loopback counts nothing.
  std::shared_ptr<account> waiting{};
  bool fast_path = true;  // WebSocket: false sends every frame through websocketpp. Behaves the same, slower: for tests
};

struct connect_options {
  std::string url;  // ws://host[:port][/path][?query]; loopback: the host is the listener's name
  std::vector<std::string> subprotocols{};
  std::vector<header> headers{};
  std::string origin{};
  transport::limits limits{.max_message = 1024 * 1024 + 8 * 1024};
  transport::manners manners{};
  // socks5://[user:password@]host:port (RFC 1928, 1929) or http://[user:password@]host:port (CONNECT, RFC 9110 9.3.6); user and password
  // with %xx where need be. The proxy looks the server's name up. limits.handshake includes it. Empty: none; the loopback has none.
  std::string proxy{};
  bool fast_path = true;  // as in listen_options
};

// Time, so that whole systems can run on a clock that a test turns by hand.
class alarm {
 public:
  virtual ~alarm() = default;  // forgets what was set
  // Calls `ring` once, at `when` or soon after, on the alarm's executor. Replaces what was set before. `ring` is kept until something
  // replaces it, clear() or the end of the alarm: it must not own what owns the alarm.
  virtual void set(time_point when, std::function<void()> ring) = 0;
  // The same with what was given last; nothing, if there was none. Takes no memory.
  virtual void set_again(time_point when) = 0;
  virtual void clear() = 0;
};

class clock {
 public:
  virtual ~clock() = default;
  virtual time_point now() const = 0;
  // Up to 10 ms behind now(), and cheaper: for what is measured with every message.
  virtual time_point roughly_now() const { return now(); }
  virtual std::unique_ptr<alarm> make_alarm(const asio::any_io_executor& on) = 0;
};

// The real one: steady_clock, and one of Asio's timers for all alarms of an executor. Up to 2 ms late by itself, never early. Alarms are used
// on their executor, except that they may be destroyed after its context, and elsewhere while they are not set.
std::shared_ptr<clock> steady_clock();

}  // namespace parley::transport
