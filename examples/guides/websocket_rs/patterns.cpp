// A connection that ends with its scope, and one that is closed by hand.
#include <parley/raw.hpp>

asio::awaitable<void> both(std::string url) {
  auto on = co_await asio::this_coro::executor;
  {
    parley::raw_connection ws{on, url};
    co_await ws.async_send("msg");
  }
  parley::raw_connection ws{on, url};
  co_await ws.async_send("msg");
  co_await ws.async_close();
}

int main(int argc, char** argv) { parley::run(both(argc > 1 ? argv[1] : "ws://localhost:8765")); }
