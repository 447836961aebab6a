// A TCP server for Parley's clients. It upgrades every connection and then sends bytes that no
// WebSocket library would send.
#pragma once

#include "transport_support.hpp"

#include <asio/read_until.hpp>

namespace parley::transport::testing {

struct bytes_server {
  explicit bytes_server(asio::io_context& loop) : io(loop), acceptor(loop, {asio::ip::address_v4::loopback(), 0}), socket(loop) {}

  // Connects `client` and upgrades it.
  void take(const std::shared_ptr<recorder>& client, manners how = {}, limits bounds = {}) {
    acceptor.async_accept(socket, [this](std::error_code ec) {
      ASSERT_FALSE(ec);
      asio::async_read_until(socket, asio::dynamic_buffer(request), "\r\n\r\n", [this](std::error_code failed, std::size_t) {
        ASSERT_FALSE(failed);
        write(answer_to(request));
        read();
      });
    });
    connect_options options;
    options.manners = how;
    options.limits = bounds;
    options.url = "ws://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port()) + "/";
    dial(io.get_executor(), std::move(options), client);
    ASSERT_TRUE(run_until(io, [&] { return client->opened > 0; }));
  }

  // The answer of Parley's own server to the same key.
  std::string answer_to(const std::string& asked) const {
    asio::io_context other;
    served server(other);
    raw_client client(other, server.door->port());
    client.write(asked);
    client.read_until([](std::string_view text) { return text.ends_with("\r\n\r\n"); });
    return client.received;
  }

  void write(std::string_view bytes) {
    std::error_code ec;  // the client may have closed the connection already
    asio::write(socket, asio::buffer(bytes), ec);
  }
  void read() {
    socket.async_read_some(asio::buffer(room), [this](std::error_code ec, std::size_t count) {
      received.append(room.data(), count);
      if (ec) ended = ec;
      else read();
    });
  }

  asio::io_context& io;
  tcp::acceptor acceptor;
  tcp::socket socket;
  std::string request;
  std::array<char, 1024> room{};
  std::string received;
  std::error_code ended;
};

}  // namespace parley::transport::testing
