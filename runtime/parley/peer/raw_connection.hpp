// A WebSocket connection without a schema: messages as they are, text and binary kept apart. For servers that speak something of their own.
//
//   parley::raw_connection ws{"ws://localhost:8765"};   // no I/O yet
//   ws.send("Hello");                                   // connects, and waits until the message is queued; throws parley::call_failed
//   std::cout << ws.receive() << '\n';                  // waits for the next message
//                                                       // the destructor says goodbye
//
// and in a coroutine, where nothing throws and every operation gives a result<T>:
//
//   parley::raw_connection ws{co_await asio::this_coro::executor, "ws://localhost:8765"};
//   co_await ws.async_send("Hello");
//   while (auto message = co_await ws.async_receive()) std::cout << *message << '\n';
//
// What it does: the handshake (RFC 6455 section 4), with a subprotocol that must be one of those offered; pings are answered, text is held
// against UTF-8 in both directions, fragments are put together, close codes are exchanged and kept. What it does not: envelopes, calls,
// reconnecting (one object is one connection: make another), compression, TLS.
//
// Order. Messages leave in the order in which one thread sent them, and are received in the order in which they came; waiting receives are
// served in the order in which they were started. Sending and receiving do not wait for each other: many sends may go before the first
// receive.
//
// What completes an operation, exactly once, never inside the function that starts it:
//   connect   the connection is open, or why it cannot be. Cancelling gives up waiting, not connecting
//   send      the queue has taken the message, which it may have waited for; cancelled before, or send_timeout: it is not sent
//   receive   a message; the end of the connection, when every message before it has been received; its time-out or its cancellation,
//             neither of which loses a message: the next receive gets it
//   ask       the message is sent and the next one received, for servers that answer each with one. Several may be under way: answers
//             belong to them in order. An answer that comes after its ask has ended goes to the next
//   close     the close handshake is over, or given up after close_timeout; a success in any case
// The first operation connects, and the others wait for that.
//
// Errors:
//   disconnected       the other end could not be reached, closed, or was lost
//   deadline_exceeded  connect_timeout, receive_timeout, or send_timeout: the other end reads nothing, perhaps because it waits for this end
//                      to receive
//   cancelled          closed or destroyed here, or the operation was cancelled
//   bad_frame          the other end violated RFC 6455, or chose a subprotocol that was not offered
//   too_large          a message over max_message
//   invalid            an option that cannot be used, text that is not UTF-8, or a receive while on_message takes everything
//   overloaded         more than max_operations, or too much waits to be sent
//   unauthenticated, denied, unimplemented, version_mismatch, overloaded
//                      HTTP 401, 403, 404, 400 and 503; transport.hpp has the whole list
// An operation on a connection that has ended fails with what ended it. close_code() and close_reason() return what the close frame said.
//
// Memory is bounded: what is queued to be sent by max_queue, what sends and asks hold that wait for room there by four times as much (when
// that is reached, the next are `overloaded`), messages that nobody has received yet by max_read_ahead (then the connection stops reading,
// and the other end has to wait: its pings and its close are seen when somebody receives again), operations by max_operations. Each bound
// may be exceeded by one message, and a message counts as its bytes and 64.
//
// Exceptions: what a completion handler throws leaves run() of the executor it runs on, in a turn of its own, and the connection goes on; on
// the connection's own thread it is dropped. on_message and the other handlers say theirs below.
//
// Threads: every function may be called from any thread. Handlers and, by default, completions run on executor(), one at a time. The blocking
// forms refuse to run there (resource_deadlock_would_occur).
#pragma once

#include "parley/peer/asio_check.hpp"
#include "parley/peer/block.hpp"
#include "parley/peer/core.hpp"
#include "parley/peer/operation.hpp"
#include "parley/peer/raw_message.hpp"
#include "parley/peer/raw_request.hpp"

#include <asio/any_io_executor.hpp>
#include <asio/async_result.hpp>
#include <asio/use_awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace parley {

class loopback;
namespace transport {
class clock;
}

struct raw_options {
  std::chrono::milliseconds connect_timeout{5'000};                                // resolving, connecting and upgrade together
  std::chrono::steady_clock::duration receive_timeout = std::chrono::seconds(30);  // of each receive that names none; 0: none
  std::chrono::steady_clock::duration send_timeout = std::chrono::seconds(30);     // of each send, while it waits for room; 0: none
  std::chrono::milliseconds close_timeout{5'000};              // then the connection is dropped without a close handshake
  std::vector<std::string> subprotocols{};                     // offered, the preferred first
  std::vector<std::pair<std::string, std::string>> headers{};  // added to the upgrade request
  std::string origin{};
  std::string proxy{};                       // socks5://[user:password@]host:port or http://...: connect_options of transport.hpp
  std::size_t max_message = 1024 * 1024;     // bytes; a longer one closes the connection with 1009
  std::size_t max_queue = 4 * 1024 * 1024;   // bytes waiting to be sent; over it sends wait, four times as much at most
  std::size_t max_read_ahead = 1024 * 1024;  // bytes of messages that nobody has received yet; one message always has room
  std::size_t max_operations = 16 * 1024;    // sends that wait, and receives that wait
  transport::manners manners{};  // toward servers that do not keep to RFC 6455; with any_text, text to be sent is not checked either
  parley::loopback* loopback = nullptr;       // instead of the network: "mem://name"; outlives the connection
  std::shared_ptr<transport::clock> clock{};  // instead of the real one, for tests
};

// The connection behind its template-free functions. Private to what is below.
class raw_end {
 public:
  using ticket = std::uint64_t;
  using duration = std::chrono::steady_clock::duration;

  virtual ~raw_end() = default;
  virtual asio::any_io_executor executor() const = 0;
  virtual bool runs_here() const = 0;
  virtual ticket reserve() = 0;
  virtual void connect(ticket, std::unique_ptr<operation<void>>) = 0;
  virtual void send(ticket, raw_message, std::unique_ptr<operation<void>>) = 0;
  virtual void receive(ticket, std::optional<duration> within, std::unique_ptr<operation<raw_message>>) = 0;
  virtual void ask(ticket, raw_message, std::optional<duration> within, std::unique_ptr<operation<raw_message>>) = 0;
  virtual void close(ticket, std::uint16_t code, std::string reason, std::unique_ptr<operation<void>>) = 0;
  virtual void cancel(ticket) = 0;
  // On the executor, if nothing has to be waited for: the queue has taken the message. False: it is as it was.
  virtual bool send_at_once(raw_message&) = 0;
  // On any thread: a message that has come, unless a receive that was started before is owed it.
  virtual std::optional<raw_message> take_at_once() = 0;
};

template <class T, auto Begin>
struct start_raw {
  std::shared_ptr<raw_end> on;
  bool runs_here() const { return on->runs_here(); }

  template <class Handler, class... Args>
  void operator()(Handler&& handler, Args&&... args) const {
    const raw_end::ticket of = on->reserve();
    hook_cancellation(handler, on, of);
    ((*on).*Begin)(of, std::forward<Args>(args)...,
                   std::make_unique<held_operation<T, std::decay_t<Handler>>>(std::forward<Handler>(handler), on->executor()));
  }
};

// In a coroutine an operation that need not wait does not suspend it. What is awaited is named first (gcc12.hpp).
template <class Executor>
asio::awaitable<result<>, Executor> send_in_coroutine(std::shared_ptr<raw_end> end, raw_message message) {
  if (end->send_at_once(message)) co_return result<>();
  const start_raw<void, &raw_end::send> start{std::move(end)};
  asio::use_awaitable_t<Executor> token;
  auto sent = asio::async_initiate<asio::use_awaitable_t<Executor>, void(result<>)>(start, token, std::move(message));
  co_return co_await std::move(sent);
}
template <class Executor>
asio::awaitable<result<raw_message>, Executor> receive_in_coroutine(std::shared_ptr<raw_end> end) {
  if (auto next = end->take_at_once()) co_return std::move(*next);
  const start_raw<raw_message, &raw_end::receive> start{std::move(end)};
  const std::optional<raw_end::duration> as_the_options_say;
  asio::use_awaitable_t<Executor> token;
  auto received = asio::async_initiate<asio::use_awaitable_t<Executor>, void(result<raw_message>)>(start, token, as_the_options_say);
  co_return co_await std::move(received);
}

template <class Token>
struct waits_in_coroutine : std::false_type {};
template <class Executor>
struct waits_in_coroutine<asio::use_awaitable_t<Executor>> : std::true_type {
  using executor = Executor;
};

class raw_core;

class raw_connection {
 public:
  using duration = raw_end::duration;

  // With a thread of its own; std::system_error if none can be had. The destructor closes with 1000 and waits for that, for close_timeout
  // at most. All constructors throw std::invalid_argument for a malformed url or proxy.
  explicit raw_connection(std::string_view url, raw_options options = {});
  // On the caller's executor, which outlives the connection; no thread. The destructor does not wait; what is left of the closing
  // handshake happens if the caller's loop still runs. Two of them, so that the first may stand beside a co_await; name the options of the
  // second on a line before (gcc12.hpp).
  raw_connection(asio::any_io_executor executor, std::string_view url);
  raw_connection(asio::any_io_executor executor, std::string_view url, raw_options options);
  // Pending operations complete with `cancelled`. On the own thread it does not wait.
  ~raw_connection();
  // One that was moved from can be destroyed and assigned to, and is not open(); nothing else may be done with it.
  raw_connection(raw_connection&&) noexcept = default;
  raw_connection& operator=(raw_connection&&) noexcept;

  // ---- Any completion token. Signature: void(result<>), for receive and ask void(result<raw_message>).

  template <class Token = asio::use_awaitable_t<>>
  auto async_connect(Token&& token = {}) {
    return start<void, &raw_end::connect>(std::forward<Token>(token));
  }
  template <class Token = asio::use_awaitable_t<>>
  auto async_send(raw_message message, Token&& token = {}) {
    using waits = waits_in_coroutine<std::decay_t<Token>>;
    if constexpr (waits::value) return send_in_coroutine<typename waits::executor>(end_, std::move(message));
    else return start<void, &raw_end::send>(std::forward<Token>(token), std::move(message));
  }
  template <class Token = asio::use_awaitable_t<>>
  auto async_receive(Token&& token = {}) {
    using waits = waits_in_coroutine<std::decay_t<Token>>;
    if constexpr (waits::value) return receive_in_coroutine<typename waits::executor>(end_);
    else return start<raw_message, &raw_end::receive>(std::forward<Token>(token), std::optional<duration>{});
  }
  // Within a time of its own; 0: at once or not at all, so it takes what has come already.
  template <class Token = asio::use_awaitable_t<>>
  auto async_receive_within(duration limit, Token&& token = {}) {
    return start<raw_message, &raw_end::receive>(std::forward<Token>(token), std::optional<duration>{limit});
  }
  template <class Token = asio::use_awaitable_t<>>
  auto async_ask(raw_message message, Token&& token = {}) {
    return start<raw_message, &raw_end::ask>(std::forward<Token>(token), std::move(message), std::optional<duration>{});
  }
  // `code`: 1000, or 3000 to 4999; what must not be sent (RFC 6455 section 7.4) goes out as 1011. `reason` is cut at 123 bytes. Messages
  // sent before leave first. Those received before can still be received.
  template <class Token = asio::use_awaitable_t<>>
  auto async_close(Token&& token = {}) {
    return start<void, &raw_end::close>(std::forward<Token>(token), std::uint16_t{1000}, std::string());
  }
  template <class Token = asio::use_awaitable_t<>>
  auto async_close(std::uint16_t code, std::string_view reason, Token&& token = {}) {
    return start<void, &raw_end::close>(std::forward<Token>(token), code, std::string(reason));
  }

  // ---- Blocking. These throw call_failed.

  void connect();
  void send(raw_message);
  raw_message receive();
  raw_message receive_within(duration limit);
  raw_message ask(raw_message);
  void close(std::uint16_t code = 1000, std::string_view reason = {});

  // Never waits, on any thread: queued (before the connection is open too; it then connects), or `overloaded` if the queue is full or others
  // wait for room, `disconnected` after the end, `invalid`.
  result<> try_send(raw_message);
  // A WebSocket ping (RFC 6455 section 5.5.2). Pings of the other end are answered without being asked.
  void ping();

  // ---- Messages one by one, until the connection ends with 1000, 1001 or no code; otherwise receive()'s errors, `deadline_exceeded`
  // after receive_timeout among them.
  //
  //   for (const parley::raw_message& message : ws) ...

  class iterator {
   public:
    using value_type = raw_message;
    using difference_type = std::ptrdiff_t;
    explicit iterator(raw_connection& from) : from_(&from), at_(from.next()) {}
    const raw_message& operator*() const noexcept { return *at_; }
    const raw_message* operator->() const noexcept { return &*at_; }
    iterator& operator++() {
      at_ = from_->next();
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const noexcept { return !at_; }

   private:
    raw_connection* from_;
    std::optional<raw_message> at_;
  };
  iterator begin() { return iterator(*this); }
  static std::default_sentinel_t end() noexcept { return {}; }

  // ---- Handlers. One of each; a later one replaces it, an empty one takes it away.

  // Every message from now on, and those that have come already: receives are refused while it is set. What it throws closes with 1011. The
  // message is good until it returns.
  void on_message(std::function<void(const raw_message&)> handler);
  // Once, whoever closed, after the last call of on_message; also when connecting failed. Messages that nobody has received yet still can be.
  // One that is set when the connection is over already is told so. Not after the destructor began. What it throws is dropped.
  void on_closed(std::function<void(const error&)> handler);
  // Any pong (RFC 6455 section 5.5.3). What it throws closes with 1011.
  void on_pong(std::function<void()> handler);

  // Takes no message off the network until resume_reading(); a few may have been read already. The other end waits.
  void pause_reading();
  void resume_reading();

  bool open() const noexcept;
  std::string subprotocol() const;     // what the server chose, empty for none
  std::uint16_t close_code() const;    // 0: not over; 1005: a close frame without a code; 1006: lost, or never open
  std::string close_reason() const;    // of the close frame, of either end
  const raw_request& request() const;  // what the client asked for: at servers (raw_server.hpp); empty at clients
  std::string local_address() const;   // "127.0.0.1:54321"; empty before it is open
  std::string remote_address() const;
  asio::any_io_executor executor() const;

 private:
  template <class T, auto Begin, class Token, class... Args>
  auto start(Token&& token, Args... args) {
    return asio::async_initiate<Token, void(result<T>)>(start_raw<T, Begin>{end_}, token, std::move(args)...);
  }
  friend class raw_server_core;
  friend std::function<void()> closes_as_failed(const raw_connection&);
  explicit raw_connection(std::shared_ptr<raw_core> accepted);

  std::optional<raw_message> next();
  void leave() noexcept;

  std::shared_ptr<raw_end> end_;
  std::shared_ptr<raw_core> core_;
};

}  // namespace parley
