// A client: one link to one server.
//
//   parley::client link{"ws://localhost:8765/ws"};      // no I/O yet
//   LobbyClient lobby{link};
//   lobby.on_say([](const Line& line) { std::cout << line.text << '\n'; });
//   link.connect();                                      // blocks; throws parley::call_failed
//   Sum sum = lobby.add({.numbers = {391, 29}});
//
// Urls: "ws://host[:port][/path]". "wss://host[:port][/path]" is the same over TLS, which
// client_options::tls can adjust (parley/tls.hpp). "ws+unix:///run/parley.sock:/ws" leads to a Unix socket: its
// absolute path, a colon, and the path of the request, which is "/" if it is left out. %xx stands
// for any byte of the socket's path, and "ws+unix://@name:/ws" for an abstract name.
//
// Connecting. connect(), the first call or the first send connects. Calls made before the link is
// up wait for it, each until its own deadline at the latest.
//
// Losing the connection. on_disconnected is called, and the client connects again by itself, with
// pauses that grow (client_options::reconnect). The server then sees a new client: session state
// such as its id is gone, and what the program announced to the old session has to be announced
// again, in on_status or after it. docs/reconnect.md has the fate of calls and events.
//
// Exceptions. If the completion handler of a call or of async_connect throws:
// - On the caller's executor the exception leaves run() of that executor, in a turn of its own. The
//   loop can be run again, and the link is unchanged.
// - On the client's own thread the exception is logged, and the client continues.
// - If the client was closed before the handler runs, and the handler has no associated executor,
//   the exception is dropped.
//
// Lifetime. The destructor completes every pending call with `cancelled`. A client with its own
// thread runs handlers until then, so objects that handlers refer to must outlive the client. Stubs
// and by_names cannot outlive it, because they are made from it: capture them by copy.
#pragma once

#include "parley/client/reconnect.hpp"
#include "parley/conversation/dialect.hpp"
#include "parley/ends/log.hpp"
#include "parley/stub/completion.hpp"
#include "parley/stub/credential_source.hpp"
#include "parley/transport/tls/options.hpp"
#include "parley/wire/envelope.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley {

class loopback;
namespace transport {
class clock;
}

// The encoding a client asks for. The server chooses among the encodings the client offers.
//
//   automatic   binary or JSON
//   binary      binary only
//   json        JSON only
//   plain       no subprotocol is offered: each frame is one JSON object, and there is no greeting.
//               For servers that do not know Parley
enum class encoding { automatic, binary, json, plain };

struct client_options {
  parley::encoding encoding = parley::encoding::automatic;
  // Replaces every encoding. Without a format, no dialect is spoken.
  parley::dialect dialect{};
  // With a dialect only: a frame sent before all others, on each connection.
  std::string greeting{};
  // Covers name resolution, connecting, the upgrade and the greeting together.
  std::chrono::milliseconds connect_timeout{5'000};
  // When the client connects again by itself.
  reconnect_options reconnect{};
  // Further servers of the same kind, with urls as for the first. After a loss the client tries the
  // same one first, and after each failure the next one, in a circle.
  std::vector<std::string> more_urls{};
  // For calls that set no deadline, and whose method has none in the schema.
  std::chrono::steady_clock::duration deadline = std::chrono::seconds(30);
  // The largest payload that the client accepts, in bytes.
  std::size_t max_message = 1024 * 1024;
  // The largest payload that the server accepts, in bytes. Used in plain mode and with a dialect,
  // where no greeting carries the server's limit.
  std::size_t peer_max_message = 64 * 1024;
  // How many bytes may wait to be sent, including those that wait for the link. Each message counts
  // as its size plus 64 bytes. When the queue is full:
  // - a send returns sent::dropped
  // - a call completes with `overloaded`
  // - an async send waits for room, and completes with `overloaded` if four times max_queue already
  //   waits for room
  //
  // Answers to the server's calls have a second queue limit of the same size. If they exceed it,
  // the connection is closed with 4009.
  std::size_t max_queue = 4 * 1024 * 1024;
  // How many calls from the server may run here at once. Further calls are answered with
  // `overloaded`, also while the payloads of running calls hold 64 MiB.
  std::uint32_t max_calls = 256;
  // The client sends a ping after it has received nothing for `heartbeat`. The shortest interval is
  // 100 ms. 0 selects the server's interval, or 20 s in plain mode.
  std::chrono::milliseconds heartbeat{0};
  // The connection is lost after the client has received nothing for `max_silence`: error
  // `disconnected`, close code 4011. The shortest value is 200 ms. 0 selects twice the heartbeat.
  // The ping leaves after half of `max_silence` at the latest.
  //
  // Each KiB of a message still in transit counts as received. If less than 1 KiB of it arrives
  // within `max_silence`, that counts as silence. Closing takes up to one more second. A dialect
  // without pings uses neither option.
  std::chrono::milliseconds max_silence{0};
  // How many coroutine handlers of events may run at once, in total and for the events of one other
  // client. An event that exceeds a limit is not handled, and on_error receives `overloaded`.
  std::size_t max_coroutines = 1024;
  std::size_t max_coroutines_per_sender = 128;
  // Whether the server answers each client's calls in the order in which they arrive, as the
  // datadivr server does. For plain mode; a dialect has its own option of this name.
  //
  // - true: several calls may be in flight. An answer belongs to the oldest waiting call with its
  //   name, and late answers are ignored.
  // - false: the client sends one call at a time, unless the server repeats the ids of calls. One
  //   late answer costs the connection.
  bool answers_in_order = false;
  // Added to the upgrade request.
  std::vector<std::pair<std::string, std::string>> headers{};
  // The Origin header of the upgrade request. Empty: the header is not sent.
  std::string origin{};
  // Where credentials come from (parley/auth.hpp). The source is asked before every attempt to
  // connect, and again before a credential expires on the open connection. A refused credential is
  // asked for again at once, and after the second refusal in a row the link is closed with
  // `unauthenticated`.
  credential_source credentials{};
  // Send the credential in the greeting instead of the Authorization header of the upgrade, for
  // servers behind a proxy that removes the header. In plain mode and with a dialect, which have no
  // greeting, the header is used all the same.
  bool credentials_in_hello = false;
  // Send credentials over plain text to other machines. The constructor refuses `credentials` for
  // such urls otherwise.
  bool credentials_on_plain_text = false;
  // "socks5://[user:password@]host:port" or "http://...". The rules are those of
  // connect_options::proxy in parley/transport/options.hpp. A Unix socket has no proxy.
  std::string proxy{};
  // For urls with wss://. If it is not set, the server's certificate is checked by the authorities of
  // the system and the host of the url. With `loopback` it is ignored.
  std::optional<client_tls> tls{};
  // Reported to the server for its log. Cut after 64 bytes.
  std::string agent = "parley-cpp";
  // The message types that a google.protobuf.Any may hold (wire/any.hpp). Must outlive the client.
  const any_types* types = nullptr;
  log_sink log{};
  // A handler that occupies this client's loop for longer is named in the log, once for each
  // method. Only the part of a coroutine before its first co_await is measured. 0 turns this off.
  std::chrono::milliseconds slow_handler{100};
  // A network in memory instead of the real one, with urls "mem://name". Must outlive the client.
  parley::loopback* loopback = nullptr;
  // Replaces the real clock, for tests.
  std::shared_ptr<transport::clock> clock{};
};

class by_name;
class client_core;

// Threads: every function may be called from any thread. Handlers run on executor(), and so do
// completion handlers without an associated executor.
class client {
 public:
  // A client with its own thread, which the destructor joins. The client may also be destroyed on
  // that thread, which then ends by itself. No I/O happens before the first connect, call or send.
  //
  // Throws std::invalid_argument for a malformed url (also of more_urls) or proxy, for a proxy to a Unix socket, for
  // `tls` that cannot be loaded or whose url is not wss://, for a dialect with a session, and for a
  // greeting without a dialect, and for `credentials` that would travel in plain text or beside an Authorization header of
  // `headers`. Throws std::system_error if the
  // system has no thread or descriptor left for the client's loop.
  explicit client(std::string_view url, client_options options = {});
  // A client on the caller's executor, without a thread. The execution context must outlive the
  // client. The destructor does not wait: it posts completions, which run if the caller's loop
  // still runs. The loop does not run out of work while the link waits for its next attempt. Throws
  // std::invalid_argument as above.
  //
  // There are two overloads so that the first may be used in a statement with co_await. Before GCC
  // 13, name the options of the second on a line before it (gcc12.hpp).
  client(asio::any_io_executor executor, std::string_view url);
  client(asio::any_io_executor executor, std::string_view url, client_options options);
  // As close(). With its own thread, it waits until the thread has ended, unless it runs on that
  // thread.
  ~client();
  client(const client&) = delete;
  client& operator=(const client&) = delete;

  // Completes when calls can be made, or with the reason why they cannot. Signature:
  // void(result<>). Cancelling stops the wait but not the connecting.
  //
  // If the link waits for its next attempt, the attempt begins now. The operation completes with the
  // end of the attempt, also if others follow. Before the link was ever open, it completes with the
  // first failure, or with reconnect_options::first_too when all attempts have failed. After the
  // link was closed by the server or for want of attempts, connecting begins anew.
  template <class Token = asio::use_awaitable_t<>>
  auto async_connect(Token&& token = {}) {
    return asio::async_initiate<Token, void(result<>)>(start_operation<void, &core::connect>{core_}, token, no_request());
  }
  // As async_connect, but blocks. Throws call_failed.
  void connect();
  // Whether the link is up. May be outdated as soon as it returns.
  bool connected() const noexcept;
  // The state of the link. May be outdated as soon as it returns.
  link_status status() const;
  // For programs that learn that the network has changed or the machine was suspended. If the link
  // waits, it connects now. If it is open, a ping is sent, and the link counts as lost unless an
  // answer arrives within 3 s. Does nothing in other states, and on an open link of a dialect
  // without pings.
  void reconnect_now();

  // Completes every pending call with `cancelled`. Later calls complete with `cancelled` at once.
  // Idempotent.
  void close();

  // The id that the server gave this client. Empty while not connected. In plain mode the server
  // does not announce it. There the id becomes known with the first answered call, because the
  // server addresses answers to the caller's id, or through async_learn_id.
  std::string id() const;

  // Completes with the id, which id() returns from then on. Signature: void(result<std::string>).
  //
  // In plain mode, while the id is unknown, the client sends an event `parley.own_id` to all. If
  // the server relays unknown events, every other client receives it once, and programs that do not
  // know it ignore it. Other clients cannot make this client accept a wrong id.
  //
  // Errors, besides those of any call:
  // - `deadline_exceeded`: the server neither relays such events nor answers them. A Parley server
  //   always reveals the id
  // - `unimplemented`: the client speaks a dialect
  template <class Token = asio::use_awaitable_t<>>
  auto async_learn_id(Token&& token = {}, call_options options = {}) {
    return asio::async_initiate<Token, void(result<std::string>)>(start_operation<std::string, &core::start>{core_}, token,
                                                                  own_id_request(options));
  }
  // As async_learn_id, but blocks. Throws call_failed.
  std::string learn_id(call_options options = {});
  // Runs handlers, and completion handlers without an associated executor.
  asio::any_io_executor executor() const;

  // Sets handler(const error&), called when an open connection was lost, and when the link is given
  // up without having been open. Not called after close(). A later handler replaces it. Exceptions
  // from the handler are only logged.
  void on_disconnected(std::function<void(const error&)> handler);
  // Sets handler(const link_status&), called at each change of the link's state: after
  // on_disconnected if both are called. In `open`, what was sent earlier is already on its way. Not
  // called after close(). A later handler replaces it. Exceptions from the handler are only logged.
  void on_status(std::function<void(const link_status&)> handler);
  // Sets handler(const error&, std::string_view event), for errors of events:
  // - an event of this client was refused (`denied`, `unknown_target`, ...)
  // - a received event could not be read (`bad_payload`, with from_peer false)
  //
  // `event` is the event's wire name. It is empty if the server did not report one. A later handler
  // replaces this one. Exceptions from the handler are only logged.
  void on_error(std::function<void(const error&, std::string_view event)> handler);

  // For stubs, which are constructed from the client.
  operator endpoint() const;

 private:
  friend class by_name;

  static outgoing own_id_request(call_options);
  // Not inline, because GCC 12 would report its empty strings as uninitialised.
  static outgoing no_request();

  std::shared_ptr<parley::core> core_;
  std::shared_ptr<client_core> client_;
  call_options calls_;
};

}  // namespace parley
