// Subscribes, and prints messages until the connection ends.
#include <parley/raw.hpp>

#include <iostream>

asio::awaitable<void> stream_data(std::string url) {
  parley::raw_connection ws{co_await asio::this_coro::executor, url};
  co_await ws.async_send(R"({"action": "subscribe", "channel": "prices"})");
  for (;;) {
    auto data = co_await ws.async_receive();
    if (data) std::cout << "Received: " << *data << '\n';
    else std::cout << "Error: " << data.error().message << '\n';
    if (!data) break;
  }
}

int main(int argc, char** argv) { parley::run(stream_data(argc > 1 ? argv[1] : "ws://localhost:8765")); }
