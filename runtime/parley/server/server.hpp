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
#include "parley/ends/limits.hpp"
#include "parley/ends/log.hpp"
#include "parley/ends/pages.hpp"
#include "parley/stub/authenticator.hpp"
#include "parley/stub/core.hpp"
#include "parley/stub/handler.hpp"
#include "parley/stub/operation.hpp"
#include "parley/transport/tls/options.hpp"

#include <asio/any_io_executor.hpp>
#include <asio/async_result.hpp>
#include <asio/system_executor.hpp>
#include <asio/use_awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
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
  // The name of a socket that the manager of the service has opened (systemd's LISTEN_FDNAMES), or the
  // number of a descriptor that listens. It replaces `address` and `port`. While the server restarts,
  // clients wait in the queue of that socket, so none is refused. Several sockets may have one name.
  // The log and the rules for other machines do not know which addresses it has.
  std::string inherited{};
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
  // The names by which the server may be addressed: "example.org", "example.org:8443", "[::1]". An
  // entry without a port stands for every port. Requests whose Host header is another one are refused
  // with HTTP 403, upgrades and pages alike. This stops web pages whose own name resolves to this
  // server (DNS rebinding). Empty: every name. The constructor throws std::invalid_argument for a text
  // that is not a host.
  std::vector<std::string> hosts{};
  // The pages of the server itself. The application adds its own with get() and keep().
  pages_options pages{};

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
  // How many clients may connect, how fast, and how fast each may send.
  limit_options limits{};
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

// An additional port, or an additional path on one of the ports.
struct port_options {
  std::string address{};  // empty: the server's address
  std::uint16_t port = 0;
  // Serves `path` on a port that exists already: a number that listen() has returned, or 0 for the
  // port of the server's options. `address`, `port`, `tls` and `pages` then belong to that port, and
  // stay unset here.
  std::optional<std::size_t> same_port_as{};
  std::string inherited{};  // as in server_options
  std::string path = "/ws";
  // No client can connect at this port. It answers pages, for example to programs that collect
  // metrics. It stays open while the server drains.
  bool pages_only = false;
  // As server_options::tls. If it is not set, this port is plain text, whatever the first port is.
  std::optional<server_tls> tls{};
  // Without a format, the port speaks the encodings that the server's options enable.
  parley::dialect dialect{};
  // As in server_options, for this path. Empty: those of the server's options.
  std::vector<std::string> origins{};
  // As in server_options, for this port. Not set: those of the server's options.
  std::optional<std::vector<std::string>> hosts{};
  std::optional<pages_options> pages{};
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

// How a server ends without interrupting its clients.
struct drain_options {
  // How long calls may still run, and data wait for clients. What is left then is cut: its callers get
  // `disconnected`.
  std::chrono::milliseconds patience{20'000};
  // Clients are disconnected, and come back, at random times within so long, so that they do not all
  // come to the next server at once.
  std::chrono::milliseconds spread{5'000};
  // Whether clients may expect a server at the same address soon. They are closed with 1012, otherwise
  // with 1001.
  bool restart = true;
  // Shown to clients. Empty: a text of Parley. At most 123 bytes are sent.
  std::string text{};
};

class server_core;

class server {
 public:
  // A server with its own loops. Ports are opened by run() or start(). Throws std::invalid_argument
  // for an unusable origin, host or limit in the options, for `tls` that cannot be loaded and for a dialect with a
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

  // Adds a port for the same handlers, or a path on one of the ports:
  //
  //   server.listen({.same_port_as = 0, .path = "/chat", .dialect = parley::wschat::dialect()});
  //
  // Clients of all ports and paths receive each other's events. Returns the number of the port, for
  // port() and same_port_as. At most five ports or paths may have a dialect. With `loopback` there are
  // no ports: clients that name this path are served as this port's clients.
  //
  // Throws std::logic_error after the start. Throws std::invalid_argument if the dialect's format
  // has a session, for too many dialects, for `tls` that cannot be loaded, for an unusable origin or
  // host, for a path that is served on the port already, and for options that belong to the other port.
  std::size_t listen(port_options more);

  // Adds a page to every port: GET and HEAD of exactly this path, without an upgrade. The function is
  // called on the first loop, one request at a time, and must not block. If it throws, the client gets
  // HTTP 500 and the log has the reason. At most 64 pages are sent at a time, and each within
  // handshake_timeout. With `loopback` there are no pages.
  //
  // Each page is sent with headers that forbid browsers to store it, and to load anything from
  // other servers. There is no way to permit it to pages of other servers (CORS).
  //
  // Throws std::logic_error after the start, and std::invalid_argument for a path that does not begin
  // with '/', is not percent-encoded, or has a page already.
  void get(std::string path, page_function made);
  // Adds a page for every file of a folder, including its folders: keep("/inspector", folder) serves
  // folder/app/main.js at "/inspector/app/main.js", and folder/index.html also at "/inspector/". The
  // files are read now and kept in memory, so no request reaches the file system. Hidden files and
  // symbolic links are left out.
  //
  // Throws as get(), and std::invalid_argument for a folder or file that cannot be read, for a file
  // of more than 4 MiB and for more than 64 MiB.
  void keep(std::string path, const std::string& folder);
  // Whether /readyz answers 200 while the server runs. The default is true. For an application that
  // cannot serve for a while although its server runs. Any thread.
  void ready(bool is_ready) noexcept;

  // Opens the ports and serves on this thread until stop(). Errors:
  // - call_failed, if a port cannot be bound or the system has no descriptor left. `invalid` means
  //   that the options do not fit a Unix socket. No port is bound
  //   then, and run() may be called again
  // - call_failed, if the system has no thread left for one of the loops. The ports are closed
  //   then, and the server has ended
  // - std::logic_error, if the server was started before
  void run();
  // As run(), for a program that is a service:
  //
  // SIGTERM, SIGINT  drain(options); a second one: stop()
  // SIGHUP           reload_tls(); an error is a line in the log
  //
  // systemd is told with Type=notify or Type=notify-reload: READY when the ports are open, RELOADING,
  // STOPPING, and WATCHDOG by the first loop if WatchdogSec is set. While this runs, the program must
  // not handle these signals itself. Throws also std::logic_error on the caller's executor, and
  // std::system_error if a signal cannot be handled or the system has no thread left.
  void run_until_signal(drain_options options = {});
  // As run(), but on a thread of its own. Returns when clients can connect.
  void start();
  // Closes all connections with code 1001 and ends the server. Idempotent. May be called from any
  // thread and from a signal handler. Uninstall the signal handler before the server is destroyed,
  // because the next signal would use a server that no longer exists.
  void stop() noexcept;
  // Waits until the server has ended. Must not be called from a handler.
  void join();

  // Ends the server without interrupting its clients:
  //
  // 1. /readyz answers 503. Clients that have connected already are accepted, and then no more. Ports
  //    that have pages only stay open.
  // 2. Every client is told to send no further calls, and when to come back (`goaway`; clients in
  //    plain mode and with a dialect are not). It is disconnected when nothing runs or waits for it, at
  //    a random time within `spread`.
  // 3. When all clients have left, or patience is over, the server stops as by stop().
  //
  // Returns when the server has ended, and at once if it does not run. A second call can only hurry. Must
  // not be called on a thread of the server: it throws call_failed then. Any other thread.
  void drain(drain_options options = {});
  // The same for a completion token, with the signature void(result<>). Any thread, and in handlers.
  // Completes when the server has ended, or with `cancelled` if it does not run. A handler without an
  // executor is called on the system executor of Asio.
  template <class Token = asio::use_awaitable_t<>>
  auto async_drain(drain_options options, Token&& token = {}) {
    return asio::async_initiate<Token, void(result<>)>(drains{core_}, token, std::move(options));
  }
  // Sends a random part of the clients away, for example to other servers behind the same balancer. They
  // are told as in drain(), closed with 1013 within `spread` once they are idle, and at the latest 20 s
  // after that. 0.25 is a quarter of them. Throws std::invalid_argument for what is not between 0 and 1.
  // Any thread.
  void shed(double fraction, std::chrono::milliseconds spread = std::chrono::seconds(5));

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
  struct drains {
    std::shared_ptr<server_core> core;
    bool runs_here() const;
    template <class Handler>
    void operator()(Handler&& handler, drain_options options) const {
      using made = held_operation<void, std::decay_t<Handler>>;
      begin(std::move(options), std::make_unique<made>(std::forward<Handler>(handler), asio::system_executor()));
    }
    void begin(drain_options, std::unique_ptr<operation<void>>) const;
  };
  registration add(handler&, const service&, std::span<const binding>);

  std::shared_ptr<server_core> core_;
};

}  // namespace parley
