// A server: accepts clients, calls handlers, and delivers events to their receivers.
//
//   parley::server server{{.port = 8765}};
//   Lobby lobby{server};                       // a LobbyHandler with its LobbyPeers
//   server.add(lobby);
//   server.run();                              // until stop(), from any thread or a signal handler
//
// Threads. By default one executor does all work of a server, one thing at a time, so handlers need
// no locks among themselves. run() uses the calling thread, and start() uses a thread of its own.
//
// With `.threads = parley::per_core` each core has a loop of its own. Each client belongs to one of
// the loops for as long as it is connected. One handler object then serves all loops at once:
// - State shared by all clients must be guarded by the handler itself.
// - State of one client (peer.state<T>()) needs no guard, if only that peer's handlers use it.
//
// Nothing else changes. In particular, the order of events stays the same.
//
// Lifetime. A handler must live until run() has returned or, after start(), until join() has
// returned. A handler that ends earlier must end its registration first. Declare the registration
// after the handler: `const parley::scoped_registration serving = server.add(lobby);`.
//
// Exceptions.
// - From a handler: logged. A call is answered with `failed`.
// - From a completion handler of a call to a client: logged, also inside run(). On the caller's
//   executor it leaves run() of that executor, in a turn of its own, as in client.hpp.
#pragma once

#include "parley/conversation/dialect.hpp"
#include "parley/ends/log.hpp"
#include "parley/stub/authenticator.hpp"
#include "parley/stub/core.hpp"
#include "parley/stub/handler.hpp"
#include "parley/transport/tls/options.hpp"

#include <asio/any_io_executor.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace parley {

class loopback;
namespace transport {
class clock;
}

// What happens to a client whose contract differs and is not proven compatible.
enum class contract_policy {
  // The connection is closed with 4004.
  refuse,
  // Calls of methods that differ fail with version_mismatch, and their events are not delivered.
  degrade,
  // The difference is only logged.
  warn,
};

// A value for server_options::threads: as many loops as the machine has cores.
inline constexpr std::size_t per_core = 0;

struct server_options {
  // "0.0.0.0" or "::" for every interface. "unix:/run/parley.sock" for a Unix socket, to which
  // clients connect by "ws+unix:///run/parley.sock:/ws". "unix:@name" for an abstract name.
  //
  // - The umask decides who may connect: connecting needs write permission for the file.
  // - The file is removed when the server ends. A file that a dead server has left is replaced.
  //   A path where a server listens, or where there is another file, is refused.
  // - A Unix socket has no port (`port` must be 0, and port() returns 0), and serves one loop of
  //   one process: `threads` must be 1, and `share_port` false.
  // - peer::remote() is "unix:pid=1234,uid=1000", the process of the client.
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;  // 0: the system chooses; see port()
  std::string path = "/ws";
  // Every connection to this port speaks TLS, and clients use wss:// (parley/tls.hpp). If it is not
  // set and other machines can connect, the server logs a warning at its start: everybody between
  // the ends can then read and change everything, unless a proxy with TLS is before the server. Not
  // for a Unix socket. With `loopback` it is ignored.
  std::optional<server_tls> tls{};
  // How many loops the server has, each with its own thread. per_core selects one for each core.
  // With `loopback` there is always one.
  std::size_t threads = 1;

  // The encodings that the server speaks, in order of preference. A client that offers no
  // subprotocol is served in plain JSON.
  bool binary = true;
  bool json = true;
  bool plain = true;
  // Replaces all three encodings.
  parley::dialect dialect{};

  // The web pages that may connect, each by its origin: scheme, host and port
  // ("https://example.org", "http://localhost:8000"). "null" stands for pages loaded from files.
  // There are no wildcards. The constructor throws std::invalid_argument for a text that no browser
  // can send as an origin.
  //
  // Always accepted, whatever the list contains:
  // - a page from the very host and port that it connects to. Behind a proxy this needs a proxy
  //   that forwards the Host header
  // - programs, which send no Origin header
  //
  // Every other upgrade is refused with HTTP 403.
  std::vector<std::string> origins{};

  // Finds out who each client is (parley/auth.hpp).
  auth_options auth = auth_options();  // `{}` makes GCC 12 with -O3 warn of uninitialized memory

  // The largest payload accepted from a client, in bytes.
  std::size_t max_message = 64 * 1024;
  // How deeply a received payload may be nested. Writing always stops at 64.
  std::size_t max_depth = 64;
  // How many calls of one client may run at once. Further calls are answered with `overloaded`,
  // also while the payloads of running calls hold 64 MiB.
  std::uint32_t max_calls = 256;
  // How many bytes may wait for one client. A client that exceeds it is closed with 4009. Here and
  // below, a message counts as its size plus 64 bytes.
  std::size_t max_queue = 4 * 1024 * 1024;
  // How many bytes may wait for all clients together. If more waits for a client than is left of
  // this total, that client is closed with 4009. So the slowest reader is closed first, and clients
  // with short queues stay connected.
  //
  // An event for many clients counts once. For a client whose socket was free just before, up to 64
  // KiB do not count. After a peak the memory is returned to the system.
  std::size_t max_queued_total = 256 * 1024 * 1024;
  // How many bytes of events and of calls to clients may wait for their loop, when other threads
  // send them. Beyond it an event is sent::dropped, and a call completes with `overloaded`.
  std::size_t max_posted = 64 * 1024 * 1024;
  std::size_t max_connections = 100'000;
  // From accepting a connection to its upgrade, and again from there to a complete greeting.
  std::chrono::milliseconds handshake_timeout{5'000};
  // A client is sent a ping after it has been silent for `heartbeat`. It is closed with 4011 after
  // twice that time. Each KiB of a message still in transit ends the silence. Less than 1 KiB in
  // two heartbeats counts as silence.
  std::chrono::milliseconds heartbeat{20'000};
  parley::contract_policy contract = contract_policy::degrade;
  // For calls to clients that set no deadline, and whose method has none in the schema.
  std::chrono::steady_clock::duration deadline = std::chrono::seconds(30);

  // The next two options are for plain mode and programs written against the original servers.
  //
  // Send no error to the sender of a message for an unknown client id.
  bool quiet_unknown_target = false;
  // Close the connection instead of answering a malformed frame with an error.
  bool drop_on_invalid = false;

  // The message types that a google.protobuf.Any may hold (wire/any.hpp). Must outlive the server.
  const any_types* types = nullptr;
  // Reported to clients for their logs. Cut after 64 bytes.
  std::string agent = "parley-cpp";
  log_sink log{};
  // A handler that occupies its loop for longer is named in the log, once for each method. Only the
  // part of a coroutine before its first co_await is measured. 0 turns this off. Nothing is
  // measured without a log.
  std::chrono::milliseconds slow_handler{100};
  // Lets other processes of the same user serve the same port, if they set this option too
  // (SO_REUSEPORT). The system divides the clients among the processes. Clients of one process do
  // not receive the events of clients of another. If the option is not set, a port that is already
  // in use is refused, whatever `threads` is.
  bool share_port = false;
  // A network in memory instead of the real one. Must outlive the server.
  parley::loopback* loopback = nullptr;
  // Replaces the real clock, for tests.
  std::shared_ptr<transport::clock> clock{};
};

// An additional port.
struct port_options {
  std::string address{};  // empty: the server's address
  std::uint16_t port = 0;
  std::string path = "/ws";
  // As server_options::tls. If it is not set, this port is plain text, whatever the first port is.
  std::optional<server_tls> tls{};
  // Without a format, the port speaks the encodings that the server's options enable.
  parley::dialect dialect{};
};

struct server_counters {
  std::size_t clients = 0;       // connected now
  std::uint64_t accepted = 0;    // since the start
  std::uint64_t rejected = 0;    // refused before the upgrade, for any reason
  std::uint64_t events = 0;      // received
  std::uint64_t deliveries = 0;  // events handed to a receiver
  std::uint64_t calls = 0;       // received
  std::uint64_t refused = 0;     // frames answered with an error
  // Deliveries that were skipped, because the receiver's contract differs, because the payload is
  // larger than the receiver accepts, or because the receiver's encoding cannot express the event.
  std::uint64_t left_out = 0;
  // How often the system had no descriptor or memory for a new client. The client waits in the
  // port's queue, and the server tries again.
  std::uint64_t accept_failures = 0;
  // Bytes that wait for clients now, counted as for max_queued_total.
  std::size_t queued = 0;
  std::uint64_t too_slow = 0;  // clients closed with 4009
  // The outcomes of auth_options::check.
  std::uint64_t auth_accepted = 0;
  std::uint64_t auth_refused = 0;
  std::uint64_t auth_broken = 0;  // it threw, took too long, or returned an unusable principal
};

class server_core;

class server {
 public:
  // A server with its own loops. Ports are opened by run() or start(). Throws std::invalid_argument
  // for an unusable origin in the options, for `tls` that cannot be loaded and for a dialect with a
  // session. Throws
  // std::system_error if the system has no descriptor left.
  explicit server(server_options options = {});
  // A server on the caller's executor, which must outlive the server. run() and start() open the
  // ports and return, without using a thread. join() returns at once. Throws std::invalid_argument
  // if the options ask for threads, and otherwise as above.
  server(asio::any_io_executor executor, server_options options);
  // Stops and joins. In a handler it does not wait: the threads end by themselves once the last
  // connection is closed, and handlers may still be called until then.
  ~server();
  server(const server&) = delete;
  server& operator=(const server&) = delete;

  // Registers a generated handler for the calls it answers and the events it watches. Call it
  // before the start or, with one thread, from a handler. A method that Handler does not override
  // is never decoded.
  //
  // Throws std::invalid_argument if two handlers claim one wire name. After the start it throws
  // std::logic_error, unless it is called from a handler of a server with one thread. With several
  // threads a new service is then refused with std::invalid_argument.
  //
  // The result may be ignored. It is needed only to end a handler before its server ends.
  template <class Handler>
  registration add(Handler& handler) {
    using generated = typename Handler::service_handler;
    static_assert(
        requires { overriding<Handler, &parley::handler::connected>(&Handler::connected); },
        "connected() of a handler must be a public member function: void connected(parley::peer&) override");
    static_assert(
        requires { overriding<Handler, &parley::handler::disconnected>(&Handler::disconnected); },
        "disconnected() of a handler must be a public member function: void disconnected(parley::peer&, const parley::error&) override");
    static_assert(
        requires { overriding<Handler, &parley::handler::principal_changed>(&Handler::principal_changed); },
        "principal_changed() of a handler must be a public member function: void principal_changed(parley::peer&) override");
    return add(handler, generated::service(), generated::template bindings<Handler>());
  }

  // Adds a port for the same handlers. Clients of all ports receive each other's events. Returns
  // the port's number, for port(). At most five ports may have a dialect. With `loopback` there are
  // no ports: clients that name this path are served as this port's clients.
  //
  // Throws std::logic_error after the start. Throws std::invalid_argument if the dialect's format
  // has a session, for too many dialects, and for `tls` that cannot be loaded.
  std::size_t listen(port_options more);

  // Opens the ports and serves on this thread until stop(). Errors:
  // - call_failed, if a port cannot be bound or the system has no descriptor left. `invalid` means
  //   that the options do not fit a Unix socket. No port is bound
  //   then, and run() may be called again
  // - call_failed, if the system has no thread left for one of the loops. The ports are closed
  //   then, and the server has ended
  // - std::logic_error, if the server was started before
  void run();
  // As run(), but on a thread of its own. Returns when clients can connect.
  void start();
  // Closes all connections with code 1001 and ends the server. Idempotent. May be called from any
  // thread and from a signal handler. Uninstall the signal handler before the server is destroyed,
  // because the next signal would use a server that no longer exists.
  void stop() noexcept;
  // Waits until the server has ended. Must not be called from a handler.
  void join();

  // Reads the files of all `tls` options again: certificates, keys and authorities. New connections
  // use them, and open connections keep what they have. Clients can use the tickets that they have,
  // unless the authorities of clients have changed. What was given as text stays. Any thread, but not
  // a signal handler. Blocks while it reads.
  //
  // An error is `invalid`, its text names the option and the file, and nothing has changed.
  result<> reload_tls();

  // The number of a bound port, once the server is started. 0 for a Unix socket. `number` is a
  // result of listen(); 0 is the port of the server's options. Throws std::out_of_range for any
  // other number.
  std::uint16_t port(std::size_t number = 0) const;
  // The executor of the first loop.
  asio::any_io_executor executor() const;
  // May be called from any thread. While the server runs, the figures may be a moment old.
  server_counters counters() const;

  // For stubs, which are constructed from the server.
  operator endpoint() const;

 private:
  registration add(handler&, const service&, std::span<const binding>);

  std::shared_ptr<server_core> core_;
};

}  // namespace parley
