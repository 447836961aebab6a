// One link to a server.
//
//   parley::client link{"ws://localhost:8765/ws"};      // no I/O yet
//   LobbyClient lobby{link};
//   lobby.on_say([](const Line& line) { std::cout << line.text << '\n'; });
//   link.connect();                                      // blocks; throws parley::call_failed
//   Sum sum = lobby.add({.numbers = {391, 29}});
//
// The constructor throws std::invalid_argument for a malformed url or a dialect that has a session, and std::system_error if the system
// has no thread or descriptor left for the client's loop. The first call or send connects too; calls made before the
// link is up wait for it, each no longer than its deadline. When the connection is lost every pending call completes
// with `disconnected` and on_disconnected is told; connect() may then be called again: the server sees a new client.
// What a completion handler throws (of a call, of async_connect) leaves run() of the executor that it runs on, in a
// turn of its own: the loop can be run again, and the link is as it was. On the client's own thread, which nobody else
// could guard, it goes to the log and the client goes on. What a handler throws that completes after the client was
// closed, and names no executor, is dropped.
// Destruction completes every pending call with `cancelled`. A client with its own thread runs handlers until then:
// what they use outlives the client; stubs and by_names, which cannot, are captured by copy.
#pragma once

#include "parley/peer/completion.hpp"
#include "parley/peer/dialect.hpp"
#include "parley/peer/log.hpp"
#include "parley/wire/envelope.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley {

class loopback;
namespace transport {
class clock;
}

// How a client would like to talk; the server picks. `plain` offers no subprotocol: one JSON object per frame, without a greeting,
// as peers speak that know nothing of Parley.
enum class encoding { automatic, binary, json, plain };

struct client_options {
  parley::encoding encoding = parley::encoding::automatic;
  parley::dialect dialect{};                                                // in place of any encoding; without a format: none
  std::string greeting{};                                                   // dialect: this frame before all others, on each connection
  std::chrono::milliseconds connect_timeout{5'000};                         // resolving, connecting, upgrade and greeting together
  std::chrono::steady_clock::duration deadline = std::chrono::seconds(30);  // of calls that name none
  std::size_t max_message = 1024 * 1024;                                    // payload bytes this end accepts
  std::size_t peer_max_message = 64 * 1024;  // payload bytes the server accepts, where no greeting tells: plain mode and dialects
  // Bytes waiting to be sent, before the link is up, too; each message counts as its bytes and 64 more. Over it sends are `dropped` and calls
  // `overloaded`; an async send waits for room, and is `overloaded` if four times as much waits for that. As much again may wait of what the
  // server makes this end send, answers to its calls: over that the connection is closed with 4009.
  std::size_t max_queue = 4 * 1024 * 1024;
  // Calls of the server running here at once. While their payloads hold 64 MiB, further ones are `overloaded`, too.
  std::uint32_t max_calls = 256;
  // The client sends a ping after it has received nothing for `heartbeat`, at least 100 ms; 0: as the server says, 20 s in plain mode. The
  // connection is lost (`disconnected`, close code 4011) after it has received nothing for `max_silence`, at least 200 ms; 0: twice the
  // heartbeat. The ping leaves after half of `max_silence` at the latest. A message that is still coming counts as received with each KiB;
  // one of which less than 1 KiB comes within `max_silence` is silence. Closing takes up to a second more. Dialects without pings: neither.
  std::chrono::milliseconds heartbeat{0};
  std::chrono::milliseconds max_silence{0};
  // Handlers of events that are coroutines, running at once: in all, and of the events of one other client. An event over the bound is not
  // handled, and on_error hears `overloaded`.
  std::size_t max_coroutines = 1024;
  std::size_t max_coroutines_per_sender = 128;
  // Plain mode (a dialect says it itself): the server answers each client's calls one after the other, as datadivr's own does. Then several
  // may be in flight, each answer is for the oldest call that waits for one of its name, and a late one is passed over. A server of which
  // that is not said, and which does not repeat the calls' ids either, is asked one thing at a time; one late answer costs the connection.
  bool answers_in_order = false;
  std::vector<std::pair<std::string, std::string>> headers{};  // added to the upgrade request
  std::string origin{};
  std::string proxy{};               // socks5://[user:password@]host:port or http://...: connect_options of transport.hpp
  std::string agent = "parley-cpp";  // at most 64 bytes, for the server's log
  const any_types* types = nullptr;  // what google.protobuf.Any may hold (wire/any.hpp); outlives the client
  log_sink log{};
  // A handler that holds this client's loop for longer is named in the log, once for each method. Zero: never. Of a
  // coroutine only the part before its first co_await is measured.
  std::chrono::milliseconds slow_handler{100};
  parley::loopback* loopback = nullptr;       // instead of the network: "mem://name"; outlives the client
  std::shared_ptr<transport::clock> clock{};  // instead of the real one, for tests
};

class by_name;
class client_core;

// Every function may be called from any thread. Handlers and default completions run on executor().
class client {
 public:
  // With a thread of its own, joined by the destructor. Destroying it on that very thread is allowed: the thread then ends by itself.
  explicit client(std::string_view url, client_options options = {});
  // On the caller's executor, no thread; its execution context outlives the client. The destructor does not wait; completions are posted
  // and run if the caller's loop still runs.
  // Two of them, so that the first may stand beside a co_await; name the options of the second on a line before (gcc12.hpp).
  client(asio::any_io_executor executor, std::string_view url);
  client(asio::any_io_executor executor, std::string_view url, client_options options);
  ~client();
  client(const client&) = delete;
  client& operator=(const client&) = delete;

  // Completes when calls can be made, or with why they cannot. Signature: void(result<>). Cancelling gives up waiting, not connecting.
  template <class Token = asio::use_awaitable_t<>>
  auto async_connect(Token&& token = {}) {
    return asio::async_initiate<Token, void(result<>)>(start_operation<void, &core::connect>{core_}, token, no_request());
  }
  // Blocks; throws call_failed.
  void connect();
  bool connected() const noexcept;

  // Completes every pending call with `cancelled`; later ones complete with it at once. Idempotent.
  void close();

  // The id the server gave this client; empty while not connected. In plain mode nobody says it unasked: it is known once the first call
  // was answered, for the server addresses answers to who asked; or by asking, as follows.
  std::string id() const;

  // Completes with id(), which is known from then on. Signature: void(result<std::string>). In plain mode, and not known yet, an event
  // `parley.own_id` is sent to all: every other client of a server that relays what it does not know gets it once, and programs that do
  // not know it ignore it. Other clients cannot make this one believe in a wrong id. deadline_exceeded if the server relays no such
  // events and says nothing either (a Parley server tells in any case); unimplemented in a dialect.
  template <class Token = asio::use_awaitable_t<>>
  auto async_learn_id(Token&& token = {}, call_options options = {}) {
    return asio::async_initiate<Token, void(result<std::string>)>(start_operation<std::string, &core::start>{core_}, token,
                                                                  own_id_request(options));
  }
  // Blocks; throws call_failed.
  std::string learn_id(call_options options = {});
  asio::any_io_executor executor() const;

  // handler(const error&): the connection is lost or was refused. Not called after close(). One handler; a later one replaces it. What it
  // throws, and what the next one throws, goes to the log alone.
  void on_disconnected(std::function<void(const error&)> handler);
  // handler(const error&, std::string_view event): an event of ours was refused (`denied`, `unknown_target`, ...), or one that came
  // could not be read (`bad_payload`, from_peer false). `event` is its wire name, empty if the server did not say.
  void on_error(std::function<void(const error&, std::string_view event)> handler);

  operator endpoint() const;  // for stubs

 private:
  friend class by_name;

  static outgoing own_id_request(call_options);
  static outgoing no_request();  // not inline: GCC 12 would take its empty texts for uninitialised ones

  std::shared_ptr<parley::core> core_;
  std::shared_ptr<client_core> client_;
  call_options calls_;
};

}  // namespace parley
