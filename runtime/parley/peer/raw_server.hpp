// A WebSocket server without a schema. Each client is a raw_connection: the same class that clients use, in the server's role.
//
//   asio::awaitable<void> echo(parley::raw_connection ws) {
//     while (auto message = co_await ws.async_receive()) co_await ws.async_send(std::move(*message));
//   }
//
//   parley::raw_server server{{.port = 8765}, echo};
//   server.run();  // until stop()
//
// `serve` is a function void(raw_connection), or a coroutine asio::awaitable<void>(raw_connection). It is called once for each connection, when
// it is open, on the server's executor. The connection belongs to it: it may be kept and used from any thread, and ends with the object. What
// `serve` throws, or its coroutine, closes that connection with 1011.
//
// Who may connect: `path` and `origins` are compared, then `admit` is asked. What is refused gets an HTTP status and never becomes a
// connection. raw_connection::request() keeps what a client asked for: path, query, headers.
//
// Threads: everything of one server happens on one executor, one thing at a time. run() uses the calling thread, start() one of its own.
// Blocking forms of a connection are for other threads: on the server's they are refused.
#pragma once

#include "parley/peer/raw_connection.hpp"
#include "parley/peer/raw_request.hpp"

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
  std::string text{};     // the body, for people
};

struct raw_server_options {
  std::string address = "127.0.0.1";  // "0.0.0.0" or "::" for every interface
  std::uint16_t port = 0;             // 0: the system chooses; see port()
  std::string path{};                 // "/chat": every other path is refused with 404. Empty: any path
  // What the server speaks, the preferred first. A client gets the first of these that it offered, or none.
  std::vector<std::string> subprotocols{};
  // Pages that may connect, as the Origin header says it: "https://example.org". A page of the same host and port may always; so may
  // programs, which send no Origin. Anything else is refused with 403.
  std::vector<std::string> origins{};
  // Asked last, on the server's executor; nullopt admits. What it throws refuses with 500.
  std::function<std::optional<raw_refusal>(const raw_request&)> admit{};

  std::size_t max_connections = 100'000;               // beyond it: refused with 503
  std::chrono::milliseconds handshake_timeout{5'000};  // from accept to upgrade

  // Of each connection, as in raw_options.
  std::chrono::steady_clock::duration receive_timeout{};  // 0: as long as the connection lives. A server waits for its clients
  std::chrono::steady_clock::duration send_timeout = std::chrono::seconds(30);
  std::chrono::milliseconds close_timeout{5'000};
  std::size_t max_message = 1024 * 1024;
  std::size_t max_queue = 4 * 1024 * 1024;
  std::size_t max_read_ahead = 1024 * 1024;
  std::size_t max_operations = 16 * 1024;
  transport::manners manners{};

  parley::loopback* loopback = nullptr;       // instead of the network; `address` is the name. Outlives the server
  std::shared_ptr<transport::clock> clock{};  // instead of the real one, for tests
};

class raw_server_core;

class raw_server {
 public:
  // No I/O yet. `serve` can be copied, and is kept until the last connection is over. Throws std::invalid_argument for an origin that no
  // browser can send.
  template <class Serve>
  raw_server(raw_server_options options, Serve serve) : raw_server(std::move(options), serving(std::move(serve))) {}
  // On the caller's executor, which outlives the server; no thread. Destroy it on that executor, or when its loop does not run.
  template <class Serve>
  raw_server(asio::any_io_executor executor, raw_server_options options, Serve serve)
      : raw_server(std::move(executor), std::move(options), serving(std::move(serve))) {}
  raw_server(raw_server_options options, std::function<void(raw_connection)> serve);
  raw_server(asio::any_io_executor executor, raw_server_options options, std::function<void(raw_connection)> serve);
  // stop() and join(). Where it serves, it does not wait: its thread ends by itself when the last connection has said goodbye, and run()
  // returns then.
  ~raw_server();
  raw_server(const raw_server&) = delete;
  raw_server& operator=(const raw_server&) = delete;

  // Both begin to listen, and throw call_failed if that cannot be; its code compares with std::errc. Once, one of them.
  void start();  // returns at once: a thread of its own runs the loop; on the caller's executor, nobody else
  void run();    // on this thread, until stop() and until the last connection is over. Not on the caller's executor
  // Nobody new is accepted, and open connections are closed with 1001. Any thread; returns at once. Not from a signal handler.
  void stop() noexcept;
  // After start(): waits until stop() has closed everything. Refused on the own thread, where it does not wait.
  void join();

  std::uint16_t port() const;  // that was bound; 0 before start() and run(), and in memory
  asio::any_io_executor executor() const;

 private:
  template <class Serve>
  static std::function<void(raw_connection)> serving(Serve serve);

  std::shared_ptr<raw_server_core> core_;
};

// Closes with 1011, on the connection's executor. Used by `serving` only.
std::function<void()> closes_as_failed(const raw_connection&);

template <class Serve>
std::function<void(raw_connection)> raw_server::serving(Serve serve) {
  if constexpr (std::is_void_v<std::invoke_result_t<Serve&, raw_connection>>) {
    return serve;
  } else {
    // What the coroutine captured lives as long as it runs.
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
