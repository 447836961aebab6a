// A send that never waits, and a view of the received bytes.
#include <parley/raw.hpp>

#include <iostream>

asio::awaitable<void> handler(std::string url) {
  parley::raw_connection ws{co_await asio::this_coro::executor, url};
  ws.try_send(parley::raw_message::binary("hello")).value();
  auto msg = co_await ws.async_receive();
  const parley::bytes_view bytes = msg.value().bytes();
  if (bytes.size() >= 4) std::cout << "the first of " << bytes.size() << " bytes is " << static_cast<int>(bytes[0]) << '\n';
}

int main(int argc, char** argv) { parley::run(handler(argc > 1 ? argv[1] : "ws://localhost:8765")); }
