// A client of pages, which sends any bytes and reads the whole answer.
#pragma once

#include <asio/buffer.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/read.hpp>
#include <asio/write.hpp>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <system_error>

namespace web {

struct answer {
  int status = 0;  // 0: there was none
  std::string head;
  std::string body;

  bool has(std::string_view line) const { return head.find("\r\n" + std::string(line) + "\r\n") != head.npos; }
};

inline answer parsed(const std::string& text) {
  answer made;
  const std::size_t end = text.find("\r\n\r\n");
  if (!text.starts_with("HTTP/1.1 ") || end == text.npos) return made;
  made.status = std::atoi(text.c_str() + 9);
  made.head = text.substr(0, end + 2);
  made.body = text.substr(end + 4);
  return made;
}

class client {
 public:
  // A small buffer makes a client that does not read noticeable. 0: that of the system.
  explicit client(std::uint16_t port, int receive_buffer = 0) {
    socket_.open(asio::ip::tcp::v4());
    if (receive_buffer != 0) socket_.set_option(asio::socket_base::receive_buffer_size(receive_buffer));
    socket_.connect({asio::ip::address_v4::loopback(), port});
  }
  // The server may have closed the connection already.
  void send(std::string_view bytes) {
    std::error_code ignored;
    asio::write(socket_, asio::buffer(bytes), ignored);
  }
  std::string rest() {
    std::string text;
    std::error_code ended;
    asio::read(socket_, asio::dynamic_buffer(text), ended);
    return text;
  }
  asio::ip::tcp::socket& socket() noexcept { return socket_; }

 private:
  asio::io_context io_;
  asio::ip::tcp::socket socket_{io_};
};

// Sends a request as it is and reads until the server ends the connection.
inline answer ask(std::uint16_t port, std::string_view request) {
  client one(port);
  one.send(request);
  return parsed(one.rest());
}

inline answer get(std::uint16_t port, std::string_view path, std::string_view more = {}, std::string_view method = "GET") {
  return ask(port, std::string(method) + ' ' + std::string(path) + " HTTP/1.1\r\nHost: here\r\n" + std::string(more) + "\r\n");
}

}  // namespace web
