// Talks with any WebSocket server without a schema: here with the plain mode of a lobby, in JSON
// written by hand. raw [url]
#include <parley/raw.hpp>

#include <exception>
#include <future>
#include <iostream>
#include <string>

namespace {

std::string add(int id, const std::string& numbers) {
  return R"({"event_name":"Lobby.Add","payload":{"numbers":[)" + numbers + R"(]},"id":)" + std::to_string(id) + '}';
}

// In a coroutine nothing blocks and nothing throws. Each operation returns a value or an error.
asio::awaitable<void> say(std::string url) {
  parley::raw_connection ws{co_await asio::this_coro::executor, url};
  co_await ws.async_send(R"({"event_name":"Lobby.Say","payload":{"text":"hello"},"to":"all"})");
  auto echo = co_await ws.async_receive();
  std::cout << (echo ? "to all, so to me: " + std::string(echo->text()) : echo.error().message) << '\n';
  auto nothing = co_await ws.async_receive_within(std::chrono::milliseconds(1));
  std::cout << "then: " << nothing.error().code.message() << '\n';
}

}  // namespace

int main(int argc, char** argv) try {
  const std::string url = argc > 1 ? argv[1] : "ws://localhost:8765/ws";
  parley::raw_connection ws{url, {.connect_timeout = std::chrono::seconds(10), .receive_timeout = std::chrono::seconds(10)}};

  std::cout << "asked: " << ws.ask(add(1, "391,29")) << '\n';  // connects, sends, receives

  for (int id = 2; id < 5; ++id) ws.send(add(id, "1,2,3"));  // three calls in flight before the first answer is read
  for (int id = 2; id < 5; ++id) std::cout << "pipelined: " << ws.receive() << '\n';

  ws.send(parley::raw_message::binary({1, 2, 3}));
  std::cout << "binary: " << ws.receive() << '\n';

  std::promise<void> heard;  // from here on messages are passed to the handler
  ws.on_message([&](const parley::raw_message& message) {
    if (message.text().find("Lobby.Say") == message.text().npos) return;
    std::cout << "heard: " << message << std::endl;
    heard.set_value();
  });
  parley::run(say(url));
  heard.get_future().wait();

  ws.close(1000, "that was it");
  std::cout << "closed with " << ws.close_code() << ' ' << ws.close_reason() << '\n';
} catch (const std::exception& failed) {
  std::cerr << failed.what() << '\n';
  return 1;
}
