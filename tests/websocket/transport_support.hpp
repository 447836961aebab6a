// Support for tests of the WebSocket transport: a server, and a TCP client that can send what no
// WebSocket library would send.
#pragma once

#include "transport_frames.hpp"
#include "transport_recorder.hpp"

#ifdef PARLEY_TESTS_HAVE_TLS
#include "foreign_tls.hpp"
#endif

#include "parley/transport/tls/context.hpp"
#include "parley/transport/websocket.hpp"

#include <asio/buffer.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/post.hpp>
#include <asio/write.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace parley::transport::testing {

using asio::ip::tcp;

// Every test runs twice: with the fast path, and with all frames through websocketpp.
inline bool fast_path() {
  const char* const wish = std::getenv("PARLEY_TEST_FAST_PATH");
  return wish == nullptr || std::string_view(wish) != "off";
}

// Most tests also run over TLS.
inline bool over_tls() {
  const char* const wish = std::getenv("PARLEY_TEST_TLS");
  return wish != nullptr && std::string_view(wish) == "on";
}

#ifdef PARLEY_TESTS_HAVE_TLS
// The certificates of all tests of one program.
struct tls_of_tests {
  parley::testing::issuer authority;
  std::shared_ptr<tls_server> server = *load_tls(server_tls{.certificate = as_option(authority.issue())});
  std::shared_ptr<tls_client> client = *load_tls(client_tls{.ca_pem = authority.pem()});

  static certificate as_option(const parley::testing::identity& one) { return {.pem = one.pem, .key_pem = one.key_pem}; }
  static const tls_of_tests& get() {
    static const tls_of_tests only;
    return only;
  }
};
inline std::shared_ptr<tls_server> tls_of_server() { return over_tls() ? tls_of_tests::get().server : nullptr; }
inline std::shared_ptr<tls_client> tls_of_client() { return over_tls() ? tls_of_tests::get().client : nullptr; }
#else
inline std::shared_ptr<tls_server> tls_of_server() { return nullptr; }
inline std::shared_ptr<tls_client> tls_of_client() { return nullptr; }
#endif

inline std::function<void()> dial(const asio::any_io_executor& on, connect_options options, std::shared_ptr<connection_handler> handler) {
  options.fast_path = fast_path();
  if (!options.tls) options.tls = tls_of_client();
  return websocket_connect(on, std::move(options), std::move(handler));
}

// A server that records its connections in the order in which they arrive.
struct served {
  explicit served(asio::io_context& io, listen_options options = {}, bool fast = fast_path()) {
    options.fast_path = fast;
    if (!options.tls && !options.address.starts_with("unix:")) options.tls = tls_of_server();
    secure = options.tls != nullptr;
    auto made = websocket_listen(io.get_executor(), std::move(options));
    EXPECT_TRUE(made) << (made ? "" : made.error().message);
    if (!made) return;
    door = *made;
    door->start([this](std::shared_ptr<request> ask) {
      if (decide) return decide(std::move(ask));
      ends.push_back(std::make_shared<recorder>());
      if (prepare) prepare(*ends.back());
      ask->accept(ask->subprotocols.empty() ? "" : ask->subprotocols.front(), ends.back());
    });
  }
  std::string url(std::string_view rest = "/ws") const {
    return (secure ? "wss://127.0.0.1:" : "ws://127.0.0.1:") + std::to_string(door->port()) + std::string(rest);
  }

  bool secure = false;
  std::shared_ptr<listener> door;
  std::vector<std::shared_ptr<recorder>> ends;
  std::function<void(recorder&)> prepare;
  std::function<void(std::shared_ptr<request>)> decide;
};

// A client that sends bytes, inside of TLS if the test runs over TLS. Writes are small and block.
// Reading runs the loop.
struct raw_client {
  raw_client(asio::io_context& loop, std::uint16_t port) : io(loop), socket(loop) {
    socket.connect({asio::ip::address_v4::loopback(), port});
#ifdef PARLEY_TESTS_HAVE_TLS
    if (!over_tls()) return;
    tls = std::make_unique<parley::testing::foreign_tls>(parley::testing::foreign_options{});
    shake_hands();
#endif
  }

  void write(std::string_view bytes) { write_to_socket(on_the_wire(bytes)); }
  // For tests that use the socket themselves: what has to be sent for these bytes, and what has
  // arrived.
  std::string on_the_wire(std::string_view bytes) {
#ifdef PARLEY_TESTS_HAVE_TLS
    if (tls) {
      tls->write(bytes);
      return tls->take_sent();
    }
#endif
    return std::string(bytes);
  }
  void arrived(std::string_view bytes) {
#ifdef PARLEY_TESTS_HAVE_TLS
    if (tls) {
      tls->receive(bytes);
      if (tls->is_up()) received += tls->read();
      return;
    }
#endif
    received += bytes;
  }
  void write_to_socket(std::string_view bytes) {
    std::error_code ec;  // the server may have closed the connection already
    asio::write(socket, asio::buffer(bytes), ec);
  }
#ifdef PARLEY_TESTS_HAVE_TLS
  void shake_hands() {
    tls->advance();
    write_to_socket(tls->take_sent());
    while (!tls->is_up() && !tls->failed()) {
      read_some();
      tls->advance();
      write_to_socket(tls->take_sent());
    }
  }
#endif

  // Reads until `done(text so far)` is true or the stream ends.
  template <class Done>
  void read_until(Done done) {
    while (!ended && !done(std::string_view(received))) read_some();
  }
  void read_some() {
    bool came = false;
    std::array<char, 4096> room;
    socket.async_read_some(asio::buffer(room), [&](std::error_code ec, std::size_t count) {
      came = true;
      if (ec) ended = ec;
      arrived({room.data(), count});
    });
    ASSERT_TRUE(run_until(io, [&] { return came; }));
  }
  void read_to_end() {
    read_until([](std::string_view) { return false; });
  }

  static std::string request(std::string_view more = {}, std::string_view line = "GET /ws HTTP/1.1") {
    return std::string(line) +
           "\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
           std::string(more) + "\r\n";
  }

  void upgrade(std::string_view more = {}) {
    write(request(more));
    read_until([](std::string_view text) { return text.find("\r\n\r\n") != text.npos; });
    ASSERT_TRUE(received.starts_with("HTTP/1.1 101 ")) << received;
    head = received.substr(0, received.find("\r\n\r\n") + 4);
    received.erase(0, head.size());
  }

  // A frame as clients send it, unless the arguments differ.
  static std::string frame(unsigned first, std::string_view payload, bool masked = true) {
    return testing::frame(first, payload, masked, "\x11\x22\x33\x44");
  }
  static std::string text(std::string_view payload) { return frame(0x81, payload); }
  static std::string close_frame(unsigned code, std::string_view why = {}) {
    std::string payload{static_cast<char>(code >> 8), static_cast<char>(code)};
    return frame(0x88, payload += why);
  }

  // The close code in the bytes that were received after the handshake, which must be whole frames
  // of a server. -1 if there is none.
  int close_code() const {
    std::string_view rest = received;
    while (rest.size() >= 2) {
      std::size_t size = static_cast<unsigned char>(rest[1]);
      std::size_t head_size = 2;
      if (size == 126) {
        size = static_cast<std::size_t>(static_cast<unsigned char>(rest[2])) << 8 | static_cast<unsigned char>(rest[3]);
        head_size = 4;
      }
      if (static_cast<unsigned char>(rest[0]) == 0x88)
        return size < 2 ? 1005 : static_cast<unsigned char>(rest[head_size]) << 8 | static_cast<unsigned char>(rest[head_size + 1]);
      rest.remove_prefix(std::min(rest.size(), head_size + size));
    }
    return -1;
  }

  asio::io_context& io;
  tcp::socket socket;
#ifdef PARLEY_TESTS_HAVE_TLS
  std::unique_ptr<parley::testing::foreign_tls> tls;
#endif
  std::string received;
  std::string head;
  std::error_code ended;
};

}  // namespace parley::transport::testing
