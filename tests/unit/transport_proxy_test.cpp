// The messages with proxies: whole, in pieces, and with proxies that violate the protocol.
#include "parley/transport/websocket/protocol/proxy_dialogue.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace parley::transport {
namespace {

using namespace std::string_literals;
using ::testing::HasSubstr;

TEST(transport_proxy_url, is_taken_apart_as_it_is_written) {
  const auto parts = parse_proxy_url("socks5://us%65r:p%40ss%3A@proxy.example:1080/");
  ASSERT_TRUE(parts) << parts.error().message;
  EXPECT_EQ(parts->speaks, proxy_url::kind::socks5);
  EXPECT_EQ(parts->at.host, "proxy.example");
  EXPECT_EQ(parts->at.port, 1080);
  EXPECT_TRUE(parts->has_credentials);
  EXPECT_EQ(parts->user, "user");
  EXPECT_EQ(parts->password, "p@ss:");
  EXPECT_EQ(parse_proxy_url("HTTP://[::1]:3128")->at.host, "::1");
  EXPECT_EQ(parse_proxy_url("http://u@h:1")->password, "");
  EXPECT_FALSE(parse_proxy_url("socks5h://h:1")->has_credentials);
}

TEST(transport_proxy_url, what_is_wrong_is_named_and_the_url_is_not_quoted) {
  const auto why = [](std::string_view text) {
    const result<> checked = check_proxy_url(text);
    if (checked) return std::string("nothing");
    EXPECT_EQ(checked.error().code, errc::invalid);
    EXPECT_EQ(checked.error().message.find("secret"), std::string::npos) << checked.error().message;
    return checked.error().message;
  };
  EXPECT_THAT(why(""), HasSubstr("socks5://"));
  EXPECT_THAT(why("secret:1080"), HasSubstr("socks5://"));
  EXPECT_THAT(why("socks4://secret:1"), HasSubstr("socks5://"));
  EXPECT_THAT(why("https://secret:1"), HasSubstr("socks5://"));
  EXPECT_THAT(why("socks5://secret"), HasSubstr("port"));
  EXPECT_THAT(why("socks5://secret:0"), HasSubstr("port"));
  EXPECT_THAT(why("socks5://:1080"), HasSubstr("host"));
  EXPECT_THAT(why("socks5://secret@:1080"), HasSubstr("password"));
  EXPECT_THAT(why("socks5://u:secret@:1080"), HasSubstr("host"));
  EXPECT_THAT(why("socks5://h:1/secret"), HasSubstr("port"));
  EXPECT_THAT(why("socks5://h:1?secret"), HasSubstr("port"));
  EXPECT_THAT(why("socks5://u:secr et@h:1"), HasSubstr("%xx"));
  EXPECT_THAT(why("socks5://u:secret%@h:1"), HasSubstr("hexadecimal"));
  EXPECT_THAT(why("socks5://u:secret%4@h:1"), HasSubstr("hexadecimal"));
  EXPECT_THAT(why("socks5://:secret@h:1"), HasSubstr("user"));
  EXPECT_THAT(why("socks5://u:" + std::string(256, 's') + "@h:1"), HasSubstr("255"));
  EXPECT_THAT(why("http://u%3Ax:secret@h:1"), HasSubstr("7617"));
  EXPECT_THAT(why("http://u:secret%0D%0A@h:1"), HasSubstr("7617"));
}

// The outcome of a dialogue.
struct outcome {
  std::string said;
  std::size_t taken = 0;
  bool done = false;
  std::optional<error> failed{};
};

host_and_port server_at(std::string host, std::uint16_t port = 8765) {
  host_and_port at;
  at.literal_v6 = host.find(':') != host.npos;
  at.host = std::move(host);
  at.port = port;
  return at;
}

// Passes `answers` in pieces that end at the positions `cuts`.
outcome talk(std::string_view proxy, const host_and_port& server, std::string_view answers, std::vector<std::size_t> cuts = {}) {
  const auto parts = parse_proxy_url(proxy);
  EXPECT_TRUE(parts);
  const auto dialogue = make_proxy_dialogue(*parts, server, 1000);
  outcome all{.said = dialogue->opening()};
  cuts.push_back(answers.size());
  std::size_t from = 0;
  for (const std::size_t to : cuts) {
    while (from < to && !all.done && !all.failed) {
      const auto heard = dialogue->hear(answers.substr(from, to - from));
      if (!heard) {
        all.failed = heard.error();
        break;
      }
      EXPECT_LE(heard->taken, to - from);
      EXPECT_TRUE(heard->done || heard->taken == to - from) << "left bytes though it was not done";
      from += heard->taken;
      all.taken += heard->taken;
      all.said += heard->say;
      all.done = heard->done;
    }
  }
  return all;
}

struct exchange {
  std::string name, proxy;
  host_and_port server;
  std::string said, answers;
};

std::vector<exchange> sound_exchanges() {
  return {
      {"socks5, a name", "socks5://h:1", server_at("example.org", 80),
       "\x05\x01\x00"s +
           "\x05\x01\x00\x03\x0b"s
           "example.org"s +
           "\x00\x50"s,
       "\x05\x00"s + "\x05\x00\x00\x01\x7f\x00\x00\x01\x12\x34"s},
      {"socks5, IPv4", "socks5://h:1", server_at("127.0.0.1"), "\x05\x01\x00"s + "\x05\x01\x00\x01\x7f\x00\x00\x01\x22\x3d"s,
       "\x05\x00"s + "\x05\x00\x00\x03\x04name\x12\x34"s},
      {"socks5, IPv6", "socks5://h:1", server_at("::1"), "\x05\x01\x00"s + "\x05\x01\x00\x04"s + std::string(15, '\0') + "\x01\x22\x3d"s,
       "\x05\x00"s + "\x05\x00\x00\x04"s + std::string(16, 'x') + "\x12\x34"s},
      {"socks5, user", "socks5://me:word@h:1", server_at("127.0.0.1"),
       "\x05\x02\x00\x02"s + "\x01\x02me\x04word"s + "\x05\x01\x00\x01\x7f\x00\x00\x01\x22\x3d"s,
       "\x05\x02"s + "\x01\x00"s + "\x05\x00\x00\x01\x7f\x00\x00\x01\x12\x34"s},
      {"socks5, user not wanted", "socks5://me:word@h:1", server_at("127.0.0.1"),
       "\x05\x02\x00\x02"s + "\x05\x01\x00\x01\x7f\x00\x00\x01\x22\x3d"s, "\x05\x00"s + "\x05\x00\x00\x03\x00\x12\x34"s},
      {"http", "http://h:1", server_at("example.org", 80), "CONNECT example.org:80 HTTP/1.1\r\nHost: example.org:80\r\n\r\n",
       "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"},
      {"http, user", "http://Aladdin:open%20sesame@h:1", server_at("::1"),
       "CONNECT [::1]:8765 HTTP/1.1\r\nHost: [::1]:8765\r\nProxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n\r\n",
       "HTTP/1.0 200 Connection established\r\n\r\n"},
      {"http, interim answers", "http://h:1", server_at("example.org"),
       "CONNECT example.org:8765 HTTP/1.1\r\nHost: example.org:8765\r\n\r\n",
       "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\nA: b\r\n\r\nHTTP/1.1 204\r\n\r\n"},
  };
}

TEST(transport_proxy, leads_to_the_server_however_its_answers_are_split) {
  for (const exchange& one : sound_exchanges()) {
    const auto check = [&](const outcome& came, const std::string& how) {
      EXPECT_FALSE(came.failed) << one.name << how << came.failed->message;
      EXPECT_TRUE(came.done) << one.name << how;
      EXPECT_EQ(came.said, one.said) << one.name << how;
      EXPECT_EQ(came.taken, one.answers.size()) << one.name << how << ": what follows is the server's";
    };
    const std::string with_more = one.answers + "HTTP/1.1 101";
    check(talk(one.proxy, one.server, with_more), " whole: ");
    std::vector<std::size_t> everywhere;
    for (std::size_t cut = 1; cut < with_more.size(); ++cut) {
      everywhere.push_back(cut);
      check(talk(one.proxy, one.server, with_more, {cut}), " cut at " + std::to_string(cut) + ": ");
    }
    check(talk(one.proxy, one.server, with_more, everywhere), " byte by byte: ");
  }
}

TEST(transport_proxy, an_answer_that_is_not_whole_is_waited_for) {
  for (const exchange& one : sound_exchanges())
    for (std::size_t size = 0; size < one.answers.size(); ++size) {
      const outcome came = talk(one.proxy, one.server, std::string_view(one.answers).substr(0, size));
      EXPECT_FALSE(came.done) << one.name << ' ' << size;
      EXPECT_FALSE(came.failed) << one.name << ' ' << size;
    }
}

TEST(transport_proxy, refusals_are_told_as_the_errors_they_stand_for) {
  const auto failed_by = [](std::string_view proxy, std::string_view answers) {
    const outcome came = talk(proxy, server_at("127.0.0.1"), answers);
    EXPECT_TRUE(came.failed);
    if (!came.failed) return errc::failed;
    EXPECT_EQ(came.failed->message.find("secret"), std::string::npos) << came.failed->message;
    EXPECT_NE(came.failed->message.find("proxy"), std::string::npos) << came.failed->message;
    return static_cast<errc>(came.failed->code.value());
  };
  constexpr std::string_view socks = "socks5://u:secret@h:1", http = "http://u:secret@h:1";
  EXPECT_EQ(failed_by(socks, "\x05\xFF"s), errc::unauthenticated);
  EXPECT_EQ(failed_by("socks5://h:1", "\x05\xFF"s), errc::unauthenticated);
  EXPECT_EQ(failed_by(socks, "\x05\x02\x01\x01"s), errc::unauthenticated);
  EXPECT_EQ(failed_by(socks, "\x05\x02\x01\xFF"s), errc::unauthenticated);
  EXPECT_EQ(failed_by(socks, "\x05\x00\x05\x01"s), errc::disconnected);
  EXPECT_EQ(failed_by(socks, "\x05\x00\x05\x02"s), errc::denied);
  EXPECT_EQ(failed_by(socks, "\x05\x00\x05\x03"s), errc::disconnected);
  EXPECT_EQ(failed_by(socks, "\x05\x00\x05\x05"s), errc::disconnected);
  EXPECT_EQ(failed_by(socks, "\x05\x00\x05\x07"s), errc::unimplemented);
  EXPECT_EQ(failed_by(socks, "\x05\x00\x05\x08"s), errc::unimplemented);
  EXPECT_EQ(failed_by(http, "HTTP/1.1 407 secret\r\n\r\n"), errc::unauthenticated);
  EXPECT_EQ(failed_by(http, "HTTP/1.1 403 secret\r\n\r\n"), errc::denied);
  EXPECT_EQ(failed_by(http, "HTTP/1.1 502 secret\r\n\r\n"), errc::disconnected);
  EXPECT_EQ(failed_by(http, "HTTP/1.1 503 secret\r\n\r\n"), errc::overloaded);
  EXPECT_EQ(failed_by(http, "HTTP/1.1 405 secret\r\n\r\n"), errc::unimplemented);
  EXPECT_EQ(failed_by(http, "HTTP/1.1 301 secret\r\nLocation: secret\r\n\r\n"), errc::disconnected);
  EXPECT_EQ(failed_by(http, "HTTP/1.1 101 secret\r\n\r\n"), errc::disconnected);
}

TEST(transport_proxy, what_is_no_answer_is_refused_with_the_first_byte_that_shows_it) {
  const auto foreign = [](std::string_view proxy, const std::string& answers) {
    const outcome came = talk(proxy, server_at("127.0.0.1"), answers);
    EXPECT_TRUE(came.failed) << ::testing::PrintToString(answers);
    EXPECT_EQ(came.failed->code, errc::bad_frame) << came.failed->message;
    EXPECT_EQ(came.failed->message.find("secret"), std::string::npos);
    const outcome before = talk(proxy, server_at("127.0.0.1"), std::string_view(answers).substr(0, answers.size() - 1));
    EXPECT_FALSE(before.failed) << ::testing::PrintToString(answers);
  };
  constexpr std::string_view plain = "socks5://h:1", user = "socks5://u:secret@h:1", http = "http://u:secret@h:1";
  foreign(plain, "\x04"s);              // another version
  foreign(plain, "H"s);                 // HTTP
  foreign(plain, "\x05\x02"s);          // a method that was not offered
  foreign(user, "\x05\x01"s);           // GSSAPI
  foreign(user, "\x05\x02\x05"s);       // RFC 1929 has version 1
  foreign(plain, "\x05\x00\x04"s);      // version again
  foreign(plain, "\x05\x00\x05\x09"s);  // an unknown reply
  foreign(plain, "\x05\x00\x05\x00\x01"s);
  foreign(plain, "\x05\x00\x05\x00\x00\x02\x00"s);  // an invalid address type
  foreign(http, "SSH-2.0-secret\r\n\r\n");
  foreign(http, "HTTP/2 200\r\n\r\n");
  foreign(http, "HTTP/1.1 20\r\n\r\n");
  foreign(http, "HTTP/1.1 2000\r\n\r\n");
  foreign(http, "HTTP/1.1 2x0 OK\r\n\r\n");
  foreign(http, "HTTP/1.1 099 OK\r\n\r\n");
  foreign(http, "\r\n\r\n");
}

TEST(transport_proxy, an_answer_without_end_is_given_up) {
  const auto failed_by = [](const std::string& answers) {
    const outcome came = talk("http://h:1", server_at("127.0.0.1"), answers);
    EXPECT_TRUE(came.failed);
    EXPECT_LE(came.taken, 1000u);
    return came.failed ? came.failed->code : errc::failed;
  };
  EXPECT_EQ(failed_by("HTTP/1.1 200 OK\r\nA: " + std::string(2000, 'x')), errc::too_large);
  std::string interim;
  for (int i = 0; i < 100; ++i) interim += "HTTP/1.1 100 Continue\r\n\r\n";
  EXPECT_EQ(failed_by(interim), errc::too_large);
}

}  // namespace
}  // namespace parley::transport
