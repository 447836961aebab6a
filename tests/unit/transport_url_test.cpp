#include "parley/transport/websocket/protocol/proxy_url.hpp"
#include "parley/transport/websocket/protocol/url.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace parley::transport {
namespace {

TEST(transport_url, is_taken_apart_as_it_is_written) {
  const auto parts = parse_url("ws://example.org:8765/a/b?c=d&e=/?");
  ASSERT_TRUE(parts) << parts.error().message;
  EXPECT_EQ(parts->host, "example.org");
  EXPECT_EQ(parts->port, 8765);
  EXPECT_EQ(parts->path, "/a/b");
  EXPECT_EQ(parts->query, "c=d&e=/?");
  EXPECT_EQ(parts->authority(), "example.org:8765");
  EXPECT_EQ(parts->resource(), "/a/b?c=d&e=/?");
}

TEST(transport_url, port_and_path_may_be_left_out) {
  const auto parts = parse_url("WS://localhost");
  ASSERT_TRUE(parts);
  EXPECT_EQ(parts->port, 80);
  EXPECT_EQ(parts->resource(), "/");
  EXPECT_EQ(parts->authority(), "localhost");
  EXPECT_EQ(parse_url("ws://localhost?x")->resource(), "/?x");
}

TEST(Url, Of_wss_has_port_443) {
  const auto parts = parse_url("WSS://example.org/ws");
  ASSERT_TRUE(parts) << parts.error().message;
  EXPECT_TRUE(parts->secure);
  EXPECT_EQ(parts->port, 443);
  EXPECT_EQ(parts->authority(), "example.org");
  EXPECT_EQ(parse_url("wss://example.org:80")->authority(), "example.org:80");
  EXPECT_EQ(parse_url("ws://example.org:443")->authority(), "example.org:443");
  EXPECT_FALSE(parse_url("ws://example.org:443")->secure);
}

TEST(transport_url, ipv6_stands_in_brackets_and_keeps_them_in_the_host_header) {
  const auto parts = parse_url("ws://[::1]:81/");
  ASSERT_TRUE(parts);
  EXPECT_EQ(parts->host, "::1");
  EXPECT_EQ(parts->port, 81);
  EXPECT_EQ(parts->authority(), "[::1]:81");
  EXPECT_EQ(parse_url("ws://[fe80::1]")->authority(), "[fe80::1]");
}

TEST(Url, Of_a_unix_socket_has_the_path_of_the_socket_first) {
  const auto parts = parse_url("ws+unix:///run/my%20house/parley.sock:/ws?a=b:c");
  ASSERT_TRUE(parts) << parts.error().message;
  EXPECT_EQ(parts->socket, "/run/my house/parley.sock");
  EXPECT_EQ(parts->resource(), "/ws?a=b:c");
  EXPECT_EQ(parts->authority(), "localhost");
  EXPECT_EQ(parse_url("WS+UNIX:///run/p")->resource(), "/");
  EXPECT_EQ(parse_url("ws+unix:///run/p:")->resource(), "/");
  EXPECT_EQ(parse_url("ws+unix:///run/a%3Ab:/ws")->socket, "/run/a:b");
  EXPECT_EQ(parse_url("ws+unix://@parley:/ws")->socket, "@parley");
  EXPECT_EQ(parse_url("ws+unix:///" + std::string(106, 'x'))->socket.size(), 107u);
  EXPECT_TRUE(parse_url("ws://localhost")->socket.empty());
}

TEST(Route, To_a_unix_socket_has_no_proxy) {
  EXPECT_TRUE(parse_route("ws+unix:///run/p", ""));
  EXPECT_TRUE(parse_route("ws://h", "http://p:1")->proxy);
  const auto refused = parse_route("ws+unix:///run/p", "http://p:1");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, errc::invalid);
  EXPECT_THAT(refused.error().message, ::testing::HasSubstr("proxy"));
}

TEST(transport_url, what_is_wrong_is_named_and_the_url_is_not_quoted) {
  const auto why = [](std::string_view text) {
    const result<url> checked = parse_url(text);
    if (checked) return std::string("nothing");
    EXPECT_EQ(checked.error().code, errc::invalid);
    EXPECT_EQ(checked.error().message.find("secret"), std::string::npos);
    return checked.error().message;
  };
  using ::testing::HasSubstr;
  EXPECT_THAT(why(""), HasSubstr("ws://"));
  EXPECT_THAT(why("http://secret/"), HasSubstr("ws://"));
  EXPECT_THAT(why("http://secret/"), HasSubstr("ws+unix://"));
  EXPECT_THAT(why("wss://secret:x/"), HasSubstr("port"));
  EXPECT_THAT(why("wss+unix://secret"), HasSubstr("wss://"));
  EXPECT_THAT(why("mem://secret"), HasSubstr("loopback"));
  EXPECT_THAT(why("ws+unix://"), HasSubstr("begin with /"));
  EXPECT_THAT(why("ws+unix://secret"), HasSubstr("begin with /"));
  EXPECT_THAT(why("ws+unix:///"), HasSubstr("missing"));
  EXPECT_THAT(why("ws+unix://@:/ws"), HasSubstr("missing"));
  EXPECT_THAT(why("ws+unix:///secret:ws"), HasSubstr("behind the colon"));
  EXPECT_THAT(why("ws+unix:///secret?a=b"), HasSubstr("query"));
  EXPECT_THAT(why("ws+unix:///secret%"), HasSubstr("hexadecimal"));
  EXPECT_THAT(why("ws+unix:///secret%00"), HasSubstr("zero byte"));
  EXPECT_THAT(why("ws+unix:///a secret"), HasSubstr("%xx"));
  EXPECT_THAT(why("ws+unix:///secret:/#"), HasSubstr("fragment"));
  EXPECT_THAT(why("ws+unix:///" + std::string(107, 'x')), HasSubstr("107 bytes"));
  EXPECT_THAT(why("ws+unix://@" + std::string(108, 'x')), HasSubstr("107 bytes"));
  EXPECT_THAT(why("ws://"), HasSubstr("host"));
  EXPECT_THAT(why("ws:///secret"), HasSubstr("host"));
  EXPECT_THAT(why("ws://:80"), HasSubstr("host"));
  EXPECT_THAT(why("ws://secret:"), HasSubstr("port"));
  EXPECT_THAT(why("ws://secret:0"), HasSubstr("port"));
  EXPECT_THAT(why("ws://secret:65536"), HasSubstr("port"));
  EXPECT_THAT(why("ws://secret:80x"), HasSubstr("port"));
  EXPECT_THAT(why("ws://secret:-1"), HasSubstr("port"));
  EXPECT_THAT(why("ws://secret@host/"), HasSubstr("user"));
  EXPECT_THAT(why("ws://host/#secret"), HasSubstr("fragment"));
  EXPECT_THAT(why("ws://host/a secret"), HasSubstr("%xx"));
  EXPECT_THAT(why("ws://host/\r\nsecret"), HasSubstr("%xx"));
  EXPECT_THAT(why("ws://h\xC3\xB6st/"), HasSubstr("%xx"));
  EXPECT_THAT(why("ws://[::1"), HasSubstr("]"));
  EXPECT_THAT(why("ws://[::1]x"), HasSubstr("]"));
  EXPECT_THAT(why("ws://[secret]"), HasSubstr("IPv6"));
  EXPECT_THAT(why("ws://[]"), HasSubstr("IPv6"));
  EXPECT_THAT(why("ws://a<b"), HasSubstr("host"));
  EXPECT_THAT(why("ws://" + std::string(254, 'a')), HasSubstr("host"));
}

}  // namespace
}  // namespace parley::transport
