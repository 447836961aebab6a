// transport: carries whole messages between two ends, text or binary, in order. It knows nothing of
// envelopes, calls or events.
//
// There are two implementations of this interface: `websocket`, the only one that includes
// websocketpp, and `loopback`, which runs in memory and can inject faults. A listener hands out
// requests. Each request is accepted or rejected, immediately or later. Accepting a request
// produces a connection.
//
//   listener.start([](std::shared_ptr<transport::request> ask) {
//     if (ask->path != "/ws") return ask->reject(404, "not here");
//     ask->accept("parley.v1.json", std::make_shared<my_handler>());
//   });
//
// Threads: every connection, request and listener belongs to one executor that runs one thing at a
// time (a strand, or a loop with one thread). All member functions must be called there. All
// handler functions are called there too, never from inside a call into the connection.
//
// Lifetime: an open connection keeps itself and its handler alive until it is closed. Any holder of
// the shared_ptr may call it. After on_closed every call does nothing. Destroying an execution
// context ends its connections: they release their handlers without calling them, and the remaining
// references to them do nothing.
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

// Why a connection ended. The code is a WebSocket close code (RFC 6455 section 7.4). 1006 means
// that the connection was lost without a close frame.
struct close_reason {
  std::uint16_t code = 1006;
  std::string text;
};

// What a transport can do beyond messages. Streams and datagrams will come with transports that
// have them.
struct capabilities {
  bool streams = false;
  bool datagrams = false;
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
  //                      answered with an HTTP status that is not listed below.
  //   too_large          A message exceeds limits.max_message (1009), or a handshake response
  //                      exceeds limits.max_handshake_bytes.
  //   bad_frame          The input violates RFC 6455, contains text that is not UTF-8, or
  //                      contains too many frames without data.
  //   deadline_exceeded  The upgrade did not complete within limits.handshake.
  //   invalid            A url, subprotocol or header in the options is not usable.
  // The server or a proxy refused the connection:
  //   code              server's HTTP status  proxy's HTTP status  SOCKS5
  //   unauthenticated   401                   401, 407             it requires a user
  //   denied            403                   403                  reply 2
  //   unimplemented     404, 405              405, 501             replies 7 and 8
  //   version_mismatch  400, 426              -                    -
  //   overloaded        429, 503              429, 503             -
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
  // The peer's address for logs: "127.0.0.1:54321".
  virtual std::string remote() const = 0;
  // The local address in the same form. Empty if the transport has no addresses.
  virtual std::string local() const { return {}; }
};

// A message that is sent to many connections. It already contains its WebSocket header, and the
// connections that do not mask their frames share header and content. `held` counts the message for
// as long as a queue holds it. Null: it is not counted.
buffer framed_once(std::string_view content, opcode kind, std::shared_ptr<account> held = {});

struct header {
  std::string name;
  std::string value;
};

// A client's request. Call accept or reject exactly once. A request that is destroyed without an
// answer is rejected with 503.
class request {
 public:
  virtual ~request() = default;

  std::string path;             // "/ws", without the query
  std::string query;            // the part after '?'
  std::vector<header> headers;  // as received
  std::string host;             // the Host header
  std::string origin;           // the Origin header, empty if absent
  // As offered, in order, all header lines joined (RFC 6455 section 11.3.4).
  std::vector<std::string> subprotocols;
  std::string remote;

  // `subprotocol` is one of those offered, or empty for none. on_open follows, or on_closed if the
  // client has disconnected meanwhile.
  virtual void accept(std::string_view subprotocol, std::shared_ptr<connection_handler> handler) = 0;
  // `text` is the body of the response, for human readers.
  virtual void reject(int http_status, std::string_view text) = 0;
};

class listener {
 public:
  virtual ~listener() = default;
  // Starts to accept. Called once.
  virtual void start(std::function<void(std::shared_ptr<request>)> on_request) = 0;
  // Stops accepting. Open connections continue. Any thread.
  virtual void stop() = 0;
  // The bound port, also if port 0 was requested. The loopback returns 0.
  virtual std::uint16_t port() const = 0;
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

// Limits that are enforced before a message reaches its handler.
struct limits {
  std::size_t max_message = 64 * 1024 + 8 * 1024;  // a longer message is closed with 1009
  std::size_t max_handshake_bytes = 16 * 1024;     // the request or status line, and the headers
  std::chrono::milliseconds handshake{5000};       // from accept (or connect) to upgrade
  std::size_t max_connections = 100'000;           // further clients are refused with 503
};

// Which other sockets may listen on the same port (SO_REUSEPORT). The system distributes the
// clients among all of them.
enum class port_sharing {
  nobody,
  // Binds alone, and fails if the port is in use. A socket that asks for `everybody` may join
  // afterwards.
  later,
  // Sockets of the same user that also ask for it.
  everybody,
};

struct listen_options {
  std::string address = "127.0.0.1";  // numeric or a host name. Loopback: the name to connect to
  std::uint16_t port = 0;             // 0: the system chooses
  transport::limits limits{};
  transport::manners manners{};
  std::string server_name = "parley";  // the Server header
  // Added to the text of every HTTP 400, to explain the correct use.
  std::string help{};
  port_sharing sharing = port_sharing::nobody;
  // The counter of open connections. Listeners with a common counter share one
  // limits.max_connections. Null: the listener has a counter of its own.
  std::shared_ptr<std::atomic<std::size_t>> open_connections{};
  // Called for each client that was refused before a request was handed out: it did not request an
  // upgrade, was too slow, or exceeded max_connections. Called on the executor; must not block.
  // `text` is Parley's own and never the client's.
  std::function<void(int status, std::string_view text, const std::string& remote)> on_refused{};
  // The system could not provide a socket because descriptors or memory are exhausted. The listener
  // tries again after a pause.
  std::function<void(const std::error_code&)> on_accept_failed{};
  // Counts the bytes that wait because a socket accepts no more, except messages with an account of
  // their own (framed_once). Null: they are not counted. The loopback counts nothing.
  std::shared_ptr<account> waiting{};
  // WebSocket: false sends every frame through websocketpp. The behaviour is the same but slower.
  // For tests.
  bool fast_path = true;
};

struct connect_options {
  std::string url;  // ws://host[:port][/path][?query]. Loopback: the host is the listener's name
  std::vector<std::string> subprotocols{};
  std::vector<header> headers{};
  std::string origin{};
  transport::limits limits{.max_message = 1024 * 1024 + 8 * 1024};
  transport::manners manners{};
  // "socks5://[user:password@]host:port" (RFC 1928, RFC 1929) or "http://[user:password@]host:port"
  // (CONNECT, RFC 9110 section 9.3.6). User and password are percent-encoded where necessary. The
  // proxy resolves the server's name. limits.handshake includes the proxy's handshake. Empty: no
  // proxy. The loopback has none.
  std::string proxy{};
  bool fast_path = true;  // as in listen_options
};

// Time, as an interface, so that whole systems can run on a clock that a test advances.
class alarm {
 public:
  virtual ~alarm() = default;  // also cancels a pending alarm
  // Calls `ring` once, at `when` or soon after, on the alarm's executor. Replaces an earlier
  // setting. The alarm keeps `ring` until it is replaced, cleared or destroyed, so `ring` must not
  // own the alarm's owner.
  virtual void set(time_point when, std::function<void()> ring) = 0;
  // Sets the alarm again with the last `ring`. Does nothing if there was none. Allocates no memory.
  virtual void set_again(time_point when) = 0;
  virtual void clear() = 0;
};

class clock {
 public:
  virtual ~clock() = default;
  virtual time_point now() const = 0;
  // Up to 10 ms behind now(), and cheaper. For values that are measured with every message.
  virtual time_point roughly_now() const { return now(); }
  virtual std::unique_ptr<alarm> make_alarm(const asio::any_io_executor& on) = 0;
};

// The real clock: std::chrono::steady_clock, with one Asio timer for all alarms of an executor. An
// alarm rings up to 2 ms late and never early. Alarms are used on their executor. An alarm may be
// destroyed after the executor's context. An alarm that is not set may be destroyed on another
// thread.
std::shared_ptr<clock> steady_clock();

}  // namespace parley::transport
