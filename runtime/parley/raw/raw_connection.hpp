// A WebSocket connection without a schema. It sends and receives messages unchanged and keeps text
// and binary apart. Use it to talk to servers that have a protocol of their own.
//
//   parley::raw_connection ws{"ws://localhost:8765"};   // no I/O yet
//   ws.send("Hello");                                   // connects, waits for room in the queue
//   std::cout << ws.receive() << '\n';                  // waits for the next message
//                                                       // the destructor closes with 1000
//
// The blocking functions throw parley::call_failed. In a coroutine nothing throws, and every
// operation returns a result<T>:
//
//   parley::raw_connection ws{co_await asio::this_coro::executor, "ws://localhost:8765"};
//   co_await ws.async_send("Hello");
//   while (auto message = co_await ws.async_receive()) std::cout << *message << '\n';
//
// Supported: the handshake (RFC 6455 section 4), where the server may only choose a subprotocol
// that was offered. Pings are answered. Text is checked for valid UTF-8 in both directions.
// Fragments are joined. Close codes are exchanged and kept. Not supported: envelopes, calls,
// reconnecting, compression. TLS is used for urls with wss://. One object is one connection, so reconnecting means creating
// another object.
//
// Order. Messages sent by one thread leave in the order in which it sent them. Messages are
// received in the order of their arrival. Pending receives are served in the order in which they
// were started. Sending and receiving do not wait for each other, so many sends may precede the
// first receive.
//
// Completion. An operation completes exactly once, and never inside the function that starts it:
//   connect   The connection is open, or could not be opened. Cancelling stops the waiting, not
//             the connecting.
//   send      The queue has accepted the message, possibly after waiting for room. If the wait is
//             cancelled or exceeds send_timeout, the message is not sent.
//   receive   A message has arrived, or the connection has ended and every earlier message has
//             been received. A time-out or a cancellation loses no message: the next receive
//             gets it.
//   ask       The message has been sent and the next one received. For servers that answer each
//             message with one message. Several asks may be pending, and answers go to them in
//             order. An answer that arrives after its ask has ended goes to the next one.
//   close     The close handshake is complete, or close_timeout has passed. It always succeeds.
// The first operation connects, and later operations wait for the connection.
//
// Errors:
//   disconnected       The peer could not be reached, has closed the connection, or was lost.
//   deadline_exceeded  connect_timeout, receive_timeout or send_timeout has passed. send_timeout
//                      means that the peer does not read, perhaps because it waits for this end
//                      to receive.
//   cancelled          The connection was closed or destroyed locally, or the operation was
//                      cancelled.
//   bad_frame          The peer violated RFC 6455, or chose a subprotocol that was not offered.
//   too_large          A message exceeds max_message.
//   invalid            An option is not usable, a text is not valid UTF-8, or receive was called
//                      while an on_message handler is set.
//   overloaded         There are more than max_operations operations, or too many bytes wait to
//                      be sent.
//   unauthenticated, denied, unimplemented, version_mismatch, overloaded
//                      The server answered with HTTP 401, 403, 404, 400 or 503.
//                      transport/status.hpp has the whole list. The first two and
//                      version_mismatch are also errors of TLS.
// An operation on a connection that has ended fails with the error that ended it. close_code() and
// close_reason() return the contents of the close frame.
//
// Memory is bounded. max_queue limits the send queue. Sends and asks that wait for room in it may
// hold four times as much. Beyond that, further ones fail with `overloaded`. max_read_ahead limits
// the messages that have arrived and have not been received yet. At that limit the connection stops
// reading and the peer has to wait. Its pings and its close frame are then processed when the
// application receives again. max_operations limits the operations. Each limit may be exceeded by
// one message. A message counts as its size plus 64 bytes.
//
// Exceptions. An exception from a completion handler leaves run() of the executor the handler runs
// on, in a separate turn of the loop, and the connection continues. On the connection's own thread
// the exception is dropped. on_message and the other handlers document their behaviour below.
//
// Threads. Every function may be called from any thread. Handlers run on executor(), one at a time,
// and so do completions by default. The blocking functions refuse to run on that executor
// (resource_deadlock_would_occur).
//
// Who reads and writes the socket. A connection on the caller's executor does it there. A
// connection with a thread of its own does it in one of two ways:
//   - A program that only uses the blocking functions, try_send, ping, pause_reading and
//     resume_reading: the thread that waits in a blocking function does the work itself, which saves
//     the wake-up of another thread in each direction. If several threads wait at the same time, one
//     of them does the work for all, or the connection's own thread. In the meantime the own thread
//     stands aside. It takes over about a millisecond after the last blocking function has returned.
//     It then answers pings and reads up to max_read_ahead while the program computes.
//     A message of send() leaves at once, unless others have left within the last tenth of a
//     millisecond. Those of such a series leave together: when the next blocking function has to
//     wait, with the first send() after that time, when they are 64 KiB, or from the own thread,
//     which takes about a millisecond, and longer if the system does not run it.
//     While the answers of the other end come within 40 microseconds, the thread looks for the next
//     one for that long before it sleeps.
//     The first wait takes one more descriptor. It is returned when the next case begins.
//   - From the first handler, asynchronous operation or call of executor() on: the own thread does
//     everything. Nothing of the program ever runs in a thread that waits in a blocking function.
// A blocking function needs up to 200 KiB of stack, and with TLS 264 KiB.
#pragma once

#include "parley/ends/asio_check.hpp"
#include "parley/raw/raw_message.hpp"
#include "parley/raw/raw_request.hpp"
#include "parley/stub/block.hpp"
#include "parley/stub/core.hpp"
#include "parley/stub/operation.hpp"
#include "parley/transport/tls/options.hpp"

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
  // For resolving, connecting and the upgrade together.
  std::chrono::milliseconds connect_timeout{5'000};
  // For each receive that has no limit of its own. 0 means no limit.
  std::chrono::steady_clock::duration receive_timeout = std::chrono::seconds(30);
  // For each send while it waits for room in the queue. 0 means no limit.
  std::chrono::steady_clock::duration send_timeout = std::chrono::seconds(30);
  // After this time the connection is dropped without a close handshake.
  std::chrono::milliseconds close_timeout{5'000};
  // Offered to the server, the preferred one first.
  std::vector<std::string> subprotocols{};
  std::vector<std::pair<std::string, std::string>> headers{};  // added to the upgrade request
  std::string origin{};
  // "socks5://[user:password@]host:port" or "http://...". The rules are those of
  // connect_options::proxy in parley/transport/options.hpp.
  std::string proxy{};
  // For urls with wss://. If it is not set, the server's certificate is checked by the authorities of
  // the system and the host of the url. With `loopback` it is ignored.
  std::optional<client_tls> tls{};
  std::size_t max_message = 1024 * 1024;  // bytes; a longer message closes the connection with 1009
  // Bytes that wait to be sent. Beyond it sends wait, for at most four times as many bytes.
  std::size_t max_queue = 4 * 1024 * 1024;
  // Bytes of messages that have arrived and are not received yet. One message always has room.
  std::size_t max_read_ahead = 1024 * 1024;
  std::size_t max_operations = 16 * 1024;  // limit on pending sends, and on pending receives
  // Tolerance toward servers that do not follow RFC 6455. With any_text, outgoing text is not
  // checked either.
  transport::manners manners{};
  // Used instead of the network, with the url "mem://name". Must outlive the connection.
  parley::loopback* loopback = nullptr;
  std::shared_ptr<transport::clock> clock{};  // replaces the real clock in tests
};

// The connection behind its template-free functions. Private to the templates below.
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
  // Runs on the executor. Returns true if the queue accepts the message without waiting. If it
  // returns false, the message is unchanged.
  virtual bool send_at_once(raw_message&) = 0;
  // Any thread. Returns a message that has arrived, unless an earlier receive is still waiting for
  // it.
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

// In a coroutine, an operation that does not have to wait does not suspend it. The awaited value is
// a named variable because of a GCC 12 bug (gcc12.hpp).
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

  // Has a thread of its own (see above), and throws std::system_error if the thread cannot be created. The
  // destructor closes with 1000 and waits for the close handshake, for close_timeout at most. All
  // constructors throw std::invalid_argument if the url or the proxy is malformed. The url is
  // "ws://host[:port][/path]", or "ws+unix:///run/parley.sock:/path" for a Unix socket (client.hpp).
  explicit raw_connection(std::string_view url, raw_options options = {});
  // Runs on the caller's executor, which must outlive the connection, and creates no thread. The
  // destructor does not wait. The rest of the close handshake happens only if the caller's loop
  // still runs. There are two overloads so that the first can be used next to a co_await. For the
  // second, put the options into a variable on a line before (gcc12.hpp).
  raw_connection(asio::any_io_executor executor, std::string_view url);
  raw_connection(asio::any_io_executor executor, std::string_view url, raw_options options);
  // Pending operations complete with `cancelled`. Does not wait if it runs on the connection's own
  // thread.
  ~raw_connection();
  // A moved-from connection is not open(). It can only be destroyed and assigned to.
  raw_connection(raw_connection&&) noexcept = default;
  raw_connection& operator=(raw_connection&&) noexcept;

  // ---- Operations for any completion token. The completion signature is void(result<>), and for
  // receive and ask void(result<raw_message>).

  // Connects. Completes when the connection is open or could not be opened. Not needed before other
  // operations: the first one connects.
  template <class Token = asio::use_awaitable_t<>>
  auto async_connect(Token&& token = {}) {
    return start<void, &raw_end::connect>(std::forward<Token>(token));
  }
  // Sends a message. Completes when the queue has accepted it, not when the peer has received it.
  // It waits until the connection is open, limited by connect_timeout, and then for room in the
  // queue, limited by send_timeout. A message whose wait is cancelled or times out is not sent.
  template <class Token = asio::use_awaitable_t<>>
  auto async_send(raw_message message, Token&& token = {}) {
    using waits = waits_in_coroutine<std::decay_t<Token>>;
    if constexpr (waits::value) return send_in_coroutine<typename waits::executor>(end_, std::move(message));
    else return start<void, &raw_end::send>(std::forward<Token>(token), std::move(message));
  }
  // Receives the next message, within receive_timeout. Messages that arrived before the end of the
  // connection are received first. A time-out or a cancellation loses no message.
  template <class Token = asio::use_awaitable_t<>>
  auto async_receive(Token&& token = {}) {
    using waits = waits_in_coroutine<std::decay_t<Token>>;
    if constexpr (waits::value) return receive_in_coroutine<typename waits::executor>(end_);
    else return start<raw_message, &raw_end::receive>(std::forward<Token>(token), std::optional<duration>{});
  }
  // Receives with a time limit of its own. With a limit of 0 it only takes a message that has
  // already arrived.
  template <class Token = asio::use_awaitable_t<>>
  auto async_receive_within(duration limit, Token&& token = {}) {
    return start<raw_message, &raw_end::receive>(std::forward<Token>(token), std::optional<duration>{limit});
  }
  // Sends a message and receives the next one as its answer, within receive_timeout. Pending asks
  // get the answers in order.
  template <class Token = asio::use_awaitable_t<>>
  auto async_ask(raw_message message, Token&& token = {}) {
    return start<raw_message, &raw_end::ask>(std::forward<Token>(token), std::move(message), std::optional<duration>{});
  }
  // Closes the connection. Always completes with success: after the close handshake, or after
  // close_timeout. `code` is 1000, or 3000 to 4999. A code that must not be sent (RFC 6455
  // section 7.4) goes out as 1011. `reason` is cut at 123 bytes. Messages sent earlier leave first.
  // Messages received earlier can still be received.
  template <class Token = asio::use_awaitable_t<>>
  auto async_close(Token&& token = {}) {
    return start<void, &raw_end::close>(std::forward<Token>(token), std::uint16_t{1000}, std::string());
  }
  template <class Token = asio::use_awaitable_t<>>
  auto async_close(std::uint16_t code, std::string_view reason, Token&& token = {}) {
    return start<void, &raw_end::close>(std::forward<Token>(token), code, std::string(reason));
  }

  // ---- Blocking forms of the operations above. They throw call_failed with the operation's error.
  // On the connection's executor they throw at once, with resource_deadlock_would_occur.

  void connect();
  void send(raw_message);
  raw_message receive();
  raw_message receive_within(duration limit);
  raw_message ask(raw_message);
  void close(std::uint16_t code = 1000, std::string_view reason = {});

  // Never waits, on any thread. If the connection is not open yet, the message is queued and the
  // connection is started. Returns `overloaded` if the queue is full or other sends wait for room,
  // `disconnected` after the connection has ended, and `invalid` for a text that is not valid
  // UTF-8.
  result<> try_send(raw_message);
  // Sends a WebSocket ping (RFC 6455 section 5.5.2). Pings from the peer are answered
  // automatically.
  void ping();

  // ---- Iteration over the messages. It ends when the connection is closed with 1000, 1001 or
  // without a code. Otherwise it throws the errors of receive(), including `deadline_exceeded`
  // after receive_timeout.
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

  // ---- Handlers. There is one of each kind. Setting another replaces it, and setting an empty one
  // removes it.

  // Receives every message from now on, and those that have already arrived. While it is set,
  // receive is refused. If the handler throws, the connection is closed with 1011. The message is
  // valid until the handler returns.
  void on_message(std::function<void(const raw_message&)> handler);
  // Called once when the connection is over, whichever end closed it, and also when connecting
  // failed. It is called after the last call of on_message. Messages that have not been received
  // yet can still be received. If the connection is already over when the handler is set, the
  // handler is called as well. It is not called after the destructor has begun. An exception from
  // it is dropped.
  void on_closed(std::function<void(const error&)> handler);
  // Called for every pong (RFC 6455 section 5.5.3). If the handler throws, the connection is closed
  // with 1011.
  void on_pong(std::function<void()> handler);

  // Stops taking messages from the network until resume_reading(). A few messages may already have
  // been read. The peer has to wait.
  void pause_reading();
  void resume_reading();

  bool open() const noexcept;
  std::string subprotocol() const;  // chosen by the server, empty for none
  // 0 while the connection is not over. 1005 for a close frame without a code. 1006 if the
  // connection was lost or never opened.
  std::uint16_t close_code() const;
  std::string close_reason() const;  // from the close frame of either end
  // The client's upgrade request. Only set at a server (raw_server.hpp), empty at a client.
  const raw_request& request() const;
  std::string local_address() const;  // "127.0.0.1:54321", empty before the connection is open
  std::string remote_address() const;
  // Functions that the program runs there run on the connection's own thread, if it has one.
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
