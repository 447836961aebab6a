// Messages over real sockets, with Parley in both roles.
#include "transport_support.hpp"

#include <gmock/gmock.h>

namespace parley::transport::testing {
namespace {

using ::testing::ElementsAre;

struct transport_echo : ::testing::Test {
  transport_echo() : server(io) {
    server.prepare = [](recorder& end) { end.when_message = [&end](const recorder::message& m) { end.send(m.content, m.kind); }; };
  }

  std::shared_ptr<recorder> connect(connect_options options = {}) {
    const auto end = std::make_shared<recorder>();
    if (options.url.empty()) options.url = server.url();
    dial(io.get_executor(), std::move(options), end);
    EXPECT_TRUE(run_until(io, [&] { return end->opened + end->closed > 0; }));
    EXPECT_EQ(end->opened, 1) << end->how.message;
    return end;
  }

  asio::io_context io;
  served server;
};

TEST_F(transport_echo, text_and_binary_come_back_as_they_were_in_order) {
  const auto end = connect();
  end->send("hello");
  end->send(std::string("\0\xFF\x80", 3), opcode::binary);
  end->send("");
  end->send("grüße");
  ASSERT_TRUE(run_until(io, [&] { return end->messages.size() == 4; }));
  EXPECT_EQ(end->messages[0], (recorder::message{"hello", opcode::text}));
  EXPECT_EQ(end->messages[1], (recorder::message{std::string("\0\xFF\x80", 3), opcode::binary}));
  EXPECT_EQ(end->messages[2], (recorder::message{"", opcode::text}));
  EXPECT_EQ(end->messages[3], (recorder::message{"grüße", opcode::text}));
}

TEST_F(transport_echo, every_length_at_which_the_frame_head_changes_comes_back) {
  const auto end = connect();
  const std::vector<std::size_t> lengths{1, 7, 8, 125, 126, 127, 4090, 4096, 4097, 65535, 65536, 65537, 70000};
  for (const std::size_t length : lengths) end->send(std::string(length, 'x'), opcode::binary);
  ASSERT_TRUE(run_until(io, [&] { return end->messages.size() == lengths.size(); }));
  for (std::size_t i = 0; i < lengths.size(); ++i) EXPECT_EQ(end->messages[i].content, std::string(lengths[i], 'x'));
}

TEST(transport_echo_large, one_mebibyte_passes_when_the_limits_allow_it) {
  asio::io_context io;
  listen_options options;
  options.limits.max_message = 1 << 20;
  served server(io, options);
  server.prepare = [](recorder& end) { end.when_message = [&end](const recorder::message& m) { end.send(m.content, m.kind); }; };
  std::string content(1 << 20, '\0');
  for (std::size_t i = 0; i < content.size(); ++i) content[i] = static_cast<char>(i * 2654435761u >> 13);
  const auto end = std::make_shared<recorder>();
  dial(io.get_executor(), {.url = server.url()}, end);
  ASSERT_TRUE(run_until(io, [&] { return end->opened == 1; }));
  end->send(content, opcode::binary);
  ASSERT_TRUE(run_until(io, [&] { return end->messages.size() == 1; }));
  EXPECT_TRUE(end->messages[0].content == content);
}

TEST_F(transport_echo, ten_thousand_small_messages_queued_at_once_keep_their_order) {
  const auto end = connect();
  constexpr std::size_t count = 10'000;
  for (std::size_t i = 0; i < count; ++i) end->send(std::to_string(i));
  ASSERT_TRUE(run_until(io, [&] { return end->messages.size() == count; }));
  for (std::size_t i = 0; i < count; ++i) ASSERT_EQ(end->messages[i].content, std::to_string(i));
  EXPECT_EQ(end->link->buffered_amount(), 0u);
}

TEST_F(transport_echo, large_and_small_messages_keep_their_order_through_full_buffers) {
  const auto end = connect();
  std::vector<std::string> sent;
  for (std::size_t i = 0; i < 400; ++i)
    sent.push_back(std::string(i % 3 == 0 ? 60'000 : i % 3 == 1 ? 3 : 5'000, static_cast<char>('a' + i % 26)));
  for (const std::string& content : sent) end->send(content);
  ASSERT_TRUE(run_until(io, [&] { return end->messages.size() == sent.size(); }));
  for (std::size_t i = 0; i < sent.size(); ++i) ASSERT_TRUE(end->messages[i].content == sent[i]) << i;
}

TEST_F(transport_echo, both_ends_hear_the_subprotocol_and_each_others_address) {
  connect_options options;
  options.subprotocols = {"parley.v1.fbs", "parley.v1.json"};
  const auto end = connect(options);
  EXPECT_EQ(end->subprotocol, "parley.v1.fbs");
  EXPECT_EQ(server.ends[0]->subprotocol, "parley.v1.fbs");
  EXPECT_EQ(end->link->remote(), "127.0.0.1:" + std::to_string(server.door->port()));
  EXPECT_TRUE(server.ends[0]->link->remote().starts_with("127.0.0.1:")) << server.ends[0]->link->remote();
}

TEST_F(transport_echo, a_ping_of_ours_hears_its_pong_in_both_roles) {
  const auto end = connect();
  int to_client = 0, to_server = 0;
  end->link->on_pong([&] { ++to_client; });
  server.ends[0]->link->on_pong([&] { ++to_server; });
  end->call([](connection& to) { to.ping(); });
  server.ends[0]->call([](connection& to) { to.ping(); });
  EXPECT_EQ(to_client + to_server, 0);
  ASSERT_TRUE(run_until(io, [&] { return to_client == 1 && to_server == 1; }));
}

TEST_F(transport_echo, names_are_resolved_and_ipv6_is_spoken) {
  connect_options options;
  options.url = (over_tls() ? "wss://localhost:" : "ws://localhost:") + std::to_string(server.door->port());
  connect(options)->link->abort();

  auto v6 = websocket_listen(io.get_executor(), {.address = "::1"});
  if (!v6) GTEST_SKIP() << "no IPv6 here: " << v6.error().message;
  std::string host, path, query;
  (*v6)->start([&](const std::shared_ptr<request>& ask) {
    host = ask->host;
    path = ask->path;
    query = ask->query;
    ask->accept("", std::make_shared<recorder>());
  });
  const std::string authority = "[::1]:" + std::to_string((*v6)->port());
  options.url = "ws://" + authority + "/a/b?c=d";
  const auto end = connect(options);
  EXPECT_EQ(host, authority);
  EXPECT_EQ(path, "/a/b");
  EXPECT_EQ(query, "c=d");
  EXPECT_EQ(end->link->remote(), authority);
}

TEST_F(transport_echo, the_clients_headers_and_origin_reach_the_server) {
  std::shared_ptr<request> seen;
  server.decide = [&](std::shared_ptr<request> ask) {
    seen = ask;
    ask->accept("", std::make_shared<recorder>());
  };
  connect_options options;
  options.headers = {{"X-Token", "a secret"}, {"Authorization", "Bearer x"}};
  options.origin = "https://example.org";
  connect(options);
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->origin, "https://example.org");
  const auto value = [&](std::string_view name) {
    for (const header& h : seen->headers)
      if (h.name == name) return h.value;
    return std::string("none");
  };
  EXPECT_EQ(value("X-Token"), "a secret");
  EXPECT_EQ(value("Authorization"), "Bearer x");
  EXPECT_EQ(value("Sec-WebSocket-Extensions"), "none");
}

}  // namespace
}  // namespace parley::transport::testing
