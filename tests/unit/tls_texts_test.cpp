// What a client reports about a handshake that failed: every row of the table in docs/tls.md.
#include "tls_ends.hpp"

#include "foreign_tls.hpp"

#include <gmock/gmock.h>

#include <string>

namespace parley::transport::testing {
namespace {

using parley::testing::foreign_tls;
using ::testing::MatchesRegex;

struct tls_texts : ::testing::Test {
  issuer authority;
  server_tls served{.certificate = as_option(authority.issue())};
  client_tls wanted{.ca_pem = authority.pem()};
  std::string host = "localhost";

  // The error of the client, or of the server if the client has none.
  error outcome() {
    tls_end a(loaded(wanted)->connect(host, 443)), b(loaded(served)->accept(time_point{}));
    exchange(a, b);
    exchange(a, b);
    if (b.engine->fault()) at_server = *b.engine->fault();
    if (a.engine->fault()) return *a.engine->fault();
    EXPECT_TRUE(a.engine->is_up());
    return {errc::failed, "no error"};
  }
  // The client's end after it has talked to a foreign server.
  tls_end met(foreign_tls& server) const {
    tls_end client(loaded(wanted)->connect("localhost", 443));
    for (int i = 0; i < 6; ++i) {
      client.go_on();
      server.receive(std::exchange(client.sent, {}));
      server.advance();
      client.arrived += server.take_sent();
    }
    return client;
  }
  void show(const identity& who) { served.certificate = as_option(who); }

  error at_server{errc::failed};
};

TEST_F(tls_texts, No_error) { EXPECT_EQ(outcome().message, "no error"); }

TEST_F(tls_texts, An_address_is_checked_too) {
  host = "127.0.0.1";
  EXPECT_EQ(outcome().message, "no error");
  host = "::1";
  EXPECT_EQ(outcome().message, "no error");
  host = "10.0.0.1";
  EXPECT_EQ(outcome().message, "the server's certificate is not for \"10.0.0.1\"; connect by a name it has, or set tls.host_name");
}

TEST_F(tls_texts, Expired) {
  show(authority.issue({.from = -7200, .until = -3600}));
  const error why = outcome();
  EXPECT_EQ(why.code, errc::denied);
  EXPECT_THAT(why.message,
              MatchesRegex("the server's certificate expired on [0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2} UTC; the server needs "
                           "a new one \\(or this machine's clock is wrong\\)"));
}

TEST_F(tls_texts, Not_yet_valid) {
  show(authority.issue({.from = 3600, .until = 7200}));
  const error why = outcome();
  EXPECT_EQ(why.code, errc::denied);
  EXPECT_THAT(why.message,
              MatchesRegex("the server's certificate is valid from [0-9-]{10} [0-9:]{5} UTC; is this machine's clock right\\?"));
}

TEST_F(tls_texts, Wrong_name) {
  host = "example.org";
  const error why = outcome();
  EXPECT_EQ(why.code, errc::denied);
  EXPECT_EQ(why.message, "the server's certificate is not for \"example.org\"; connect by a name it has, or set tls.host_name");
}

TEST_F(tls_texts, The_subject_is_not_a_name) {
  show(authority.issue({.alternative = ""}));
  EXPECT_EQ(outcome().message, "the server's certificate is not for \"localhost\"; connect by a name it has, or set tls.host_name");
}

TEST_F(tls_texts, The_name_of_the_option_counts_instead_of_the_host) {
  host = "10.0.0.7";
  wanted.host_name = "localhost";
  EXPECT_EQ(outcome().message, "no error");
  wanted.host_name = "lobby.local";
  EXPECT_EQ(outcome().message, "the server's certificate is not for \"lobby.local\"; connect by a name it has, or set tls.host_name");
}

TEST_F(tls_texts, A_final_dot_of_the_host_does_not_count) {
  host = "localhost.";
  EXPECT_EQ(outcome().message, "no error");
}

TEST_F(tls_texts, Self_signed) {
  const issuer alone({.name = "localhost"});
  show(alone.self());
  const error why = outcome();
  EXPECT_EQ(why.code, errc::denied);
  EXPECT_EQ(why.message, "the server's certificate is self-signed; put it (or its issuer) into tls.ca_pem or tls.ca_file");
  wanted.ca_pem = alone.pem();
  EXPECT_EQ(outcome().message, "no error");
}

TEST_F(tls_texts, Unknown_issuer) {
  const issuer stranger({.name = "another authority", .alternative = "", .authority = true});
  show(stranger.issue());
  const error why = outcome();
  EXPECT_EQ(why.code, errc::denied);
  EXPECT_EQ(
      why.message,
      "the server's certificate was issued by an authority that is not trusted here; add it with tls.ca_file, or the server leaves out its "
      "intermediate certificate");
  // The server hears of it by an alert.
  EXPECT_EQ(at_server.code, errc::denied);
  EXPECT_TRUE(at_server.from_peer);
}

TEST_F(tls_texts, An_intermediate_certificate_that_is_left_out) {
  const issuer middle(authority, {.name = "in between", .alternative = "", .authority = true});
  identity end = middle.issue();
  show(end);
  EXPECT_THAT(outcome().message, ::testing::HasSubstr("leaves out its intermediate certificate"));
  end.pem += middle.pem();
  show(end);
  EXPECT_EQ(outcome().message, "no error");
}

TEST_F(tls_texts, The_server_wants_a_certificate) {
  served.clients = client_certificates::required;
  served.client_ca_pem = authority.pem();
  const error why = outcome();
  EXPECT_EQ(why.code, errc::unauthenticated);
  EXPECT_EQ(why.message, "the server asks for a client certificate; set tls.certificate");
  EXPECT_TRUE(why.from_peer);
  EXPECT_EQ(at_server.code, errc::unauthenticated);
}

TEST_F(tls_texts, The_server_wants_a_certificate_in_TLS_1_2) {
  foreign_tls server({.server = true, .who = authority.issue(), .version = 0x0303, .wants_certificate = true});
  const tls_end client = met(server);
  ASSERT_NE(client.engine->fault(), nullptr);
  EXPECT_EQ(client.engine->fault()->code, errc::unauthenticated);
  EXPECT_EQ(client.fault(), "the server asks for a client certificate; set tls.certificate");
}

TEST_F(tls_texts, The_server_refuses_the_certificate) {
  const issuer stranger({.name = "another authority", .alternative = "", .authority = true});
  served.clients = client_certificates::required;
  served.client_ca_pem = authority.pem();
  wanted.certificate = as_option(stranger.issue({.name = "device-7", .alternative = "", .client = true}));
  const error why = outcome();
  EXPECT_EQ(why.code, errc::denied);
  EXPECT_EQ(why.message, "the server does not trust this client's certificate");
  wanted.certificate = as_option(authority.issue({.name = "device-7", .alternative = "", .client = true}));
  EXPECT_EQ(outcome().message, "no error");
  // A certificate for servers is not one for clients.
  wanted.certificate = as_option(authority.issue());
  EXPECT_EQ(outcome().code, errc::denied);
}

TEST_F(tls_texts, An_accepted_certificate_may_be_missing) {
  served.clients = client_certificates::accepted;
  served.client_ca_pem = authority.pem();
  EXPECT_EQ(outcome().message, "no error");
}

TEST_F(tls_texts, No_common_version) {
  foreign_tls server({.server = true, .who = authority.issue(), .version = 0x0302});
  const tls_end client = met(server);
  ASSERT_NE(client.engine->fault(), nullptr);
  EXPECT_EQ(client.engine->fault()->code, errc::version_mismatch);
  EXPECT_EQ(client.fault(), "the ends have no TLS version in common; tls.minimum here is 1.2");
}

TEST_F(tls_texts, The_client_wants_a_newer_version) {
  foreign_tls server({.server = true, .who = authority.issue(), .version = 0x0303});
  wanted.minimum = tls_version::v1_3;
  const tls_end client = met(server);
  EXPECT_EQ(client.fault(), "the ends have no TLS version in common; tls.minimum here is 1.3");
}

TEST_F(tls_texts, A_plain_port) {
  for (const std::string_view answer :
       {"HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n", "220 mail.example.org ESMTP\r\n", "SSH-2.0-OpenSSH_9\r\n"}) {
    tls_end client(loaded(wanted)->connect("localhost", 443));
    client.go_on();
    client.arrived = answer;
    client.go_on();
    ASSERT_NE(client.engine->fault(), nullptr);
    EXPECT_EQ(client.engine->fault()->code, errc::bad_frame);
    EXPECT_EQ(client.fault(), "the server does not speak TLS on this port; is it ws:// ?");
  }
}

TEST_F(tls_texts, Any_certificate_is_accepted_only_by_name_of_the_option) {
  const issuer alone({.name = "somebody", .alternative = "DNS:elsewhere", .from = -7200, .until = -3600});
  show(alone.self());
  EXPECT_EQ(outcome().code, errc::denied);
  wanted.insecure_accept_any_certificate = true;
  EXPECT_EQ(outcome().message, "no error");
}

TEST_F(tls_texts, The_authorities_of_the_system_do_not_know_the_tests) {
  wanted.ca_pem.clear();
  EXPECT_EQ(outcome().code, errc::denied);
  wanted = {.ca_pem = authority.pem(), .system_ca_too = true};
  EXPECT_EQ(outcome().message, "no error");
}

}  // namespace
}  // namespace parley::transport::testing
