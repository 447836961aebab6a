// TLS over sockets: what differs from plain text, and clients and servers that misbehave.
#include "transport_support.hpp"

#include <asio/read.hpp>

#include <gmock/gmock.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace parley::transport::testing {
namespace {

using parley::testing::foreign_options;
using parley::testing::foreign_tls;
using parley::testing::issuer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

certificate as_option(const parley::testing::identity& one) { return tls_of_tests::as_option(one); }

struct Tls : ::testing::Test {
  struct refusal {
    int status;
    std::string text;
    bool operator==(const refusal&) const = default;
  };

  listen_options listening() {
    listen_options options;
    options.tls = tls;
    options.on_refused = [this](int status, std::string_view text, const std::string&) { refused.push_back({status, std::string(text)}); };
    return options;
  }
  void serve(server_tls options) {
    options.certificate = as_option(authority.issue());
    tls = *load_tls(std::move(options));
    server = std::make_unique<served>(io, listening());
  }
  std::shared_ptr<recorder> connect(connect_options options) {
    auto end = std::make_shared<recorder>();
    if (!options.tls) options.tls = *load_tls(client_tls{.ca_pem = authority.pem()});
    websocket_connect(io.get_executor(), std::move(options), end);
    EXPECT_TRUE(run_until(io, [&] { return end->opened + end->closed > 0; }));
    return end;
  }
  error error_of(connect_options options) {
    const auto end = connect(std::move(options));
    EXPECT_EQ(end->opened, 0);
    return end->how;
  }
  recorder& end() { return *server->ends.at(0); }

  asio::io_context io;
  issuer authority;
  std::shared_ptr<tls_server> tls = *load_tls(server_tls{.certificate = as_option(authority.issue())});
  std::vector<refusal> refused;
  std::unique_ptr<served> server = std::make_unique<served>(io, listening());
};

// A client that is OpenSSL alone, on a socket.
struct foreign_client : raw_client {
  foreign_client(asio::io_context& loop, std::uint16_t port, const foreign_options& how = {}) : raw_client(loop, port) {
    tls = std::make_unique<foreign_tls>(how);
    shake_hands();
  }
};

TEST_F(Tls, The_request_names_the_host_without_the_default_port) {
  std::string host;
  server->decide = [&](const std::shared_ptr<request>& ask) {
    host = ask->host;
    ask->reject(403, "no");
  };
  EXPECT_EQ(error_of({.url = server->url()}).code, errc::denied);
  EXPECT_EQ(host, "127.0.0.1:" + std::to_string(server->door->port()));
}

TEST_F(Tls, A_client_without_options_checks_with_the_authorities_of_the_system) {
  const auto end = std::make_shared<recorder>();
  websocket_connect(io.get_executor(), {.url = server->url()}, end);
  ASSERT_TRUE(run_until(io, [&] { return end->closed == 1; }));
  EXPECT_EQ(end->how.code, errc::denied);
  ASSERT_TRUE(run_until(io, [&] { return !refused.empty(); }));
  EXPECT_EQ(refused[0].status, 0);
  EXPECT_THAT(refused[0].text, StartsWith("the client does not trust tls.certificate"));
}

TEST_F(Tls, A_plain_request_gets_an_answer_in_plain_text) {
  raw_client client(io, server->door->port());
  client.write_to_socket(raw_client::request());
  client.read_to_end();
  EXPECT_THAT(client.received, StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(client.received, HasSubstr("this port speaks TLS: use wss:// or https://"));
  EXPECT_THAT(refused, ElementsAre(refusal{400, "this port speaks TLS: use wss:// or https://"}));
}

TEST_F(Tls, A_client_of_Parley_is_told_so_too) {
  const auto why = error_of({.url = "ws://127.0.0.1:" + std::to_string(server->door->port()) + "/ws"});
  EXPECT_EQ(why.code, errc::version_mismatch);
  EXPECT_THAT(why.message, HasSubstr("HTTP 400"));
  EXPECT_THAT(why.message, HasSubstr("begin the url with wss://"));
}

TEST_F(Tls, A_plain_server_is_recognised) {
  served plain(io);
  const auto why = error_of({.url = "wss://127.0.0.1:" + std::to_string(plain.door->port()) + "/ws"});
  EXPECT_EQ(why.code, errc::bad_frame);
  EXPECT_EQ(why.message, "the server does not speak TLS on this port; is it ws:// ?");
}

TEST_F(Tls, Garbage_ends_the_connection_and_nothing_else) {
  raw_client client(io, server->door->port());
  client.write_to_socket(std::string(100'000, 'x'));
  client.read_to_end();
  ASSERT_TRUE(run_until(io, [&] { return !refused.empty(); }));
  EXPECT_THAT(refused, ElementsAre(refusal{0, "the client does not speak TLS"}));
  EXPECT_EQ(connect({.url = server->url()})->opened, 1);
}

TEST_F(Tls, The_error_of_a_missing_certificate_survives_the_handshake) {
  serve({.clients = client_certificates::required, .client_ca_pem = authority.pem()});
  const auto why = error_of({.url = server->url()});
  EXPECT_EQ(why.code, errc::unauthenticated);
  EXPECT_EQ(why.message, "the server asks for a client certificate; set tls.certificate");
  EXPECT_TRUE(why.from_peer);
  ASSERT_TRUE(run_until(io, [&] { return !refused.empty(); }));
  EXPECT_THAT(refused, ElementsAre(refusal{0, "the client has no certificate, and tls.clients requires one"}));
}

TEST_F(Tls, A_client_with_a_certificate_connects) {
  serve({.clients = client_certificates::required, .client_ca_pem = authority.pem()});
  const auto who = authority.issue({.name = "device-7", .alternative = "", .client = true});
  const auto tls_client = *load_tls(client_tls{.ca_pem = authority.pem(), .certificate = as_option(who)});
  EXPECT_EQ(connect({.url = server->url(), .tls = tls_client})->opened, 1);
}

TEST_F(Tls, The_request_has_the_certificate_that_the_client_has_shown) {
  std::vector<std::shared_ptr<request>> asked;
  const auto ask = [&](const std::shared_ptr<tls_client>& as) {
    auto end = std::make_shared<recorder>();
    websocket_connect(io.get_executor(), {.url = server->url(), .tls = as}, end);
    const std::size_t before = asked.size();
    EXPECT_TRUE(run_until(io, [&] { return asked.size() > before; }));
    asked.back()->accept("", std::make_shared<recorder>());
    EXPECT_TRUE(run_until(io, [&] { return end->opened == 1; }));
    return end;
  };
  serve({.clients = client_certificates::accepted, .client_ca_pem = authority.pem()});
  server->decide = [&](std::shared_ptr<request> one) { asked.push_back(std::move(one)); };

  const auto nobody = ask(*load_tls(client_tls{.ca_pem = authority.pem()}));
  EXPECT_TRUE(asked[0]->encrypted);
  EXPECT_EQ(asked[0]->certificate, nullptr);

  const auto who = authority.issue({.name = "device-7",
                                    .alternative = "DNS:seven.example,URI:spiffe://example/device/7,email:seven@example.org,IP:127.0.0.1",
                                    .client = true});
  const auto device = *load_tls(client_tls{.ca_pem = authority.pem(), .certificate = as_option(who)});
  const auto first = ask(device);
  ASSERT_NE(asked[1]->certificate, nullptr);
  const peer_certificate shown = *asked[1]->certificate;
  EXPECT_EQ(shown.common_name, "device-7");
  EXPECT_THAT(shown.dns_names, ElementsAre("seven.example"));
  EXPECT_THAT(shown.uris, ElementsAre("spiffe://example/device/7"));
  EXPECT_THAT(shown.emails, ElementsAre("seven@example.org"));
  EXPECT_EQ(shown.sha256, parley::testing::sha256_of_certificate(who.pem));

  // With a ticket the client shows nothing, and the certificate is the one from before.
  const auto second = ask(device);
  ASSERT_NE(asked[2]->certificate, nullptr);
  EXPECT_EQ(*asked[2]->certificate, shown);
}

TEST_F(Tls, A_handshake_that_takes_too_long_is_ended) {
  listen_options options = listening();
  options.limits.handshake = 50ms;
  served impatient(io, options);
  raw_client client(io, impatient.door->port());
  client.write_to_socket("\x16\x03\x01");
  client.read_to_end();
  EXPECT_EQ(client.received, "");
  EXPECT_THAT(refused, ElementsAre(refusal{0, "the TLS handshake took too long"}));
}

TEST_F(Tls, A_server_that_never_answers_is_given_up) {
  tcp::acceptor silent(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  const auto why =
      error_of({.url = "wss://127.0.0.1:" + std::to_string(silent.local_endpoint().port()) + "/", .limits = {.handshake = 50ms}});
  EXPECT_EQ(why.code, errc::deadline_exceeded);
}

TEST_F(Tls, Excess_clients_are_told_so_inside_of_TLS) {
  listen_options options = listening();
  options.limits.max_connections = 1;
  served small(io, options);
  const auto first = connect({.url = small.url()});
  ASSERT_EQ(first->opened, 1);
  const auto why = error_of({.url = small.url()});
  EXPECT_EQ(why.code, errc::overloaded);
  EXPECT_THAT(why.message, HasSubstr("503"));
}

TEST_F(Tls, The_end_of_a_connection_is_announced_inside_of_TLS) {
  foreign_client client(io, server->door->port());
  client.upgrade();
  ASSERT_TRUE(run_until(io, [&] { return !server->ends.empty() && end().opened == 1; }));
  end().call([](connection& to) { to.close(1000, "done"); });
  client.write(raw_client::close_frame(1000));
  client.read_to_end();
  EXPECT_EQ(client.close_code(), 1000);
  EXPECT_TRUE(client.tls->heard_goodbye());
  EXPECT_EQ(client.ended, asio::error::eof);
}

TEST_F(Tls, A_cut_without_announcement_is_an_end) {
  foreign_client client(io, server->door->port());
  client.upgrade();
  client.write(raw_client::text("last"));
  client.socket.close();
  ASSERT_TRUE(run_until(io, [&] { return !server->ends.empty() && end().closed == 1; }));
  ASSERT_EQ(end().messages.size(), 1u);
  EXPECT_EQ(end().messages[0].content, "last");
  EXPECT_EQ(end().why.code, 1006);
  EXPECT_EQ(end().how.code, errc::disconnected);
}

TEST_F(Tls, An_announced_end_is_an_end) {
  foreign_client client(io, server->door->port());
  client.upgrade();
  client.write(raw_client::text("last"));
  client.tls->goodbye();
  client.write_to_socket(client.tls->take_sent());
  ASSERT_TRUE(run_until(io, [&] { return !server->ends.empty() && end().closed == 1; }));
  EXPECT_EQ(end().messages.size(), 1u);
  EXPECT_EQ(end().why.code, 1006);
}

TEST_F(Tls, Records_of_single_bytes_are_read) {
  foreign_client client(io, server->door->port());
  std::string all;
  for (const char c : raw_client::request()) all += client.on_the_wire({&c, 1});
  for (const char& c : all) client.write_to_socket({&c, 1});
  client.read_until([](std::string_view text) { return text.find("\r\n\r\n") != text.npos; });
  EXPECT_THAT(client.received, StartsWith("HTTP/1.1 101 "));
  for (const char c : raw_client::text("hello")) client.write_to_socket(client.on_the_wire({&c, 1}));
  ASSERT_TRUE(run_until(io, [&] { return !server->ends.empty() && !end().messages.empty(); }));
  EXPECT_EQ(end().messages[0].content, "hello");
}

TEST_F(Tls, A_flood_of_key_updates_is_closed_with_1008) {
  foreign_client client(io, server->door->port());
  client.upgrade();
  for (int i = 0; i < 100; ++i) client.tls->key_update();
  client.write_to_socket(client.tls->take_sent());
  client.read_to_end();
  EXPECT_EQ(client.close_code(), 1008);
  ASSERT_TRUE(run_until(io, [&] { return end().closed == 1; }));
  EXPECT_EQ(end().why.code, 1008);
  EXPECT_EQ(end().how.code, errc::bad_frame);
}

TEST_F(Tls, Requested_key_updates_are_answered_while_nothing_is_sent) {
  foreign_client client(io, server->door->port());
  client.upgrade();
  client.tls->key_update(true);
  client.write(raw_client::text("first"));
  ASSERT_TRUE(run_until(io, [&] { return !end().messages.empty(); }));
  end().send("second");
  client.read_until([](std::string_view text) { return text.find("second") != text.npos; });
  EXPECT_THAT(client.received, HasSubstr("second"));
}

// More than one read decrypts arrives at once, while the connection is paused. The socket is not
// readable again afterwards.
TEST_F(Tls, What_was_received_before_a_pause_is_delivered_after_it) {
  server->prepare = [](recorder& to) {
    to.when_message = [&to](const recorder::message&) {
      if (to.messages.size() == 1) to.link->pause_reading();
    };
  };
  foreign_client client(io, server->door->port());
  client.upgrade();
  std::string all;
  const std::string text(10'000, 'x');
  for (int i = 0; i < 20; ++i) all += raw_client::text(text);
  client.write(all);
  ASSERT_TRUE(run_until(io, [&] { return !server->ends.empty() && !end().messages.empty(); }));
  settle(io);
  EXPECT_LT(end().messages.size(), 20u);
  end().call([](connection& to) { to.resume_reading(); });
  ASSERT_TRUE(run_until(io, [&] { return end().messages.size() == 20; }));
}

// A part of a record waits in the engine, so the next read of the socket completes more plain text
// than one read of the owner takes. The rest stays here, and the socket is empty.
TEST_F(Tls, What_the_owner_had_no_room_for_is_delivered_although_the_socket_is_empty) {
  server->prepare = [](recorder& to) {
    to.when_message = [&to](const recorder::message&) {
      if (to.messages.size() == 1) to.link->pause_reading();
    };
  };
  foreign_client client(io, server->door->port());
  client.upgrade();
  ASSERT_TRUE(run_until(io, [&] { return !server->ends.empty() && end().opened == 1; }));
  const std::string text(16'352, 'x');  // a frame of 16,360 bytes in a record of 16,382
  std::string all;
  for (int i = 0; i < 5; ++i) all += client.on_the_wire(raw_client::text(text));
  client.write_to_socket(std::string_view(all).substr(0, 16'381));
  settle(io);
  client.write_to_socket(std::string_view(all).substr(16'381));
  ASSERT_TRUE(run_until(io, [&] { return !end().messages.empty(); }));
  settle(io);
  end().call([](connection& to) { to.resume_reading(); });
  ASSERT_TRUE(run_until(io, [&] { return end().messages.size() == 5; }));
}

TEST_F(Tls, Ciphertext_that_the_system_does_not_take_is_counted) {
  foreign_client client(io, server->door->port());
  client.upgrade();
  ASSERT_TRUE(run_until(io, [&] { return !server->ends.empty() && end().opened == 1; }));
  const std::string text(60'000, 'x');
  // Until the system takes no more.
  std::size_t sent = 0;
  while (end().link->buffered_amount() == 0) {
    end().send(text);
    end().call([](connection& to) { to.flush(); });
    sent += text.size();
  }
  EXPECT_GT(end().link->buffered_amount(), 0u);
  client.read_until([&](std::string_view got) { return got.size() >= sent; });
  ASSERT_TRUE(run_until(io, [&] { return end().link->buffered_amount() == 0; }));
}

TEST_F(Tls, New_certificates_are_for_new_connections) {
  const auto old = connect({.url = server->url()});
  ASSERT_EQ(old->opened, 1);
  (*tls->read_again())();
  EXPECT_EQ(connect({.url = server->url()})->opened, 1);
  old->send("still here");
  ASSERT_TRUE(run_until(io, [&] { return !end().messages.empty(); }));
}

TEST_F(Tls, A_Unix_socket_has_none) {
  const auto refused_one = websocket_listen(io.get_executor(), {.address = "unix:@parley-tls-test", .tls = tls});
  ASSERT_FALSE(refused_one);
  EXPECT_EQ(refused_one.error().code, errc::invalid);
  EXPECT_THAT(refused_one.error().message, HasSubstr("leave out tls"));
}

// A proxy that answers and appends bytes that it claims to be the server's.
struct lying_proxy {
  lying_proxy(asio::io_context& io, std::string appended) : acceptor(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0)) {
    acceptor.async_accept([this, text = std::move(appended)](std::error_code, tcp::socket accepted) {
      socket.emplace(std::move(accepted));
      socket->async_read_some(asio::buffer(room), [this, text](std::error_code, std::size_t) {
        asio::write(*socket, asio::buffer("HTTP/1.1 200 OK\r\n\r\n" + text));
      });
    });
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port()); }

  tcp::acceptor acceptor;
  std::optional<tcp::socket> socket;
  std::array<char, 4096> room{};
};

TEST_F(Tls, A_proxy_cannot_speak_for_the_server) {
  lying_proxy proxy(io, "HTTP/1.1 101 Switching Protocols\r\n");
  const auto why = error_of({.url = server->url(), .proxy = proxy.url()});
  EXPECT_EQ(why.code, errc::bad_frame);
  EXPECT_EQ(why.message, "the proxy sent more than its answer");
}

}  // namespace
}  // namespace parley::transport::testing
