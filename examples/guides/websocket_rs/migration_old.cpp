// A send that waits for space in the queue, and a message that knows whether it is text or binary.
#include <parley/raw.hpp>

#include <iostream>

asio::awaitable<void> handler(std::string url) {
  parley::raw_connection ws{co_await asio::this_coro::executor, url};
  co_await ws.async_send(parley::raw_message::binary("hello"));
  auto msg = co_await ws.async_receive();
  if (msg.value().is_binary()) std::cout << "binary: " << *msg << '\n';
}

int main(int argc, char** argv) { parley::run(handler(argc > 1 ? argv[1] : "ws://localhost:8765")); }
