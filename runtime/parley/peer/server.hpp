// Accepts clients, asks handlers, carries events to whom they are for.
//
//   parley::server server{{.port = 8765}};
//   Lobby lobby{server};                       // a LobbyHandler with its LobbyPeers
//   server.add(lobby);
//   server.run();                              // until stop(), from any thread or a signal handler
//
// Threads: everything of one server happens on one executor, one thing at a time: handlers need no locks among themselves. run() uses
// the calling thread; start() a thread of its own. Handlers must live until run() has returned, or, after start(), until join() has,
// or end their registration before: `const parley::scoped_registration serving = server.add(lobby);` behind the handler.
//
// Exceptions: what handlers throw goes to the log; a call is answered with `failed`. What completion handlers of calls to clients throw goes to
// the log as well, in run(), too; but on the caller's executor it leaves run() of that executor, in a turn of its own, as in client.hpp.
//
// With `.threads = parley::per_core` each core has a loop of its own, and each client is at home on one of them for as long as it is
// connected. One handler object then serves all of them at once: what it keeps for all clients it guards itself; what it keeps for one
// (peer.state<T>()) needs no guard, and is used in that peer's handlers only. Everything else stays as it is, the order of events, too.
#pragma once

#include "parley/peer/core.hpp"
#include "parley/peer/dialect.hpp"
#include "parley/peer/handler.hpp"
#include "parley/peer/log.hpp"

#include <asio/any_io_executor.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace parley {

class loopback;
namespace transport {
class clock;
}

// What becomes of a client whose contract differs and was not proved compatible.
enum class contract_policy {
  refuse,   // closed with 4004
  degrade,  // calls of the methods that differ fail with version_mismatch, their events are not delivered
  warn,     // only logged
};

inline constexpr std::size_t per_core = 0;

struct server_options {
  std::string address = "127.0.0.1";  // "0.0.0.0" or "::" for every interface
  std::uint16_t port = 0;             // 0: the system chooses; see port()
  std::string path = "/ws";
  std::size_t threads = 1;  // loops, one thread each; parley::per_core: as many as the machine has cores. With `loopback`: one

  // Which encodings are spoken, the preferred one first. Clients that offer no subprotocol get plain JSON.
  bool binary = true;
  bool json = true;
  bool plain = true;
  parley::dialect dialect{};  // this, in place of all three

  // Pages that may connect, by their origin: scheme, host and port ("https://example.org", "http://localhost:8000"), or "null" for pages
  // of files. There are no wildcards; the constructor throws std::invalid_argument for what no browser can send. A page of the very host and
  // port that it connects to may always (behind a proxy: if that passes the Host header on), and so may programs, which send no Origin.
  // Every other upgrade is refused with HTTP 403.
  std::vector<std::string> origins{};

  std::size_t max_message = 64 * 1024;  // payload bytes accepted from a client
  std::size_t max_depth = 64;           // of nested payloads; what writes them stops at 64
  // Running at once for one client. While their payloads hold 64 MiB, further calls are `overloaded`, too.
  std::uint32_t max_calls = 256;
  // Bytes waiting for one client; over it the client is closed with 4009. Here and below a message counts as its bytes and 64 more.
  std::size_t max_queue = 4 * 1024 * 1024;
  // Bytes waiting for all clients together. A client is closed with 4009 if more waits for it than is left of this total, so the slowest
  // reader is closed first and clients with short queues keep their place. An event for many clients counts once. Up to 64 KiB for each
  // client whose socket was free just before is not counted. After a peak the memory goes back to the system.
  std::size_t max_queued_total = 256 * 1024 * 1024;
  // Bytes of events that other threads send and of calls to clients, until their loop takes them up. Beyond it an event is sent::dropped, and
  // a call ends with `overloaded`.
  std::size_t max_posted = 64 * 1024 * 1024;
  std::size_t max_connections = 100'000;
  std::chrono::milliseconds handshake_timeout{5'000};  // from accept to upgrade, and from there to a complete hello
  // A client from which nothing came for so long is sent a ping, and one that was silent for twice as long is closed with 4011. Of a message
  // that is still coming each KiB is a sign of life; less than that in two heartbeats is silence.
  std::chrono::milliseconds heartbeat{20'000};
  parley::contract_policy contract = contract_policy::degrade;
  std::chrono::steady_clock::duration deadline = std::chrono::seconds(30);  // of calls to clients that name none

  // Plain mode, for programs written against the original servers.
  bool quiet_unknown_target = false;  // no error answer for a client id that is not there
  bool drop_on_invalid = false;       // close instead of answering what is malformed

  const any_types* types = nullptr;  // what google.protobuf.Any may hold (wire/any.hpp); outlives the server
  std::string agent = "parley-cpp";
  log_sink log{};
  // A handler that holds its loop for longer is named in the log, once for each method. Zero: never. Of a coroutine only
  // the part before its first co_await is measured. Nothing is measured without a log.
  std::chrono::milliseconds slow_handler{100};
  // Other processes of the same user may serve the same port if they ask for it as well (SO_REUSEPORT): the system divides the clients
  // among them, and those of one process do not hear those of another. Otherwise a port that somebody has is refused, whatever `threads` is.
  bool share_port = false;
  parley::loopback* loopback = nullptr;  // instead of the network; outlives the server
  std::shared_ptr<transport::clock> clock{};
};

// A port beside the first.
struct port_options {
  std::string address{};  // empty: the server's
  std::uint16_t port = 0;
  std::string path = "/ws";
  parley::dialect dialect{};  // without a format: Parley's own encodings, as the server's options say
};

struct server_counters {
  std::size_t clients = 0;       // connected now
  std::uint64_t accepted = 0;    // since the start
  std::uint64_t rejected = 0;    // refused before the upgrade, for whatever reason
  std::uint64_t events = 0;      // received
  std::uint64_t deliveries = 0;  // events handed to a receiver
  std::uint64_t calls = 0;       // received
  std::uint64_t refused = 0;     // frames answered with an error
  std::uint64_t left_out = 0;    // deliveries not made: the receiver's contract differs, the payload is larger than it accepts, or its
                                 // encoding has no words for it
  // How often the system had no descriptor or memory for a client that came. It waits in the port's queue, and is asked for again.
  std::uint64_t accept_failures = 0;
  std::size_t queued = 0;      // bytes waiting for clients now, counted as for max_queued_total
  std::uint64_t too_slow = 0;  // clients closed with 4009
};

class server_core;

class server {
 public:
  explicit server(server_options options = {});
  // On the caller's executor, which must outlive the server; start() then uses no thread, and run() and join() do nothing. Throws
  // std::invalid_argument if the options ask for threads.
  server(asio::any_io_executor executor, server_options options);
  // Stops and joins. In a handler it does not wait: the threads end by themselves, when the last connection has said goodbye, and until then
  // the handlers may still be called.
  ~server();
  server(const server&) = delete;
  server& operator=(const server&) = delete;

  // Registers what a generated handler answers and watches. Before start, or, with one thread, from a handler. A method that Handler does
  // not override is never decoded. Throws std::invalid_argument if two handlers claim one wire name. What it returns may be dropped: it is
  // for a handler that ends before its server does.
  template <class Handler>
  registration add(Handler& handler) {
    using generated = typename Handler::service_handler;
    static_assert(
        requires { overriding<Handler, &parley::handler::connected>(&Handler::connected); },
        "a handler's connected() is a public member function: void connected(parley::peer&) override");
    static_assert(
        requires { overriding<Handler, &parley::handler::disconnected>(&Handler::disconnected); },
        "a handler's disconnected() is a public member function: void disconnected(parley::peer&, const parley::error&) override");
    return add(handler, generated::service(), generated::template bindings<Handler>());
  }

  // One more port, for the same handlers and for clients that hear each other whatever port they came in by. Returns its number, for
  // port(). Before the start. At most five ports have a dialect. Throws std::invalid_argument if the dialect's format has a session.
  // With `loopback` there are no ports: clients that name this path come in by it.
  std::size_t listen(port_options more);

  // Binds and serves on this thread until stop(). Throws call_failed if a port cannot be bound, or the system has no descriptors left; then
  // no port is bound, and it may be called again. Throws call_failed, too, if the system has no thread left for one of the loops; then the
  // ports are closed, and the server has ended.
  void run();
  // The same on a thread of its own: returns when clients can connect.
  void start();
  // Any thread, a signal handler too: closes all connections (code 1001) and ends. Idempotent. A signal handler must be taken back before the
  // server goes: the next signal would find a server that is not there any more.
  void stop() noexcept;
  // Waits until it has ended. Not from a handler.
  void join();

  // The port that was bound, once started; number 0: the first. Throws std::out_of_range for a number that listen() did not return.
  std::uint16_t port(std::size_t number = 0) const;
  // That of the first loop.
  asio::any_io_executor executor() const;
  // Any thread; while it runs, the figures of a moment ago.
  server_counters counters() const;

  operator endpoint() const;  // for stubs

 private:
  registration add(handler&, const service&, std::span<const binding>);

  std::shared_ptr<server_core> core_;
};

}  // namespace parley
