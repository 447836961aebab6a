// A thousand messages are sent before the first answer is received.
#include <parley/raw.hpp>

asio::awaitable<void> batch_send(std::string url) {
  parley::raw_connection ws{co_await asio::this_coro::executor, url};
  for (int i = 0; i < 1000; ++i) co_await ws.async_send("Message " + std::to_string(i));
  for (int i = 0; i < 1000; ++i) {
    auto response = co_await ws.async_receive();
    response.value();
  }
  co_await ws.async_close();
}

int main(int argc, char** argv) { parley::run(batch_send(argc > 1 ? argv[1] : "ws://localhost:8765")); }
