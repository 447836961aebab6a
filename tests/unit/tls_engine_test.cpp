// The engine without sockets: handshakes, data, and ends that do what Parley's own engine never does.
#include "tls_ends.hpp"

#include "foreign_tls.hpp"

#include <gmock/gmock.h>

#include <random>
#include <string>

namespace parley::transport::testing {
namespace {

using parley::testing::foreign_options;
using parley::testing::foreign_tls;
using ::testing::HasSubstr;

constexpr int tls_1_1 = 0x0302, tls_1_2 = 0x0303, tls_1_3 = 0x0304;

struct tls_engines : ::testing::Test {
  issuer authority;
  identity own = authority.issue();
  std::shared_ptr<tls_server> server = loaded(server_tls{.certificate = as_option(own)});
  std::shared_ptr<tls_client> client = loaded(client_tls{.ca_pem = authority.pem()});

  tls_end accepted() { return tls_end(server->accept(time_point{})); }
  tls_end connecting(const std::string& host = "localhost") { return tls_end(client->connect(host, 443)); }
};

std::string random_text(std::size_t size, unsigned seed) {
  std::minstd_rand random(seed);
  std::string text(size, '\0');
  for (char& c : text) c = static_cast<char>(random());
  return text;
}

// Lets a foreign end and an engine exchange what they have written.
void exchange(foreign_tls& foreign, tls_end& ours) {
  for (int i = 0; i < 8; ++i) {
    if (!foreign.is_up()) foreign.advance();
    ours.arrived += foreign.take_sent();
    ours.go_on();
    foreign.receive(std::exchange(ours.sent, {}));
  }
}

TEST_F(tls_engines, Both_ends_open_and_talk) {
  tls_end a = connecting(), b = accepted();
  exchange(a, b);
  ASSERT_TRUE(a.engine->is_up() && b.engine->is_up()) << a.fault() << b.fault();
  EXPECT_EQ(a.say("hello"), 5u);
  EXPECT_EQ(b.say("welcome"), 7u);
  exchange(a, b);
  EXPECT_EQ(b.heard, "hello");
  EXPECT_EQ(a.heard, "welcome");
}

TEST_F(tls_engines, Data_arrives_whole_in_single_bytes_and_in_a_room_of_one) {
  const std::string text = random_text(40'000, 1);
  for (const auto& [at_once, room] : {std::pair<std::size_t, std::size_t>{1, 4096}, {1 << 20, 1}, {7, 3}}) {
    tls_end a = connecting(), b = accepted();
    exchange(a, b, at_once, room);
    ASSERT_TRUE(a.engine->is_up() && b.engine->is_up());
    std::string_view rest = text;
    while (!rest.empty()) rest.remove_prefix(a.say(rest));
    exchange(a, b, at_once, room);
    EXPECT_EQ(b.heard, text);
  }
}

TEST_F(tls_engines, A_record_contains_at_most_16_KiB) {
  tls_end a = connecting(), b = accepted();
  exchange(a, b);
  EXPECT_EQ(a.say(std::string(100'000, 'x')), 16u * 1024);
}

TEST_F(tls_engines, Nothing_is_written_before_the_handshake) {
  tls_end a = connecting();
  EXPECT_EQ(a.say("secret"), 0u);
  EXPECT_EQ(a.how, tls_engine::state::handshaking);
  EXPECT_THAT(a.sent, ::testing::Not(HasSubstr("secret")));
  EXPECT_FALSE(a.sent.empty());
}

TEST_F(tls_engines, An_end_is_told_from_a_pause) {
  tls_end a = connecting(), b = accepted();
  exchange(a, b);
  a.say("last");
  a.goodbye();
  exchange(a, b);
  EXPECT_EQ(b.heard, "last");
  EXPECT_EQ(b.how, tls_engine::state::closed);
  EXPECT_EQ(b.engine->fault(), nullptr);
}

TEST_F(tls_engines, A_changed_byte_is_found) {
  tls_end a = connecting(), b = accepted();
  exchange(a, b);
  a.say("hello");
  a.sent.back() = static_cast<char>(a.sent.back() ^ 1);
  exchange(a, b);
  EXPECT_EQ(b.heard, "");
  EXPECT_EQ(b.how, tls_engine::state::failed);
  EXPECT_EQ(b.engine->fault()->code, errc::bad_frame);
  // The other end was sent an alert.
  EXPECT_EQ(a.how, tls_engine::state::failed);
  EXPECT_TRUE(a.engine->fault()->from_peer);
}

TEST_F(tls_engines, Foreign_clients_of_both_versions_are_served) {
  for (const int version : {tls_1_2, tls_1_3}) {
    foreign_tls a({.version = version});
    tls_end b = accepted();
    exchange(a, b);
    ASSERT_TRUE(a.is_up() && b.engine->is_up()) << b.fault();
    EXPECT_EQ(a.version(), version);
    a.write("hello");
    b.say("welcome");
    exchange(a, b);
    EXPECT_EQ(b.heard, "hello");
    EXPECT_EQ(a.read(), "welcome");
  }
}

TEST_F(tls_engines, Foreign_servers_of_both_versions_are_used) {
  for (const int version : {tls_1_2, tls_1_3}) {
    foreign_tls a({.server = true, .who = own, .version = version});
    tls_end b = connecting();
    exchange(a, b);
    ASSERT_TRUE(a.is_up() && b.engine->is_up()) << b.fault();
    EXPECT_EQ(a.version(), version);
  }
}

TEST_F(tls_engines, Older_versions_are_refused) {
  foreign_tls a({.version = tls_1_1});
  tls_end b = accepted();
  exchange(a, b);
  EXPECT_TRUE(a.failed());
  ASSERT_NE(b.engine->fault(), nullptr);
  EXPECT_EQ(b.engine->fault()->code, errc::version_mismatch);
}

TEST_F(tls_engines, A_minimum_of_1_3_refuses_1_2) {
  server = loaded(server_tls{.certificate = as_option(own), .minimum = tls_version::v1_3});
  foreign_tls a({.version = tls_1_2});
  tls_end b = accepted();
  exchange(a, b);
  EXPECT_TRUE(a.failed());
  ASSERT_NE(b.engine->fault(), nullptr);
  EXPECT_THAT(b.fault(), HasSubstr("tls.minimum here is 1.3"));
}

TEST_F(tls_engines, Another_protocol_than_http_is_refused) {
  foreign_tls good({.protocols = "\x02h2\x08http/1.1"}), bad({.protocols = "\x02h2"}), none({});
  tls_end with_good = accepted(), with_bad = accepted(), with_none = accepted();
  exchange(good, with_good);
  exchange(bad, with_bad);
  exchange(none, with_none);
  EXPECT_EQ(good.protocol(), "http/1.1");
  EXPECT_TRUE(bad.failed());
  EXPECT_EQ(with_bad.engine->fault()->code, errc::version_mismatch);
  EXPECT_TRUE(none.is_up());
}

TEST_F(tls_engines, The_certificate_is_chosen_by_the_name_that_the_client_asks_for) {
  const identity other = authority.issue({.name = "other", .alternative = "DNS:other.example"});
  const identity all = authority.issue({.name = "wild", .alternative = "DNS:*.wild.example"});
  server = loaded(server_tls{.certificate = as_option(own), .more = {as_option(other), as_option(all)}});
  const auto shown_to = [&](const std::string& name) {
    foreign_tls a({.name = name});
    tls_end b = accepted();
    exchange(a, b);
    return a.peer_name();
  };
  EXPECT_EQ(shown_to("localhost"), "localhost");
  EXPECT_EQ(shown_to("other.example"), "other");
  EXPECT_EQ(shown_to("OTHER.example"), "other");
  EXPECT_EQ(shown_to("a.wild.example"), "wild");
  EXPECT_EQ(shown_to("unknown.example"), "localhost");
  EXPECT_EQ(shown_to(""), "localhost");
}

TEST_F(tls_engines, Key_updates_are_answered_and_change_nothing) {
  foreign_tls a({.version = tls_1_3});
  tls_end b = accepted();
  exchange(a, b);
  for (int i = 0; i < 20; ++i) {
    a.key_update(true);
    a.write("x");
    exchange(a, b);
    b.say("y");
    exchange(a, b);
    a.read();
  }
  EXPECT_EQ(b.heard, std::string(20, 'x'));
  EXPECT_EQ(b.engine->fault(), nullptr);
}

TEST_F(tls_engines, A_flood_of_key_updates_ends_the_reading) {
  foreign_tls a({.version = tls_1_3});
  tls_end b = accepted();
  exchange(a, b);
  int sent = 0;
  while (!b.engine->fault() && sent < 100) {
    a.key_update();
    a.write(".");
    exchange(a, b);
    ++sent;
  }
  EXPECT_EQ(sent, 33);
  EXPECT_EQ(b.engine->what_failed(), tls_engine::trouble::flood);
  EXPECT_EQ(b.how, tls_engine::state::failed);
  EXPECT_EQ(b.say("goodbye"), 7u);
}

TEST_F(tls_engines, A_flood_in_one_read_is_cut) {
  foreign_tls a({.version = tls_1_3});
  tls_end b = accepted();
  exchange(a, b);
  for (int i = 0; i < 2'000; ++i) a.key_update();
  exchange(a, b);
  EXPECT_EQ(b.engine->what_failed(), tls_engine::trouble::flood);
}

TEST_F(tls_engines, Key_updates_with_much_data_are_no_flood) {
  foreign_tls a({.version = tls_1_3});
  tls_end b = accepted();
  exchange(a, b);
  const std::string text(64 * 1024, 'x');
  for (int i = 0; i < 200; ++i) {
    a.key_update();
    a.write(text);
    exchange(a, b);
  }
  EXPECT_EQ(b.engine->fault(), nullptr) << b.fault();
  EXPECT_EQ(b.heard.size(), 200 * text.size());
}

TEST_F(tls_engines, Renegotiation_is_refused) {
  foreign_tls a({.version = tls_1_2});
  tls_end b = accepted();
  exchange(a, b);
  a.renegotiate();
  exchange(a, b);
  a.advance();
  EXPECT_TRUE(a.failed());
}

TEST_F(tls_engines, Plain_HTTP_is_recognised_and_gets_no_alert) {
  tls_end b = accepted();
  b.arrived = "GET /ws HTTP/1.1\r\nHost: here\r\n\r\n";
  b.go_on();
  EXPECT_EQ(b.engine->what_failed(), tls_engine::trouble::plain_http);
  EXPECT_EQ(b.fault(), "this port speaks TLS: use wss:// or https://");
  EXPECT_EQ(b.sent, "");
}

TEST_F(tls_engines, Garbage_is_refused) {
  for (unsigned seed = 1; seed < 200; ++seed) {
    tls_end b = accepted(), a = connecting();
    a.go_on();
    a.sent.clear();
    b.arrived = a.arrived = random_text(seed * 10, seed);
    b.go_on();
    a.go_on();
    EXPECT_FALSE(a.engine->is_up() || b.engine->is_up());
  }
}

// Warnings that end nothing, as a peer may send them before the first message of a handshake.
TEST_F(tls_engines, A_flood_of_alerts_ends_the_handshake) {
  constexpr char user_canceled = 90, unrecognized_name = 112;
  for (const char warning : {user_canceled, unrecognized_name}) {
    tls_end b = accepted();
    const std::string alert{0x15, 0x03, 0x03, 0x00, 0x02, 0x01, warning};
    int sent = 0;
    for (; sent < 100 && b.how == tls_engine::state::handshaking; ++sent) {
      b.arrived += alert;
      b.go_on();
    }
    EXPECT_EQ(b.how, tls_engine::state::failed);
    EXPECT_LT(sent, 10);
  }
}

TEST_F(tls_engines, A_damaged_handshake_never_opens) {
  for (std::size_t at = 0; at < 300; at += 3) {
    tls_end a = connecting(), b = accepted();
    a.go_on();
    if (at >= a.sent.size()) break;
    a.sent[at] = static_cast<char>(a.sent[at] ^ 0x40);
    exchange(a, b);
    exchange(a, b);
    EXPECT_FALSE(a.engine->is_up() && b.engine->is_up()) << at;
  }
}

// 64 KiB of handshake in single records, of which no message ever ends.
TEST_F(tls_engines, A_handshake_that_is_too_long_fails) {
  tls_end b = accepted();
  std::string flood;
  flood += std::string("\x16\x03\x01\x40\x00\x01\x02\x00\x00", 9) + std::string(0x4000 - 4, 'x');
  while (flood.size() < 256 * 1024) flood += std::string("\x16\x03\x01\x40\x00", 5) + std::string(0x4000, 'x');
  b.arrived = flood;
  b.go_on();
  EXPECT_EQ(b.how, tls_engine::state::failed);
}

TEST_F(tls_engines, An_engine_outlives_its_context) {
  tls_end a = connecting(), b = accepted();
  server.reset();
  client.reset();
  exchange(a, b);
  ASSERT_TRUE(a.engine->is_up() && b.engine->is_up());
  a.say("hello");
  exchange(a, b);
  EXPECT_EQ(b.heard, "hello");
}

}  // namespace
}  // namespace parley::transport::testing
