// The number of a port on which no server listens.
#pragma once

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>

#include <cstdint>
#include <string>

// A port that is bound while this object lives, so that the system does not give its number to
// another program. A connection to it is refused. A server can listen on it, because servers permit
// the reuse of their address.
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
