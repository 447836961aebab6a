// The frames that a plain server relays from the originals' clients, word for word. The test writes
// them by hand.
#include "datadivr.client.hpp"
#include "datadivr.server.hpp"
#include "system/events.hpp"
#include "talk.server.hpp"

#include <parley/client.hpp>
#include <parley/raw.hpp>
#include <parley/server.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>

namespace {

using testing::HasSubstr;

// Adds numbers like the original, where a result that is not finite is kept.
struct Hub final : datadivr::v1::DatadivrHandler {
  parley::reply<double> sum(const datadivr::v1::Numbers& n, parley::call&) override {
    return std::accumulate(n.numbers.begin(), n.numbers.end(), 0.0);
  }
};

struct Talker final : talk::v1::TalkHandler {};

template <class Handler>
struct house {
  house() : server({.port = 0}) {
    server.add(handler);
    server.start();
  }
  ~house() {
    server.stop();
    server.join();
  }
  std::string url() const { return "ws://127.0.0.1:" + std::to_string(server.port()) + "/ws"; }
  parley::server server;
  Handler handler;
};

// A program that does not know Parley.
struct stranger {
  explicit stranger(const std::string& url) : ws{url} { ws.connect(); }
  void send(std::string_view frame) { ws.send(frame); }
  std::string next() { return ws.receive().text(); }
  // The next frame without the random id of its sender.
  std::string heard() {
    std::string frame = next();
    const std::string key = R"("from_id":")";
    const std::size_t at = frame.find(key);
    if (at != frame.npos) frame.replace(at, frame.find('"', at + key.size()) + 1 - at, R"("from_id":"?")" + std::string());
    return frame;
  }
  parley::raw_connection ws;
};

TEST(Relay, A_text_travels_with_the_payload_beside_it) {
  house<Hub> home;
  stranger a(home.url()), b(home.url());
  const auto expect = [&](std::string_view sent, std::string_view heard) {
    a.send(sent);
    EXPECT_EQ(b.heard(), heard);
  };
  expect(R"({"event_name":"msg","message":"x","payload":{"a": 1},"to":"others"})",
         R"({"event_name":"msg","payload":{"a": 1},"to":"others","from_id":"?","message":"x"})");
  expect(R"({"event_name":"msg","message":null,"payload":[1],"to":"others"})",
         R"({"event_name":"msg","payload":[1],"to":"others","from_id":"?","message":null})");
  expect(R"({"event_name":"msg","to":"others"})", R"({"event_name":"msg","payload":null,"to":"others","from_id":"?","message":null})");
  expect(R"({"event_name":"msg","message":"","to":"others"})",
         R"({"event_name":"msg","payload":null,"to":"others","from_id":"?","message":""})");
}

TEST(Relay, Peers_with_a_schema_hear_the_text) {
  house<Hub> home;
  stranger a(home.url());
  for (const parley::encoding e : {parley::encoding::binary, parley::encoding::json, parley::encoding::plain}) {
    parley::client link(home.url(), {.encoding = e});
    datadivr::v1::DatadivrClient known(link);
    events<std::string> heard;
    known.on_msg([&](const std::string& text) { heard.put(text); });
    link.connect();
    a.send(R"({"event_name":"msg","message":"x","payload":{"a":NaN},"to":"others"})");
    EXPECT_EQ(heard.next(), "x");
    a.send(R"({"event_name":"msg","message":null,"to":"others"})");
    EXPECT_EQ(heard.next(), "");
  }
}

TEST(Relay, What_lies_beside_a_text_is_bounded_with_it) {
  house<Hub> home;
  stranger a(home.url());
  const std::string half(35'000, 'x');
  a.send(R"({"event_name":"msg","message":")" + half + R"(","payload":")" + half + R"(","to":"others"})");
  EXPECT_THAT(a.next(), HasSubstr(R"("event_name":"error")"));
}

TEST(Relay, Bare_NaN_goes_on_to_plain_peers_as_it_came) {
  house<Hub> home;
  stranger a(home.url()), b(home.url());
  for (const char* number : {"NaN", "Infinity", "-Infinity"}) {
    const std::string payload = std::string(R"({"x": [)") + number + ", 1]}";
    for (const char* event : {"nobody_knows", "msg"}) {
      a.send(std::string(R"({"event_name":")") + event + R"(","payload":)" + payload + R"(,"to":"others","message":"m"})");
      EXPECT_EQ(b.heard(),
                std::string(R"({"event_name":")") + event + R"(","payload":)" + payload + R"(,"to":"others","from_id":"?","message":"m"})");
    }
  }
}

TEST(Relay, Bare_NaN_is_refused_where_a_peer_could_not_read_it) {
  house<Hub> home;
  stranger a(home.url()), b(home.url());
  parley::client link(home.url(), {.encoding = parley::encoding::json});
  datadivr::v1::DatadivrClient known(link);
  link.connect();
  a.send(R"({"event_name":"nobody_knows","payload":NaN,"to":"all"})");
  EXPECT_THAT(a.next(), HasSubstr("a bare NaN or Infinity"));
  // No client receives it, and the next event is received.
  a.send(R"({"event_name":"nobody_knows","payload":"NaN","to":"others"})");
  EXPECT_THAT(b.next(), HasSubstr(R"("payload":"NaN")"));
  link.close();
}

TEST(Relay, Bare_NaN_is_refused_where_it_is_decoded) {
  house<Hub> home;
  stranger a(home.url());
  a.send(R"({"event_name":"sum_event","payload":{"numbers":[NaN]},"to":"others"})");
  EXPECT_THAT(a.next(), HasSubstr(R"("message":"$.numbers[0]: not a number)"));
}

TEST(Relay, Bare_NaN_is_refused_by_a_schema_that_does_not_relay) {
  house<Talker> home;
  stranger a(home.url()), b(home.url());
  a.send(R"({"event_name":"Talk.Whisper","payload":{"text":"x","number":NaN},"to":"others"})");
  EXPECT_THAT(a.next(), HasSubstr("a bare NaN or Infinity"));
  a.send(R"({"event_name":"Talk.Whisper","payload":{"text":"x"},"to":"others"})");
  EXPECT_THAT(b.next(), HasSubstr(R"("payload":{"text":"x"})"));
}

TEST(Relay, A_sum_that_is_NaN_is_what_Python_reads) {
  house<Hub> home;
  stranger a(home.url());
  a.send(R"({"event_name":"sum_event","payload":{"numbers":["NaN"]},"to":"others"})");
  EXPECT_THAT(a.next(), HasSubstr(R"("payload":NaN,)"));
  a.send(R"({"event_name":"sum_event","payload":{"numbers":[1.5]},"to":"others"})");
  EXPECT_THAT(a.next(), HasSubstr(R"("payload":1.5,)"));
  for (const parley::encoding e : {parley::encoding::binary, parley::encoding::json, parley::encoding::plain}) {
    parley::client link(home.url(), {.encoding = e});
    EXPECT_TRUE(std::isnan(datadivr::v1::DatadivrClient(link).sum({.numbers = {std::numeric_limits<double>::quiet_NaN()}})));
  }
}

}  // namespace
