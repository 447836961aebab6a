// Sends text and binary in a coroutine, and prints the answers.
#include <parley/raw.hpp>

#include <iostream>

asio::awaitable<void> talk(std::string url) {
  parley::raw_connection ws{co_await asio::this_coro::executor, url};
  co_await ws.async_send("Hello, World!");
  co_await ws.async_send(parley::raw_message::binary("\x01\x02\x03\x04"));
  auto message = co_await ws.async_receive();
  std::cout << "Received: " << message.value() << '\n';
  co_await ws.async_close();
}

int main(int argc, char** argv) { parley::run(talk(argc > 1 ? argv[1] : "ws://localhost:8765")); }
