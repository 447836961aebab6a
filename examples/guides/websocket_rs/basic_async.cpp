// The same in a coroutine.
#include <parley/raw.hpp>

#include <iostream>

asio::awaitable<void> hello(std::string url) {
  parley::raw_connection ws{co_await asio::this_coro::executor, url};
  co_await ws.async_send("Hello");
  auto response = co_await ws.async_receive();
  std::cout << response.value() << '\n';
}

int main(int argc, char** argv) { parley::run(hello(argc > 1 ? argv[1] : "ws://localhost:8765")); }
