// Connections without a schema at servers that do not do as they should. What they say after the handshake is written byte by byte.
#include "system/raw_house.hpp"

#include <parley/raw.hpp>

#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/connect.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/read_until.hpp>
#include <asio/use_future.hpp>
#include <asio/write.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

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
  ~peer() {
    if (thread_.joinable()) thread_.join();
  }
  peer(const peer&) = delete;
  peer& operator=(const peer&) = delete;

  // What the client said after the handshake, until it went.
  std::string heard() {
    thread_.join();
    return heard_;
  }

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
    for (;;) heard_.append(room.data(), client.read_some(asio::buffer(room)));
  }

  const script says_;
  std::string heard_;
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

// The payloads of a client's frames, and of its close frame the code.
std::vector<std::string> frames_in(std::string_view said) {
  std::vector<std::string> all;
  while (said.size() >= 6) {
    const auto size = static_cast<std::size_t>(said[1] & 0x7F);
    std::string payload(said.substr(6, size));
    for (std::size_t i = 0; i < payload.size(); ++i) payload[i] = static_cast<char>(payload[i] ^ said[2 + i % 4]);
    if ((said[0] & 0x0F) == 8)
      payload = std::to_string(static_cast<unsigned char>(payload[0]) << 8 | static_cast<unsigned char>(payload[1]));
    all.push_back(payload);
    said.remove_prefix(std::min(said.size(), 6 + size));
  }
  return all;
}

// Autobahn's strict cases: what was whole before a violation is answered, and then the connection is failed.
struct RawEchoes : testing::TestWithParam<std::string> {
  const std::string bad = GetParam();
  const std::vector<std::string> expected{"one", "two", bad.front() == '\x83' ? "1002" : "1007"};
};
INSTANTIATE_TEST_SUITE_P(Before, RawEchoes, testing::Values("\x83\x00"s, text_frame("\xFF\xFE")),
                         [](const auto& one) { return one.index == 0 ? "a_reserved_opcode" : "text_that_is_not_UTF_8"; });

TEST_P(RawEchoes, Of_a_program_that_blocks_leave_before_the_close) {
  peer server({.frames = text_frame("one") + text_frame("two") + bad});
  raw_connection ws{server.url()};
  const parley::error why = error_of([&] {
    for (;;) ws.send(ws.receive().text());
  });
  EXPECT_EQ(why.code, errc::bad_frame);
  EXPECT_EQ(frames_in(server.heard()), expected);
}

TEST_P(RawEchoes, Of_a_handler_leave_before_the_close) {
  peer server({.frames = text_frame("one") + text_frame("two") + bad});
  std::promise<parley::error> closed;
  raw_connection ws{server.url()};
  ws.on_message([&](const raw_message& m) { EXPECT_TRUE(ws.try_send(m.text())); });
  ws.on_closed([&](const parley::error& why) { closed.set_value(why); });
  ws.connect();
  EXPECT_EQ(closed.get_future().get().code, errc::bad_frame);
  EXPECT_EQ(frames_in(server.heard()), expected);
}

asio::awaitable<parley::result<>> echo(raw_connection& ws) {
  for (;;) {
    const auto got = co_await ws.async_receive();
    if (!got) co_return got.error();
    const auto sent = co_await ws.async_send(got->text());
    if (!sent) co_return sent.error();
  }
}

TEST_P(RawEchoes, Of_a_coroutine_leave_before_the_close) {
  peer server({.frames = text_frame("one") + text_frame("two") + bad});
  raw_connection ws{server.url()};
  auto why = asio::co_spawn(ws.executor(), echo(ws), asio::use_future);
  const parley::result<> ended = why.get();
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().code, errc::bad_frame);
  EXPECT_EQ(frames_in(server.heard()), expected);
}

TEST(RawPeer, A_violation_is_closed_for_though_the_program_never_receives) {
  peer server({.frames = text_frame("one") + "\x83\x00"s});
  raw_connection ws{server.url()};
  ws.connect();
  EXPECT_EQ(frames_in(server.heard()), std::vector<std::string>{"1002"});
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
