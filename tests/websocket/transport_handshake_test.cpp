// The server's side of the opening handshake: the status of each answer, and the part of the
// application.
#include "transport_support.hpp"

#include <asio/read.hpp>

#include <gmock/gmock.h>

#include <sys/resource.h>

namespace parley::transport::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using raw = raw_client;

struct transport_handshake : ::testing::Test {
  // The server's answer to these bytes, until it closes.
  std::string answer_to(std::string_view bytes, const served& to) {
    raw client(io, to.door->port());
    client.write(bytes);
    client.read_to_end();
    return client.received;
  }
  std::string answer_to(std::string_view bytes) { return answer_to(bytes, server); }
  static int status(std::string_view answer) {
    if (!answer.starts_with("HTTP/1.1 ") || answer.size() < 12) return -1;
    return std::stoi(std::string(answer.substr(9, 3)));
  }

  asio::io_context io;
  served server{io};
};

TEST_F(transport_handshake, an_upgrade_is_answered_with_101_and_the_key_of_RFC_6455) {
  raw client(io, server.door->port());
  client.upgrade();
  EXPECT_THAT(client.head, StartsWith("HTTP/1.1 101 Switching Protocols\r\n"));
  EXPECT_THAT(client.head, HasSubstr("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
  EXPECT_THAT(client.head, HasSubstr("Server: parley\r\n"));
  EXPECT_EQ(client.head.find("Sec-WebSocket-Protocol"), std::string::npos);
}

TEST_F(transport_handshake, compression_is_not_agreed) {
  raw client(io, server.door->port());
  client.upgrade("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n");
  EXPECT_EQ(client.head.find("Sec-WebSocket-Extensions"), std::string::npos);
}

TEST_F(transport_handshake, the_application_sees_the_whole_request) {
  std::shared_ptr<request> seen;
  server.decide = [&](std::shared_ptr<request> ask) { seen = std::move(ask); };
  raw client(io, server.door->port());
  client.write(raw::request("ORIGIN:   https://example.org  \r\nX-A: one\r\nx-a: two\r\nEmpty:\r\n", "GET /a%20b/c?d=e?f HTTP/1.1"));
  ASSERT_TRUE(run_until(io, [&] { return seen != nullptr; }));
  EXPECT_EQ(seen->path, "/a%20b/c");
  EXPECT_EQ(seen->query, "d=e?f");
  EXPECT_EQ(seen->host, "here");
  EXPECT_EQ(seen->origin, "https://example.org");
  EXPECT_THAT(seen->subprotocols, IsEmpty());
  EXPECT_THAT(seen->remote, StartsWith("127.0.0.1:"));
  std::vector<std::string> all;
  for (const header& h : seen->headers) all.push_back(h.name + "=" + h.value);
  EXPECT_THAT(all, ElementsAre("Host=here", "Upgrade=websocket", "Connection=Upgrade", "Sec-WebSocket-Version=13",
                               "Sec-WebSocket-Key=dGhlIHNhbXBsZSBub25jZQ==", "ORIGIN=https://example.org", "X-A=one", "x-a=two", "Empty="));
}

TEST_F(transport_handshake, a_request_says_whether_it_is_encrypted_and_has_no_certificate_unless_one_was_asked_for) {
  std::shared_ptr<request> seen;
  server.decide = [&](std::shared_ptr<request> ask) { seen = std::move(ask); };
  raw client(io, server.door->port());
  client.write(raw::request());
  ASSERT_TRUE(run_until(io, [&] { return seen != nullptr; }));
  EXPECT_EQ(seen->encrypted, over_tls());
  EXPECT_EQ(seen->certificate, nullptr);
}

TEST_F(transport_handshake, subprotocols_of_several_lines_are_joined_and_spaces_are_no_part_of_them) {
  std::vector<std::string> offered;
  server.decide = [&](const std::shared_ptr<request>& ask) {
    offered = ask->subprotocols;
    ask->accept("b", std::make_shared<recorder>());
  };
  raw client(io, server.door->port());
  client.upgrade("sec-websocket-protocol: parley.v1.fbs ,\tb\r\nSec-WebSocket-Protocol:B,,c\r\n");
  EXPECT_THAT(offered, ElementsAre("parley.v1.fbs", "b", "B", "c"));
  EXPECT_THAT(client.head, HasSubstr("Sec-WebSocket-Protocol: b\r\n"));
}

TEST_F(transport_handshake, malformed_requests_are_400_and_never_reach_the_application) {
  server.decide = [](const std::shared_ptr<request>&) { FAIL(); };
  for (const std::string_view line :
       {"GET /ws", "GET  /ws HTTP/1.1", "GET /ws HTTP/1.0", "GET /ws HTTP/2.0", "G@T /ws HTTP/1.1", "GET ws HTTP/1.1",
        "GET http://here/ws HTTP/1.1", " GET /ws HTTP/1.1", "GET /w\x01s HTTP/1.1", "\x16\x03\x01\x02 hello TLS"})
    EXPECT_EQ(status(answer_to(raw::request({}, line))), 400) << line;
  for (const std::string_view more : {"NoColon\r\n", "Space : x\r\n", ": x\r\n", " folded\r\n", "A: x\x01\r\n", "A: x\ny\r\n",
                                      "Host: again\r\n", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", "Origin: a\r\nOrigin: b\r\n",
                                      "Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n", "Sec-WebSocket-Protocol: a, b, a\r\n",
                                      "Sec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: a\r\n", "Sec-WebSocket-Protocol: a b\r\n",
                                      "Sec-WebSocket-Protocol: \"a\"\r\n"})
    EXPECT_EQ(status(answer_to(raw::request(more))), 400) << more;
  EXPECT_EQ(status(answer_to("GET / HTTP/1.1\r\n\r\n")), 400);
  EXPECT_EQ(status(answer_to("\r\n\r\n")), 400);
  std::string many = "Sec-WebSocket-Protocol: x";
  for (int i = 0; i < 1000; ++i) many += "," + std::to_string(i);
  EXPECT_EQ(status(answer_to(raw::request(many + "\r\n"))), 400);
  const std::string keyless =
      "GET /ws HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n";
  EXPECT_EQ(status(answer_to(keyless + "\r\n")), 400);
  EXPECT_EQ(status(answer_to(keyless + "Sec-WebSocket-Key: short\r\n\r\n")), 400);
}

TEST_F(transport_handshake, what_is_no_upgrade_is_told_what_is_spoken_here) {
  const std::string plain = answer_to("GET /index.html HTTP/1.1\r\nHost: here\r\n\r\n");
  EXPECT_EQ(status(plain), 426);
  EXPECT_THAT(plain, HasSubstr("Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"));
  EXPECT_EQ(status(answer_to("GET /ws HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 8\r\n"
                             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")),
            426);
  const std::string post = answer_to("POST /ws HTTP/1.1\r\nHost: here\r\nContent-Length: 5\r\n\r\nhello");
  EXPECT_EQ(status(post), 405);
  EXPECT_THAT(post, HasSubstr("Allow: GET\r\n"));
}

TEST_F(transport_handshake, tokens_of_upgrade_and_connection_are_found_in_lists_of_any_case) {
  raw client(io, server.door->port());
  client.write(
      "GET /ws HTTP/1.1\r\nHost: here\r\nUPGRADE: h2c, WebSocket\r\nConnection: keep-alive,UPGRADE\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
  client.read_until([](std::string_view text) { return text.ends_with("\r\n\r\n"); });
  EXPECT_EQ(status(client.received), 101);
  EXPECT_EQ(
      status(answer_to("GET /ws HTTP/1.1\r\nHost: here\r\nUpgrade: notwebsocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                       "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")),
      426);
}

TEST_F(transport_handshake, an_application_rejects_with_a_status_and_a_text) {
  for (const int code : {400, 401, 403, 404, 503}) {
    server.decide = [code](const std::shared_ptr<request>& ask) {
      ask->reject(code, "because");
      ask->reject(500, "twice");
      ask->accept("", std::make_shared<recorder>());
    };
    const std::string answer = answer_to(raw::request());
    EXPECT_EQ(status(answer), code);
    EXPECT_THAT(answer, HasSubstr("Content-Length: 7\r\n"));
    EXPECT_THAT(answer, HasSubstr("Connection: close\r\n"));
    EXPECT_TRUE(answer.ends_with("\r\n\r\nbecause")) << answer;
    EXPECT_EQ(answer.find("WWW-Authenticate") != std::string::npos, code == 401);
  }
}

TEST_F(transport_handshake, a_request_may_be_answered_later_and_one_that_is_dropped_is_503) {
  std::shared_ptr<request> seen;
  server.decide = [&](std::shared_ptr<request> ask) { seen = std::move(ask); };
  raw first(io, server.door->port());
  first.write(raw::request());
  ASSERT_TRUE(run_until(io, [&] { return seen != nullptr; }));
  settle(io);
  EXPECT_EQ(first.received, "");
  const auto end = std::make_shared<recorder>();
  seen->accept("", end);
  EXPECT_EQ(end->opened, 0);
  first.read_until([](std::string_view text) { return text.ends_with("\r\n\r\n"); });
  EXPECT_EQ(status(first.received), 101);
  EXPECT_EQ(end->opened, 1);

  raw second(io, server.door->port());
  seen = nullptr;
  second.write(raw::request());
  ASSERT_TRUE(run_until(io, [&] { return seen != nullptr; }));
  seen = nullptr;
  second.read_to_end();
  EXPECT_EQ(status(second.received), 503);
}

TEST_F(transport_handshake, accepting_with_a_subprotocol_that_was_not_offered_is_500) {
  const auto end = std::make_shared<recorder>();
  server.decide = [&](const std::shared_ptr<request>& ask) { ask->accept("other", end); };
  EXPECT_EQ(status(answer_to(raw::request("Sec-WebSocket-Protocol: mine\r\n"))), 500);
  EXPECT_EQ(end->opened, 0);
  EXPECT_EQ(end->closed, 1);
  EXPECT_EQ(end->how.code, errc::invalid);
}

TEST_F(transport_handshake, a_head_over_the_limit_is_431_before_it_is_complete) {
  listen_options options;
  options.limits.max_handshake_bytes = 1000;
  served small(io, options);
  const std::string head = raw::request();
  const std::string fill = "X: " + std::string(1000 - head.size() - 5, 'x') + "\r\n";
  raw exact(io, small.door->port());
  ASSERT_EQ(raw::request(fill).size(), 1000u);
  exact.upgrade(fill);
  EXPECT_EQ(status(answer_to(raw::request("X" + fill), small)), 431);
  EXPECT_EQ(status(answer_to(std::string(1000, 'x'), small)), 431);
  EXPECT_EQ(status(answer_to("GET /" + std::string(100'000, 'x'), small)), 431);
}

TEST_F(transport_handshake, a_head_that_does_not_come_in_time_is_408) {
  listen_options options;
  options.limits.handshake = 50ms;
  served hasty(io, options);
  raw silent(io, hasty.door->port()), slow(io, hasty.door->port());
  slow.write("GET /ws HTTP/1.1\r\nHost: he");
  silent.read_to_end();
  EXPECT_EQ(status(silent.received), 408);
  slow.read_to_end();
  EXPECT_EQ(status(slow.received), 408);
}

TEST_F(transport_handshake, a_request_that_is_not_decided_in_time_is_503_and_a_later_accept_hears_of_it) {
  listen_options options;
  options.limits.handshake = 500ms;
  served hasty(io, options);
  std::shared_ptr<request> seen;
  int abandoned = 0;
  hasty.decide = [&](std::shared_ptr<request> ask) {
    seen = std::move(ask);
    seen->on_abandoned = [&] { ++abandoned; };
  };
  const std::string answer = answer_to(raw::request(), hasty);
  EXPECT_EQ(status(answer), 503);
  EXPECT_EQ(abandoned, 1);
  const auto end = std::make_shared<recorder>();
  seen->accept("", end);
  EXPECT_EQ(end->closed, 0);
  ASSERT_TRUE(run_until(io, [&] { return end->closed == 1; }));
  EXPECT_EQ(end->opened, 0);
  EXPECT_EQ(end->how.code, errc::disconnected);
}

TEST_F(transport_handshake, time_that_passes_after_the_upgrade_closes_nothing) {
  listen_options options;
  options.limits.handshake = 500ms;
  served hasty(io, options);
  raw client(io, hasty.door->port());
  client.upgrade();
  // A second client that is too slow serves as the clock: when it has been refused, the limit has
  // passed for the first client too.
  raw slow(io, hasty.door->port());
  slow.read_to_end();
  client.write(raw::text("still"));
  ASSERT_TRUE(run_until(io, [&] { return hasty.ends.at(0)->messages.size() == 1; }));
}

TEST_F(transport_handshake, beyond_max_connections_clients_are_told_503_until_one_leaves) {
  listen_options options;
  options.limits.max_connections = 2;
  served small(io, options);
  raw first(io, small.door->port()), second(io, small.door->port());
  first.upgrade();
  second.upgrade();
  EXPECT_EQ(status(answer_to(raw::request(), small)), 503);
  first.socket.close();
  ASSERT_TRUE(run_until(io, [&] { return small.ends[0]->closed == 1; }));
  raw third(io, small.door->port());
  third.upgrade();
}

TEST_F(transport_handshake, connections_that_never_ask_are_counted_too) {
  listen_options options;
  options.limits.max_connections = 3;
  served small(io, options);
  raw a(io, small.door->port()), b(io, small.door->port()), c(io, small.door->port());
  EXPECT_EQ(status(answer_to(raw::request(), small)), 503);
}

TEST_F(transport_handshake, a_stopped_listener_refuses_and_leaves_open_connections_alone) {
  raw open(io, server.door->port()), half(io, server.door->port());
  open.upgrade();
  half.write("GET /ws HTTP/1.1\r\n");
  settle(io);
  const std::uint16_t port = server.door->port();
  server.decide = [](const std::shared_ptr<request>&) { FAIL(); };
  server.door->stop();
  half.write(
      "Host: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
      "dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
  half.read_to_end();
  EXPECT_EQ(status(half.received), 503);
  open.write(raw::text("still"));
  ASSERT_TRUE(run_until(io, [&] { return server.ends[0]->messages.size() == 1; }));
  tcp::socket late(io);
  std::error_code ec;
  late.connect({asio::ip::address_v4::loopback(), port}, ec);
  EXPECT_EQ(ec, asio::error::connection_refused);
  // The port can be bound again at once.
  EXPECT_TRUE(websocket_listen(io.get_executor(), {.port = port}));
}

TEST_F(transport_handshake, a_server_without_descriptors_goes_on_when_it_has_some_again) {
#ifdef DESCRIPTORS_ARE_NEEDED_BY_THE_SANITIZER
  GTEST_SKIP() << "UBSan opens a pipe to check what a pointer points to";
#endif
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  raw waiting(io, server.door->port());
  rlimit none = before;
  none.rlim_cur = static_cast<rlim_t>(waiting.socket.native_handle()) + 1;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  for (int i = 0; i < 20; ++i) settle(io);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  // The client that came meanwhile was disconnected at once, so that it need not wait.
  std::array<char, 1> byte{};
  std::error_code ended;
  asio::read(waiting.socket, asio::buffer(byte), ended);
  EXPECT_TRUE(ended);
  raw later(io, server.door->port());
  later.upgrade();
  EXPECT_EQ(server.ends.size(), 1u);
}

TEST_F(transport_handshake, a_listener_that_cannot_bind_says_why) {
  const auto taken = websocket_listen(io.get_executor(), {.port = server.door->port()});
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, std::errc::address_in_use);
  EXPECT_THAT(taken.error().message, HasSubstr("127.0.0.1 port " + std::to_string(server.door->port())));
  EXPECT_FALSE(websocket_listen(io.get_executor(), {.address = "192.0.2.1"}));
  EXPECT_FALSE(websocket_listen(io.get_executor(), {.address = "no such host.invalid"}));
  EXPECT_TRUE(websocket_listen(io.get_executor(), {.address = "localhost"}));
}

}  // namespace
}  // namespace parley::transport::testing
