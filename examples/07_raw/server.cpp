// A WebSocket server without a schema: /echo answers with each message, /time sends the time until
// its client closes. raw_server [port]
#include <parley/raw_server.hpp>

#include <asio/signal_set.hpp>
#include <asio/steady_timer.hpp>

#include <chrono>
#include <csignal>
#include <exception>
#include <iostream>
#include <string>

namespace {

asio::awaitable<void> echo(parley::raw_connection& ws) {
  while (auto message = co_await ws.async_receive()) co_await ws.async_send(std::move(*message));
}

asio::awaitable<void> tell_the_time(parley::raw_connection& ws) {
  asio::steady_timer second(co_await asio::this_coro::executor);
  while (co_await ws.async_send(std::to_string(std::chrono::system_clock::now().time_since_epoch() / std::chrono::seconds(1)))) {
    second.expires_after(std::chrono::seconds(1));
    co_await second.async_wait(asio::use_awaitable);
  }
}

// One coroutine for each client. The connection ends with it.
asio::awaitable<void> serve(parley::raw_connection ws) {
  std::cout << ws.remote_address() << " asked for " << ws.request().path << ", speaks " << ws.subprotocol() << std::endl;
  if (ws.request().path == "/time") co_await tell_the_time(ws);
  else co_await echo(ws);
}

std::optional<parley::raw_refusal> admit(const parley::raw_request& asked) {
  if (asked.path == "/echo" || asked.path == "/time") return std::nullopt;
  return parley::raw_refusal{404, "there are /echo and /time"};
}

}  // namespace

int main(int argc, char** argv) try {
  parley::raw_server_options options{.port = 8766, .subprotocols = {"text.v1"}, .admit = admit};
  if (argc > 1) options.port = static_cast<std::uint16_t>(std::stoi(argv[1]));
  parley::raw_server server{options, serve};
  server.start();
  asio::signal_set signals(server.executor(), SIGINT, SIGTERM);
  signals.async_wait([&](std::error_code, int) { server.stop(); });
  std::cout << "listening on ws://127.0.0.1:" << server.port() << std::endl;
  server.join();
} catch (const std::exception& failed) {
  std::cerr << failed.what() << '\n';
  return 1;
}
