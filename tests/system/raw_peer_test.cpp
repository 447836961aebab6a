// Connections without a schema at servers that do not do as they should. What they say after the handshake is written byte by byte.
#include "system/raw_house.hpp"

#include <parley/raw.hpp>

#include <asio/connect.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/read_until.hpp>
#include <asio/use_future.hpp>
#include <asio/write.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

namespace raw_tests {
namespace {

using namespace std::string_literals;
using asio::ip::tcp;
using parley::errc;
using parley::raw_connection;
using parley::raw_message;
using parley::raw_options;

// Serves one client, on a thread of its own: answers the handshake, with `headers` more, then says `frames` and waits for the client to go,
// unless it leaves first.
class peer {
 public:
  struct script {
    std::string headers{};
    std::string frames{};
    bool leaves = false;
    bool resets = false;
  };

  explicit peer(script says)
      : says_(std::move(says)), thread_([this] {
          try {
            serve();
          } catch (const std::system_error&) {}  // the client went
        }) {}
  ~peer() { thread_.join(); }
  peer(const peer&) = delete;
  peer& operator=(const peer&) = delete;

  std::string url() const { return "ws://127.0.0.1:" + std::to_string(door_.local_endpoint().port()) + "/"; }

 private:
  // The right answer to a key is what our own server says to it.
  std::string accept_of(const std::string& request) {
    constexpr std::string_view name = "Sec-WebSocket-Key: ";
    const std::size_t at = request.find(name) + name.size();
    const std::string key(request.substr(at, request.find("\r\n", at) - at));
    house other(carrier::websocket);
    const std::string url = other.url("");
    tcp::socket asking(io_);
    asking.connect({asio::ip::address_v4::loopback(), static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)))});
    const std::string copy =
        "GET / HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " +
        key + "\r\n\r\n";
    asio::write(asking, asio::buffer(copy));
    std::string answer;
    asio::read_until(asking, asio::dynamic_buffer(answer), "\r\n\r\n");
    constexpr std::string_view accept = "Sec-WebSocket-Accept: ";
    const std::size_t found = answer.find(accept) + accept.size();
    return answer.substr(found, answer.find("\r\n", found) - found);
  }

  void serve() {
    tcp::socket client(io_);
    door_.accept(client);
    std::string request;
    asio::read_until(client, asio::dynamic_buffer(request), "\r\n\r\n");
    const std::string answer =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " + accept_of(request) +
        "\r\n" + says_.headers + "\r\n" + says_.frames;
    asio::write(client, asio::buffer(answer));
    if (says_.leaves) return;
    if (says_.resets) return client.set_option(tcp::socket::linger(true, 0));
    std::array<char, 4096> room{};
    for (;;) client.read_some(asio::buffer(room));
  }

  const script says_;
  asio::io_context io_;
  tcp::acceptor door_{io_, {asio::ip::address_v4::loopback(), 0}};
  std::thread thread_;
};

std::string text_frame(std::string_view text) { return "\x81"s + static_cast<char>(text.size()) + std::string(text); }

parley::error error_of(const std::function<void()>& f) {
  try {
    f();
  } catch (const parley::call_failed& failed) { return failed.error(); }
  return errc::unimplemented;
}

TEST(RawPeer, A_subprotocol_that_was_not_offered_fails_the_connection) {
  peer server({.headers = "Sec-WebSocket-Protocol: surprise\r\n"});
  raw_connection ws{server.url(), {.subprotocols = {"expected"}}};
  const parley::error why = error_of([&] { ws.connect(); });
  EXPECT_EQ(why.code, errc::bad_frame);
  EXPECT_EQ(why.message.find("surprise"), std::string::npos);
  EXPECT_EQ(error_of([&] { ws.receive(); }).code, errc::bad_frame);
}

TEST(RawPeer, Messages_before_a_violation_are_received_and_then_the_violation) {
  peer server({.frames = text_frame("one") + "\x83\x00"s});  // a reserved opcode
  raw_connection ws{server.url()};
  EXPECT_EQ(ws.receive().text(), "one");
  EXPECT_EQ(error_of([&] { ws.receive(); }).code, errc::bad_frame);
  EXPECT_EQ(ws.close_code(), 1002);
}

TEST(RawPeer, Text_that_is_not_UTF_8_closes_with_1007) {
  peer server({.frames = text_frame("\xFF\xFE")});
  raw_connection ws{server.url()};
  EXPECT_EQ(error_of([&] { ws.receive(); }).code, errc::bad_frame);
  EXPECT_EQ(ws.close_code(), 1007);
}

TEST(RawPeer, With_the_manners_for_it_any_text_is_received) {
  peer server({.frames = text_frame("\xFF\xFE")});
  raw_connection ws{server.url(), {.manners = {.any_text = true}}};
  EXPECT_EQ(ws.receive().text(), "\xFF\xFE");
  EXPECT_TRUE(ws.try_send("\xFE\xFF"));
}

TEST(RawPeer, A_close_frame_without_a_code_is_1005_and_a_normal_end) {
  peer server({.frames = text_frame("one") + "\x88\x00"s});
  raw_connection ws{server.url()};
  int messages = 0;
  for (const raw_message& message : ws) messages += message.text() == "one";
  EXPECT_EQ(messages, 1);
  EXPECT_EQ(ws.close_code(), 1005);
}

TEST(RawPeer, A_stream_that_ends_without_a_close_frame_is_1006) {
  for (const bool resets : {false, true}) {
    peer server({.frames = "\x81\x05half", .leaves = !resets, .resets = resets});
    raw_connection ws{server.url()};
    EXPECT_EQ(error_of([&] { ws.receive(); }).code, errc::disconnected);
    EXPECT_EQ(ws.close_code(), 1006);
  }
}

TEST(RawPeer, A_close_that_is_not_answered_is_given_up_after_close_timeout) {
  peer server({});
  const auto clock = std::make_shared<parley::manual_clock>();
  raw_options options;
  options.clock = clock;
  options.close_timeout = std::chrono::milliseconds(1);
  raw_connection ws{server.url(), options};
  ws.connect();
  auto closed = ws.async_close(4000, "no answer", asio::use_future);
  // The own thread takes up the close before it takes up this, and sets its alarm by then.
  EXPECT_EQ(ws.async_receive(asio::use_future).get().error().code, errc::cancelled);
  clock->advance(std::chrono::milliseconds(1));
  EXPECT_TRUE(closed.get());
  EXPECT_EQ(ws.close_code(), 4000);
}

TEST(RawPeer, A_refusal_is_told_as_the_error_it_stands_for) {
  house home(carrier::websocket);
  raw_connection ws{home.url(), {.subprotocols = {"bad name"}}};
  EXPECT_EQ(error_of([&] { ws.connect(); }).code, errc::invalid);
  raw_connection other{home.url(), {.headers = {{"Host", "elsewhere"}}}};
  EXPECT_EQ(error_of([&] { other.connect(); }).code, errc::invalid);
}

}  // namespace
}  // namespace raw_tests
