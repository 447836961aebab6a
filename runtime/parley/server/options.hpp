// The options of a server, of its ports and of its end, and what it counts. They are documented where they
// are declared. server.hpp uses them.
#pragma once

#include "parley/conversation/dialect.hpp"
#include "parley/ends/limits.hpp"
#include "parley/ends/log.hpp"
#include "parley/ends/pages.hpp"
#include "parley/stub/authenticator.hpp"
#include "parley/stub/core.hpp"
#include "parley/transport/tls/options.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
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

}  // namespace parley
