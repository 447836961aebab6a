// Three messages, each answered, in a coroutine.
#include <parley/raw.hpp>

#include <iostream>

asio::awaitable<void> echo(std::string url) {
  parley::raw_connection ws{co_await asio::this_coro::executor, url};
  for (const char* msg : {"Hello", "World", "Goodbye"}) {
    co_await ws.async_send(msg);
    auto response = co_await ws.async_receive();
    std::cout << "Sent: " << msg << ", Received: " << response.value() << '\n';
  }
}

int main(int argc, char** argv) { parley::run(echo(argc > 1 ? argv[1] : "ws://localhost:8765")); }
