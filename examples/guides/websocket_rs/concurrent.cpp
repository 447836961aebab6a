// Several connections at the same time, on one thread.
#include <parley/raw.hpp>

#include <iostream>

asio::awaitable<std::string> fetch_data(std::string url, std::string message) {
  parley::raw_connection ws{co_await asio::this_coro::executor, url};
  auto response = co_await ws.async_ask(message);
  co_return std::move(response).value().text();
}

int main(int argc, char** argv) {
  const std::vector<std::string> urls(argv + 1, argv + argc);
  std::vector<asio::awaitable<std::string>> tasks;
  tasks.reserve(urls.size());
  for (const auto& url : urls) tasks.push_back(fetch_data(url, "Hello"));
  const auto results = parley::run(std::move(tasks));
  for (std::size_t i = 0; i < urls.size(); ++i) std::cout << urls[i] << ": " << results[i] << '\n';
}
