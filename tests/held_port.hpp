// The number of a port on which no server listens.
#pragma once

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>

#include <cstdint>
#include <string>

// A port that is bound as long as this object lives, so that the system gives its number to no other program. Connecting to it is refused.
// A server, which allows its address to be reused, can listen on it.
class held_port {
 public:
  held_port() : socket_(io_, asio::ip::tcp::v4()) {
    socket_.set_option(asio::ip::tcp::socket::reuse_address(true));
    socket_.bind({asio::ip::address_v4::any(), 0});
  }
  std::uint16_t number() const { return socket_.local_endpoint().port(); }
  std::string address() const { return "127.0.0.1:" + std::to_string(number()); }

 private:
  asio::io_context io_;
  asio::ip::tcp::socket socket_;
};
