// A WebSocket server without a schema. Each client is represented by a raw_connection, the class
// that clients use too, in the server's role.
//
//   asio::awaitable<void> echo(parley::raw_connection ws) {
//     while (auto message = co_await ws.async_receive())
//       co_await ws.async_send(std::move(*message));
//   }
//
//   parley::raw_server server{{.port = 8765}, echo};
//   server.run();  // until stop()
//
// `serve` is a function void(raw_connection) or a coroutine asio::awaitable<void>(raw_connection).
// The server calls it once for each open connection, on the server's executor. `serve` owns the
// connection. It may keep it, use it from any thread, and ends it by destroying the object. If
// `serve` or its coroutine throws, that connection is closed with 1011.
//
// Admission. The server compares `path` and `origins` first and then calls `admit`. A refused
// client gets an HTTP status and never becomes a connection. raw_connection::request() keeps the
// path, query and headers of the client's request.
//
// Threads. Everything in one server happens on one executor, one thing at a time. run() uses the
// calling thread and start() creates a thread. The blocking functions of a connection work on other
// threads only. On the server's executor they are refused.
#pragma once

#include "parley/ends/limits.hpp"
#include "parley/ends/pages.hpp"
#include "parley/raw/raw_connection.hpp"
#include "parley/raw/raw_request.hpp"

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace parley {

// The answer to a client that may not connect.
struct raw_refusal {
  int http_status = 403;  // 400 to 599; anything else is sent as 500
  std::string text{};     // the body, for human readers
};

struct raw_server_options {
  // "0.0.0.0" or "::" for every interface. "unix:/run/parley.sock" for a Unix socket, with the rules
  // of server_options::address.
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;  // 0: the system chooses; see port()
  // With "/chat", every other path is refused with 404. Empty admits any path.
  std::string path{};
  // Every connection speaks TLS, and clients use wss:// (parley/tls.hpp). Not for a Unix socket. With
  // `loopback` it is ignored.
  std::optional<server_tls> tls{};
  // The subprotocols of the server, the preferred one first. A client gets the first of them that
  // it offered, or none.
  std::vector<std::string> subprotocols{};
  // Web pages that may connect, as their Origin header gives them: "https://example.org". A page
  // from the server's own host and port may always connect. So may programs that send no Origin.
  // Every other origin is refused with 403.
  std::vector<std::string> origins{};
  // Called last, on the server's executor. It returns nullopt to admit the client. If it throws,
  // the client is refused with 500.
  std::function<std::optional<raw_refusal>(const raw_request&)> admit{};

  // How many clients may connect, how fast, and how fast each may send.
  limit_options limits{};
  std::chrono::milliseconds handshake_timeout{5'000};  // from accept to upgrade

  // The following apply to each connection, as in raw_options.
  // 0 means that a receive waits as long as the connection lives, because a server waits for its
  // clients.
  std::chrono::steady_clock::duration receive_timeout{};
  std::chrono::steady_clock::duration send_timeout = std::chrono::seconds(30);
  std::chrono::milliseconds close_timeout{5'000};
  std::size_t max_message = 1024 * 1024;
  std::size_t max_queue = 4 * 1024 * 1024;
  std::size_t max_read_ahead = 1024 * 1024;
  std::size_t max_operations = 16 * 1024;
  transport::manners manners{};

  // Used instead of the network, with `address` as the name. Must outlive the server.
  parley::loopback* loopback = nullptr;
  std::shared_ptr<transport::clock> clock{};  // replaces the real clock in tests
};

class raw_server_core;

class raw_server {
 public:
  // Opens no port yet. `serve` must be copyable and is kept until the last connection is over. Throws
  // std::invalid_argument for an origin that no browser can send, for unusable limits, and for `tls`
  // that cannot be loaded.
  template <class Serve>
  raw_server(raw_server_options options, Serve serve) : raw_server(std::move(options), serving(std::move(serve))) {}
  // Runs on the caller's executor, which must outlive the server, and creates no thread. Destroy
  // the server on that executor, or while its loop does not run.
  template <class Serve>
  raw_server(asio::any_io_executor executor, raw_server_options options, Serve serve)
      : raw_server(std::move(executor), std::move(options), serving(std::move(serve))) {}
  raw_server(raw_server_options options, std::function<void(raw_connection)> serve);
  raw_server(asio::any_io_executor executor, raw_server_options options, std::function<void(raw_connection)> serve);
  // Calls stop() and join(). On a thread that serves, it does not wait. The server's thread then
  // ends, and run() returns, after the last connection has been closed.
  ~raw_server();
  raw_server(const raw_server&) = delete;
  raw_server& operator=(const raw_server&) = delete;

  // Adds pages, as server::get() and server::keep(): requests without an upgrade are answered, on the
  // server's executor. Without pages they are answered with 426. Limits and `handshake_timeout` apply.
  // Throw std::logic_error after the start, and std::invalid_argument as there. What a page throws is
  // answered with 500.
  void get(std::string path, page_function made);
  void keep(std::string path, const std::string& folder);

  // start() and run() begin to listen. They throw call_failed if that fails, with a code that
  // compares with std::errc. Call one of them, once.
  // Returns at once and runs the loop on a thread of its own. If the server has the caller's
  // executor, it creates no thread.
  void start();
  // Runs the loop on this thread until stop() has been called and the last connection is over. Not
  // available on the caller's executor.
  void run();
  // Accepts no further clients and closes the open connections with 1001. Any thread. Returns at
  // once. Must not be called from a signal handler.
  void stop() noexcept;
  // After start(): waits until stop() has closed everything. On the server's
  // own thread it does not wait.
  void join();

  // Reads the files of raw_server_options::tls again, as server::reload_tls().
  result<> reload_tls();

  std::uint16_t port() const;  // the bound port; 0 before start() and run(), in memory, and of a Unix socket
  asio::any_io_executor executor() const;

 private:
  template <class Serve>
  static std::function<void(raw_connection)> serving(Serve serve);

  std::shared_ptr<raw_server_core> core_;
};

// Returns a function that closes the connection with 1011, on the connection's executor. Used by
// `serving` only.
std::function<void()> closes_as_failed(const raw_connection&);

template <class Serve>
std::function<void(raw_connection)> raw_server::serving(Serve serve) {
  if constexpr (std::is_void_v<std::invoke_result_t<Serve&, raw_connection>>) {
    return serve;
  } else {
    // The captures of the coroutine live as long as it runs.
    return [kept = std::make_shared<Serve>(std::move(serve))](raw_connection connection) {
      const asio::any_io_executor on = connection.executor();
      auto fails = closes_as_failed(connection);
      asio::co_spawn(on, (*kept)(std::move(connection)), [kept, fails = std::move(fails)](const std::exception_ptr& thrown) {
        if (thrown) fails();
      });
    };
  }
}

}  // namespace parley
