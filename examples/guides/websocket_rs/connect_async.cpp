// Time-outs in a coroutine. value() throws the error.
#include <parley/raw.hpp>

asio::awaitable<void> connect(std::string url) {
  auto on = co_await asio::this_coro::executor;
  parley::raw_connection basic{on, url};
  (co_await basic.async_connect()).value();
  parley::raw_connection patient{on, url, {.connect_timeout = std::chrono::seconds(10), .receive_timeout = std::chrono::seconds(60)}};
  (co_await patient.async_connect()).value();
}

int main(int argc, char** argv) { parley::run(connect(argc > 1 ? argv[1] : "ws://localhost:8765")); }
