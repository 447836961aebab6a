// The client's side of the opening handshake, against servers that violate the protocol.
#include "held_port.hpp"
#include "transport_support.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <thread>

namespace parley::transport::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Accepts one connection, reads a request, and sends the answer that the test provides.
struct raw_server {
  explicit raw_server(asio::io_context& loop) : acceptor(loop, {asio::ip::address_v4::loopback(), 0}), socket(loop) {
    acceptor.async_accept(socket, [this](std::error_code ec) {
      ASSERT_FALSE(ec);
      read();
    });
  }
  void read() {
    socket.async_read_some(asio::buffer(room), [this](std::error_code ec, std::size_t count) {
      received.append(room.data(), count);
      if (ec) {
        ended = ec;
        return;
      }
      if (!answered && received.find("\r\n\r\n") != received.npos) {
        answered = true;
        if (answer) write(answer(accept_of(received)));
        if (close_after) return socket.close();
      }
      read();
    });
  }
  void write(std::string_view bytes) {
    std::error_code ec;
    asio::write(socket, asio::buffer(bytes), ec);
  }
  // The correct Sec-WebSocket-Accept, computed by Parley's own server from the same key.
  static std::string accept_of(std::string_view request) {
    constexpr std::string_view name = "Sec-WebSocket-Key: ";
    const std::size_t at = request.find(name) + name.size();
    const std::string key(request.substr(at, request.find("\r\n", at) - at));
    asio::io_context io;
    served server(io);
    raw_client client(io, server.door->port());
    client.write(
        "GET / HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " +
        key + "\r\n\r\n");
    client.read_until([](std::string_view text) { return text.ends_with("\r\n\r\n"); });
    constexpr std::string_view accept = "Sec-WebSocket-Accept: ";
    const std::size_t found = client.received.find(accept) + accept.size();
    return client.received.substr(found, client.received.find("\r\n", found) - found);
  }
  static std::string upgrade(const std::string& accept, std::string_view more = {}) {
    return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " + accept + "\r\n" +
           std::string(more) + "\r\n";
  }
  std::string url() const { return "ws://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port()) + "/ws"; }

  tcp::acceptor acceptor;
  tcp::socket socket;
  std::array<char, 4096> room{};
  std::string received;
  std::error_code ended;
  bool answered = false;
  bool close_after = false;
  std::function<std::string(const std::string& accept)> answer;
};

struct transport_client : ::testing::Test {
  using raw = raw_client;

  std::shared_ptr<recorder> connect(connect_options options) {
    const auto end = std::make_shared<recorder>();
    abandon = dial(io.get_executor(), std::move(options), end);
    EXPECT_EQ(end->closed, 0) << "called back from inside the call";
    return end;
  }
  // Connects to a server with this answer, and waits until the client is open or has failed.
  std::shared_ptr<recorder> answered(std::function<std::string(const std::string&)> answer, connect_options options = {}) {
    server.emplace(io);
    server->answer = std::move(answer);
    options.url = server->url();
    auto end = connect(std::move(options));
    EXPECT_TRUE(run_until(io, [&] { return end->opened + end->closed > 0; }));
    return end;
  }
  errc failed_by(const std::function<std::string(const std::string&)>& answer) {
    const auto end = answered(answer);
    EXPECT_EQ(end->opened, 0);
    EXPECT_EQ(end->closed, 1);
    EXPECT_EQ(end->why.code, 1006);
    EXPECT_FALSE(end->how.message.empty());
    EXPECT_TRUE(run_until(io, [&] { return server->ended || server->close_after; })) << "the connection was not closed";
    text = end->how.message;
    http_status = end->why.http_status;
    retry_after = end->why.retry_after;
    return static_cast<errc>(end->how.code.value());
  }

  asio::io_context io;
  std::optional<raw_server> server;
  std::function<void()> abandon;
  std::string text;
  int http_status = 0;
  std::chrono::seconds retry_after{0};
};

TEST_F(transport_client, asks_as_RFC_6455_says_and_masks_what_it_sends) {
  connect_options options;
  options.subprotocols = {"b", "a"};
  options.origin = "https://example.org";
  const auto end =
      answered([](const std::string& accept) { return raw_server::upgrade(accept, "Sec-WebSocket-Protocol: a\r\n"); }, options);
  ASSERT_EQ(end->opened, 1) << end->how.message;
  EXPECT_EQ(end->subprotocol, "a");
  const std::string request = server->received;
  EXPECT_TRUE(request.starts_with("GET /ws HTTP/1.1\r\n")) << request;
  EXPECT_THAT(request, HasSubstr("Host: 127.0.0.1:" + std::to_string(server->acceptor.local_endpoint().port()) + "\r\n"));
  EXPECT_THAT(request, HasSubstr("Sec-WebSocket-Protocol: b, a\r\n"));
  EXPECT_THAT(request, HasSubstr("Sec-WebSocket-Version: 13\r\n"));
  EXPECT_THAT(request, HasSubstr("Origin: https://example.org\r\n"));
  EXPECT_EQ(request.find("Sec-WebSocket-Extensions"), std::string::npos);

  server->received.clear();
  end->send("hello");
  ASSERT_TRUE(run_until(io, [&] { return server->received.size() >= 11; }));
  const std::string& frame = server->received;
  ASSERT_EQ(frame.size(), 11u);
  EXPECT_EQ(frame.substr(0, 2), "\x81\x85");
  std::string plain;
  for (std::size_t i = 0; i < 5; ++i) plain += static_cast<char>(frame[6 + i] ^ frame[2 + i % 4]);
  EXPECT_EQ(plain, "hello");
}

TEST_F(transport_client, every_frame_has_a_mask_of_its_own) {
  const auto end = answered([](const std::string& accept) { return raw_server::upgrade(accept); });
  server->received.clear();
  for (int i = 0; i < 100; ++i) end->send("");
  ASSERT_TRUE(run_until(io, [&] { return server->received.size() == 600; }));
  std::vector<std::string> masks;
  for (std::size_t i = 0; i < 100; ++i) masks.push_back(server->received.substr(i * 6 + 2, 4));
  std::sort(masks.begin(), masks.end());
  EXPECT_EQ(std::unique(masks.begin(), masks.end()), masks.end());
}

TEST_F(transport_client, frames_that_come_together_with_the_answer_are_not_lost) {
  const auto end = answered([](const std::string& accept) {
    return raw_server::upgrade(accept) + raw::frame(0x81, "one", false) + raw::frame(0x82, "two", false);
  });
  ASSERT_TRUE(run_until(io, [&] { return end->messages.size() == 2; }));
  EXPECT_EQ(end->messages[0].content, "one");
}

TEST_F(transport_client, an_answer_that_comes_byte_by_byte_is_understood) {
  server.emplace(io);
  std::string accept;
  server->answer = [&](const std::string& a) {
    accept = a;
    return std::string();
  };
  const auto end = connect({.url = server->url()});
  ASSERT_TRUE(run_until(io, [&] { return !accept.empty(); }));
  for (const char c : raw_server::upgrade(accept) + raw::frame(0x81, "x", false)) {
    server->write({&c, 1});
    settle(io);
  }
  ASSERT_TRUE(run_until(io, [&] { return end->messages.size() == 1; }));
}

TEST_F(transport_client, retry_after_is_told_if_it_is_a_number_of_seconds) {
  const std::vector<std::pair<std::string, int>> cases{{"7", 7},          {"0", 0},  {"3600", 3600}, {"999999999999999999999", 3600},
                                                       {"1000000", 3600}, {"-5", 0}, {"soon", 0},    {"Wed, 21 Oct 2026 07:28:00 GMT", 0},
                                                       {"7 s", 0},        {"", 0}};
  for (const auto& [value, seconds] : cases) {
    failed_by([value = value](const auto&) { return "HTTP/1.1 503 Busy\r\nRetry-After: " + value + "\r\n\r\n"; });
    EXPECT_EQ(http_status, 503);
    EXPECT_EQ(retry_after.count(), seconds) << value;
  }
}

TEST_F(transport_client, an_http_status_is_told_as_the_error_it_stands_for_and_never_with_its_body) {
  const std::vector<std::pair<std::string, errc>> cases{{"400 Bad Request", errc::version_mismatch},
                                                        {"401 Unauthorized", errc::unauthenticated},
                                                        {"403 Forbidden", errc::denied},
                                                        {"404 Not Found", errc::unimplemented},
                                                        {"426 Upgrade Required", errc::version_mismatch},
                                                        {"429 Slow Down", errc::overloaded},
                                                        {"503 Service Unavailable", errc::overloaded},
                                                        {"302 Found", errc::disconnected},
                                                        {"500 Oops", errc::disconnected},
                                                        {"200 OK", errc::disconnected}};
  for (const auto& [line, code] : cases) {
    EXPECT_EQ(failed_by([line = line](const auto&) { return "HTTP/1.1 " + line + "\r\nContent-Length: 6\r\n\r\nsecret"; }), code) << line;
    EXPECT_THAT(text, HasSubstr("HTTP " + line.substr(0, 3)));
    EXPECT_EQ(std::to_string(http_status), line.substr(0, 3));
    EXPECT_EQ(retry_after.count(), 0);
    EXPECT_EQ(text.find("secret"), std::string::npos);
  }
}

TEST_F(transport_client, answers_that_are_no_upgrade_are_bad_frames) {
  EXPECT_EQ(failed_by([](const auto&) { return "SSH-2.0-OpenSSH\r\n\r\n"; }), errc::bad_frame);
  EXPECT_EQ(failed_by([](const auto&) { return "HTTP/1.0 101 x\r\n\r\n"; }), errc::bad_frame);
  EXPECT_EQ(failed_by([](const auto&) { return "HTTP/1.1 1x1 x\r\n\r\n"; }), errc::bad_frame);
  EXPECT_EQ(failed_by([](const auto&) { return "HTTP/1.1 101 x\r\nno header\r\n\r\n"; }), errc::bad_frame);
  EXPECT_EQ(failed_by([](const auto& a) { return "HTTP/1.1 101 x\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " + a + "\r\n\r\n"; }),
            errc::bad_frame);
  EXPECT_EQ(failed_by([](const auto& a) { return "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: " + a + "\r\n\r\n"; }),
            errc::bad_frame);
  for (const std::string wrong :
       {"Upgrade: h2c\r\nConnection: Upgrade", "Upgrade: websocket13\r\nConnection: Upgrade", "Upgrade: websocket\r\nConnection: close"})
    EXPECT_EQ(failed_by([wrong](const auto& a) { return "HTTP/1.1 101 x\r\n" + wrong + "\r\nSec-WebSocket-Accept: " + a + "\r\n\r\n"; }),
              errc::bad_frame)
        << wrong;
  EXPECT_EQ(failed_by([](const auto& a) { return raw_server::upgrade(a, "Sec-WebSocket-Accept: " + a + "\r\n"); }), errc::bad_frame);
  EXPECT_EQ(failed_by([](const auto& a) { return raw_server::upgrade("x" + a); }), errc::bad_frame);
  EXPECT_EQ(failed_by([](const auto&) { return raw_server::upgrade(""); }), errc::bad_frame);
  EXPECT_EQ(failed_by([](const auto& a) { return raw_server::upgrade(a, "Sec-WebSocket-Extensions: permessage-deflate\r\n"); }),
            errc::bad_frame);
}

TEST_F(transport_client, an_answer_in_any_case_with_other_tokens_and_any_words_is_an_upgrade) {
  const auto end = answered([](const std::string& a) {
    return "HTTP/1.1 101 As You Like It\r\nUPGRADE:WebSocket\r\nconnection: keep-alive,\tUPGRADE \r\nsec-websocket-accept:" + a +
           "\r\nX: 1\r\n\r\n";
  });
  EXPECT_EQ(end->opened, 1) << end->how.message;
}

TEST_F(transport_client, an_answer_over_the_limit_is_too_large) {
  EXPECT_EQ(failed_by([](const auto&) { return "HTTP/1.1 101 x\r\nA: " + std::string(20'000, 'x'); }), errc::too_large);
}

TEST_F(transport_client, a_server_that_hangs_up_during_the_handshake_is_disconnected) {
  server.emplace(io);
  server->close_after = true;
  const auto end = connect({.url = server->url()});
  ASSERT_TRUE(run_until(io, [&] { return end->closed == 1; }));
  EXPECT_EQ(end->how.code, errc::disconnected);
}

TEST_F(transport_client, a_port_where_nobody_listens_is_disconnected) {
  const held_port nobody;
  for (const std::string host : {"127.0.0.1", "localhost"}) {
    const auto end = connect({.url = "ws://" + host + ":" + std::to_string(nobody.number())});
    ASSERT_TRUE(run_until(io, [&] { return end->closed == 1; }));
    EXPECT_EQ(end->how.code, errc::disconnected);
    EXPECT_THAT(end->how.message, HasSubstr("refused"));
  }
}

TEST_F(transport_client, a_host_that_does_not_exist_is_disconnected) {
  const auto end = connect({.url = "ws://no-such-host.invalid/"});
  ASSERT_TRUE(run_until(io, [&] { return end->closed == 1; }));
  EXPECT_EQ(end->opened, 0);
  // Without any resolver, the look-up takes longer than the time limit of the handshake.
  EXPECT_TRUE(end->how.code == errc::disconnected || end->how.code == errc::deadline_exceeded) << end->how.message;
}

TEST_F(transport_client, a_server_that_does_not_answer_is_given_up_when_the_handshake_may_last_no_longer) {
  server.emplace(io);
  connect_options options;
  options.url = server->url();
  options.limits.handshake = 50ms;
  const auto end = connect(options);
  ASSERT_TRUE(run_until(io, [&] { return end->closed == 1; }));
  EXPECT_EQ(end->how.code, errc::deadline_exceeded);
}

TEST_F(transport_client, time_that_passes_after_the_upgrade_closes_nothing) {
  connect_options options;
  options.limits.handshake = 500ms;
  const auto end = answered([](const std::string& accept) { return raw_server::upgrade(accept); }, options);
  ASSERT_EQ(end->opened, 1) << end->how.message;
  raw_server silent(io);
  options.url = silent.url();
  const auto other = connect(options);
  ASSERT_TRUE(run_until(io, [&] { return other->closed == 1; }));
  EXPECT_EQ(end->closed, 0);
}

TEST_F(transport_client, options_that_cannot_be_used_are_invalid) {
  const auto invalid = [&](auto change) {
    connect_options options;
    options.url = "ws://127.0.0.1:1/";
    change(options);
    const auto end = connect(options);
    EXPECT_TRUE(run_until(io, [&] { return end->closed == 1; }));
    EXPECT_EQ(end->how.code, errc::invalid) << end->how.message;
  };
  invalid([](connect_options& o) { o.url = "http://127.0.0.1/"; });
  invalid([](connect_options& o) { o.url = ""; });
  invalid([](connect_options& o) { o.subprotocols = {"a b"}; });
  invalid([](connect_options& o) { o.subprotocols = {"a", "a"}; });
  invalid([](connect_options& o) { o.subprotocols = {""}; });
  invalid([](connect_options& o) { o.headers = {{"A b", "c"}}; });
  invalid([](connect_options& o) { o.headers = {{"A", "b\r\nEvil: c"}}; });
  invalid([](connect_options& o) { o.headers = {{"sec-websocket-key", "x"}}; });
  invalid([](connect_options& o) { o.headers = {{"HOST", "x"}}; });
  invalid([](connect_options& o) { o.origin = "a\nb"; });
}

TEST_F(transport_client, abandoning_ends_the_attempt_in_every_stage_and_nothing_once_open) {
  {
    const auto resolving = connect({.url = "ws://localhost:1/"});
    abandon();
    abandon();
    EXPECT_EQ(resolving->closed, 0);
    ASSERT_TRUE(run_until(io, [&] { return resolving->closed == 1; }));
    EXPECT_EQ(resolving->how.code, errc::cancelled);
  }
  {
    server.emplace(io);
    const auto upgrading = connect({.url = server->url()});
    ASSERT_TRUE(run_until(io, [&] { return !server->received.empty(); }));
    abandon();
    ASSERT_TRUE(run_until(io, [&] { return upgrading->closed == 1 && server->ended; }));
    EXPECT_EQ(upgrading->how.code, errc::cancelled);
  }
  const auto end = answered([](const std::string& accept) { return raw_server::upgrade(accept); });
  abandon();
  end->send("still");
  server->received.clear();
  ASSERT_TRUE(run_until(io, [&] { return server->received.size() == 11; }));
}

TEST_F(transport_client, a_masked_frame_from_a_server_is_closed_with_1002_and_a_close_frame_is_masked) {
  const auto end = answered([](const std::string& accept) { return raw_server::upgrade(accept); });
  server->received.clear();
  server->write(raw::text("masked"));
  ASSERT_TRUE(run_until(io, [&] { return server->ended == asio::error::eof; }));
  server->socket.close();
  ASSERT_TRUE(run_until(io, [&] { return end->closed == 1; }));
  EXPECT_EQ(end->why.code, 1002);
  EXPECT_EQ(end->how.code, errc::bad_frame);
  EXPECT_EQ(server->received.substr(0, 1), "\x88");
  EXPECT_EQ(server->received[1] & 0x80, 0x80);
  EXPECT_THAT(end->messages, IsEmpty());
}

TEST_F(transport_client, the_servers_close_is_answered_and_its_code_kept) {
  const auto end = answered([](const std::string& accept) { return raw_server::upgrade(accept) + raw::frame(0x88, "\x0F\xA4why", false); });
  ASSERT_TRUE(run_until(io, [&] { return server->received.find('\x88') != std::string::npos; }));
  server->socket.close();
  ASSERT_TRUE(run_until(io, [&] { return end->closed == 1; }));
  EXPECT_EQ(end->why.code, 4004);
  EXPECT_EQ(end->why.text, "why");
  EXPECT_EQ(end->how.code, errc::disconnected);
}

TEST_F(transport_client, our_close_leaves_the_end_of_the_stream_to_the_server) {
  const auto end = answered([](const std::string& accept) { return raw_server::upgrade(accept); });
  server->received.clear();
  end->call([](connection& to) { to.close(1000, "done"); });
  ASSERT_TRUE(run_until(io, [&] { return server->received.size() >= 6 + 6; }));
  server->write(raw::frame(0x88, "\x03\xE8", false));
  settle(io);
  EXPECT_FALSE(server->ended);
  server->socket.close();
  ASSERT_TRUE(run_until(io, [&] { return end->closed == 1; }));
  EXPECT_EQ(end->why.code, 1000);
  EXPECT_EQ(end->how.code, errc::cancelled);
}

}  // namespace
}  // namespace parley::transport::testing
