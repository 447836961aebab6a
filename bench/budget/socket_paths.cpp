#include "budget/paths.hpp"

#include "load/connection.hpp"
#include "load/script.hpp"
#include "ours/handler.hpp"
#include "support/figures.hpp"

#include <parley/server.hpp>
#include <parley/transport/websocket.hpp>

#include <asio/io_context.hpp>
#include <asio/post.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string_view>
#include <thread>
#include <vector>

namespace bench {
namespace {

constexpr std::size_t at_once = 64;

// Sends and receives `count` messages, alternating with the server's loop on this thread.
void exchange(asio::io_context& loop, std::uint16_t port, const script& talk, std::size_t count) {
  int socket = -1;
  // The greeting blocks, so it runs on a thread of its own.
  std::thread greeter([&] {
    socket = open_connection(port, talk);
    asio::post(loop, [] {});
  });
  while (socket < 0) loop.run_one();
  greeter.join();
  outgoing out(talk, at_once);
  outgoing::cursor cursor;
  answer_counter in(talk);
  std::vector<unsigned char> input(1 << 16);
  for (std::size_t done = 0; done < count;) {
    cursor.owed = std::min(at_once, count - done);
    std::size_t missing = cursor.owed;
    if (!out.send(socket, cursor)) fail("the socket takes less than one batch");
    while (missing != 0) {
      loop.run_one();
      const ssize_t n = recv(socket, input.data(), input.size(), MSG_DONTWAIT);
      if (n == 0) fail("the server hung up");
      if (n > 0) missing -= in.feed(input.data(), static_cast<std::size_t>(n));
    }
    done += std::min(at_once, count - done);
  }
  close(socket);
}

class frame_echo final : public parley::transport::connection_handler {
 public:
  void on_open(std::shared_ptr<parley::transport::connection> to, std::string_view) override { to_ = to.get(); }
  void on_message(parley::bytes_view content, parley::transport::opcode kind) override { to_->send_copy(content, kind); }
  void on_drained() override {}
  void on_closed(const parley::transport::close_reason&, const parley::error&) override {}

 private:
  parley::transport::connection* to_ = nullptr;
};

}  // namespace

void echo_frames(std::size_t count) {
  asio::io_context loop{1};
  auto listener = parley::transport::websocket_listen(loop.get_executor(), {});
  if (!listener) fail(listener.error().message);
  (*listener)->start([](const std::shared_ptr<parley::transport::request>& ask) { ask->accept("", std::make_shared<frame_echo>()); });
  exchange(loop, (*listener)->port(), websocket_echo(64, false), count);
}

void answer_calls(bool json, std::size_t count) {
  asio::io_context loop{1};
  parley::server server{loop.get_executor(), {}};
  handler echo;
  server.add(echo);
  server.start();
  exchange(loop, server.port(), typed_call(64, !json), count);
}

}  // namespace bench
