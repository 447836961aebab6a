// The server for the guides' programs without a schema. It echoes, streams three prices to each
// subscriber, and answers API requests. Prints `listening on <url>` and runs until SIGTERM.
#include <parley/transport/websocket.hpp>

#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>

#include <csignal>
#include <iostream>
#include <memory>
#include <string_view>
#include <utility>

namespace {

using namespace parley::transport;

struct guest final : connection_handler {
  void on_open(std::shared_ptr<connection> to, std::string_view) override { link = std::move(to); }
  void on_message(parley::bytes_view content, opcode kind) override {
    const std::string_view text = parley::as_text(content);
    if (text.find("\"subscribe\"") != text.npos) {
      for (const std::string_view price : {"1.5", "1.25", "1.75"}) link->send_copy(parley::as_bytes(price), opcode::text);
      return link->close(1000, "no more prices");
    }
    if (text == R"({"endpoint":"/users/create","data":{"name":"Alice"}})")
      return link->send_copy(parley::as_bytes(R"({"status":"created","id":7})"), opcode::text);
    link->send_copy(content, kind);
  }
  void on_drained() override {}
  void on_closed(const close_reason& why, const parley::error&) override {
    std::cout << "closed with " << why.code << std::endl;
    link.reset();
  }
  std::shared_ptr<connection> link;
};

}  // namespace

int main() {
  asio::io_context io{1};
  auto door = websocket_listen(io.get_executor(), {}).value();
  door->start([](std::shared_ptr<request> ask) { ask->accept("", std::make_shared<guest>()); });
  asio::signal_set stop(io, SIGTERM);
  stop.async_wait([&](std::error_code, int) { io.stop(); });
  std::cout << "listening on ws://127.0.0.1:" << door->port() << std::endl;
  io.run();
}
