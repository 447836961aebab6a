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

#include "parley/ends/pages.hpp"
#include "parley/server/options.hpp"
#include "parley/stub/core.hpp"
#include "parley/stub/handler.hpp"
#include "parley/stub/operation.hpp"

#include <asio/any_io_executor.hpp>
#include <asio/async_result.hpp>
#include <asio/system_executor.hpp>
#include <asio/use_awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace parley {

class server_core;

class server {
 public:
  // A server with its own loops. Ports are opened by run() or start(). Throws std::invalid_argument
  // for an unusable origin, host or limit in the options, for `tls` that cannot be loaded and for a
  // dialect with a session. Throws std::system_error if the system has no descriptor left.
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
