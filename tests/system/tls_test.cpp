// Clients and servers over TLS: who is refused and with which error, reloads, and what the logs say.
// Other tests cover what is the same over every transport.
#include "system/log_of.hpp"
#include "system/world.hpp"

#include <parley/by_name.hpp>
#include <parley/raw.hpp>
#include <parley/raw_server.hpp>
#include <parley/tls.hpp>

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace talk::v1 {
namespace {

using parley::certificate;
using parley::client_tls;
using parley::errc;
using parley::server_tls;
using parley::testing::identity;
using parley::testing::issuer;
using testing::AllOf;
using testing::HasSubstr;

certificate as_option(const identity& one) { return {.pem = one.pem, .key_pem = one.key_pem}; }

std::string secure_url(std::uint16_t port) { return "wss://127.0.0.1:" + std::to_string(port) + "/ws"; }

// A server with certificates that the test chooses.
struct Tls : testing::Test {
  // The server must have ended before its handler is destroyed.
  ~Tls() override {
    if (!server) return;
    server->stop();
    server->join();
  }
  void serve(parley::server_options options) {
    options.log = log.sink();
    server.emplace(std::move(options));
    host.emplace(*server);
    server->add(*host);
    server->start();
  }
  void serve(server_tls tls) { serve(parley::server_options{.tls = std::move(tls)}); }
  // The error of connecting, or `failed` with "connected".
  parley::error outcome(client_tls tls) {
    parley::client link{secure_url(server->port()), {.tls = std::move(tls), .log = client_log.sink()}};
    try {
      link.connect();
    } catch (const parley::call_failed& failed) { return failed.error(); }
    return {errc::failed, "connected"};
  }

  log_of log, client_log;
  issuer authority;
  std::optional<parley::server> server;
  std::optional<Host> host;
};

TEST_F(Tls, A_client_with_the_certificate_of_an_authority_is_let_in) {
  serve(server_tls{
      .certificate = as_option(authority.issue()), .clients = parley::client_certificates::required, .client_ca_pem = authority.pem()});
  const auto device = authority.issue({.name = "device-7", .alternative = "", .client = true});
  EXPECT_EQ(outcome({.ca_pem = authority.pem(), .certificate = as_option(device)}).message, "connected");

  const parley::error without = outcome({.ca_pem = authority.pem()});
  EXPECT_EQ(without.code, errc::unauthenticated);
  EXPECT_EQ(without.message, "the server asks for a client certificate; set tls.certificate");

  const issuer stranger({.name = "another authority", .alternative = "", .authority = true});
  const parley::error refused =
      outcome({.ca_pem = authority.pem(), .certificate = as_option(stranger.issue({.alternative = "", .client = true}))});
  EXPECT_EQ(refused.code, errc::denied);
  EXPECT_EQ(refused.message, "the server does not trust this client's certificate");
  EXPECT_THAT(log.line_with("failed: the client's certificate was refused"), HasSubstr("a connection from 127.0.0.1:"));
}

TEST_F(Tls, The_check_of_a_server_sees_the_certificate_of_a_client) {
  events<std::string> seen;
  parley::server_options options{.tls = server_tls{.certificate = as_option(authority.issue()),
                                                   .clients = parley::client_certificates::accepted,
                                                   .client_ca_pem = authority.pem()}};
  options.auth.check = [&](const parley::showing& shown) -> parley::reply<parley::principal> {
    seen.put(shown.certificate ? shown.certificate->common_name : "nobody");
    if (!shown.certificate) return errc::unauthenticated;
    return parley::principal{.name = shown.certificate->common_name};
  };
  serve(std::move(options));
  std::string name;
  host->on_connected = [&](parley::peer& peer) { name = peer.principal().name; };
  EXPECT_EQ(outcome({.ca_pem = authority.pem()}).code, errc::unauthenticated);
  EXPECT_EQ(seen.next(), "nobody");
  const auto device = authority.issue({.name = "device-7", .alternative = "", .client = true});
  EXPECT_EQ(outcome({.ca_pem = authority.pem(), .certificate = as_option(device)}).message, "connected");
  EXPECT_EQ(seen.next(), "device-7");
  host->arrivals.next();
  EXPECT_EQ(name, "device-7");
}

TEST_F(Tls, Several_names_are_served_on_one_port) {
  const auto named = [&](const std::string& name) { return as_option(authority.issue({.alternative = "DNS:" + name})); };
  serve(server_tls{.certificate = named("first.example"), .more = {named("second.example"), named("third.example")}});
  for (const std::string name : {"first.example", "second.example", "third.example"})
    EXPECT_EQ(outcome({.ca_pem = authority.pem(), .host_name = name}).message, "connected");
  EXPECT_EQ(outcome({.ca_pem = authority.pem(), .host_name = "fourth.example"}).message,
            "the server's certificate is not for \"fourth.example\"; connect by a name it has, or set tls.host_name");
}

TEST_F(Tls, A_certificate_of_nobody_is_refused_and_the_server_goes_on) {
  serve(server_tls{.certificate = as_option(authority.issue())});
  EXPECT_EQ(outcome({}).code, errc::denied);
  EXPECT_EQ(outcome({.ca_pem = authority.pem()}).message, "connected");
  EXPECT_EQ(server->counters().rejected, 1u);
}

TEST_F(Tls, A_client_that_connects_again_does_so) {
  serve(server_tls{.certificate = as_option(authority.issue())});
  parley::client link{secure_url(server->port()), {.tls = client_tls{.ca_pem = authority.pem()}}};
  events<int> lost;
  link.on_disconnected([&](const parley::error&) { lost.put(1); });
  for (int i = 0; i < 3; ++i) {
    link.connect();
    TalkClient talk{link};
    EXPECT_EQ(talk.add({.numbers = {1, 2}}).value, 3);
    host->on_touch = [](parley::call& call) -> parley::reply<> {
      call.peer().close();
      return {};
    };
    try {
      talk.touch();
    } catch (const parley::call_failed&) {}
    lost.next();
  }
}

TEST_F(Tls, Any_certificate_is_accepted_by_that_option_alone_and_each_time_with_a_warning) {
  const issuer alone({.name = "somebody", .alternative = "DNS:elsewhere", .from = -7200, .until = -3600});
  serve(server_tls{.certificate = as_option(alone.self())});
  EXPECT_EQ(log.wait_for("tls.certificate expired on ").level, parley::log_level::warning);
  EXPECT_EQ(outcome({.ca_pem = authority.pem()}).code, errc::denied);
  EXPECT_EQ(client_log.count("insecure_accept_any_certificate"), 0u);
  for (std::size_t i = 1; i <= 2; ++i) {
    EXPECT_EQ(outcome({.insecure_accept_any_certificate = true}).message, "connected");
    EXPECT_EQ(client_log.count("tls.insecure_accept_any_certificate is set"), i);
  }
  EXPECT_EQ(client_log.wait_for("was not checked").level, parley::log_level::warning);
}

TEST_F(Tls, Several_loops_share_certificates_and_tickets) {
  serve(parley::server_options{.tls = server_tls{.certificate = as_option(authority.issue())}, .threads = 3});
  for (int i = 0; i < 6; ++i) EXPECT_EQ(outcome({.ca_pem = authority.pem()}).message, "connected");
}

TEST_F(Tls, A_plain_port_beside_it_has_the_same_clients) {
  const auto own = authority.issue();
  world w({carrier::tls, parley::encoding::binary}, {.log = log.sink()});
  const std::size_t number = w.server->listen({});
  w.start();
  guest over_tls(w);
  parley::client link{"ws://127.0.0.1:" + std::to_string(w.server->port(number)) + "/ws"};
  TalkClient talk{link};
  link.connect();
  talk.say({.text = "in the open"});
  EXPECT_EQ(over_tls.heard.next().line.text, "in the open");
  EXPECT_THAT(log.line_with("with TLS"), HasSubstr("listening on port " + std::to_string(w.server->port())));
}

TEST_F(Tls, A_second_port_has_certificates_of_its_own) {
  serve(parley::server_options{});
  server.reset();
  server.emplace(parley::server_options{.log = log.sink()});
  const std::size_t number = server->listen({.tls = server_tls{.certificate = as_option(authority.issue())}});
  server->start();
  parley::client link{secure_url(server->port(number)), {.tls = client_tls{.ca_pem = authority.pem()}}};
  link.connect();
}

TEST_F(Tls, Plain_text_for_other_machines_is_a_warning) {
  serve(parley::server_options{.address = "0.0.0.0"});
  const auto warning = log.wait_for("is open to other machines without TLS");
  EXPECT_EQ(warning.level, parley::log_level::warning);
  EXPECT_THAT(warning.text, HasSubstr("set tls"));
}

TEST_F(Tls, Plain_text_on_this_machine_is_none_and_TLS_for_all_is_none) {
  {
    parley::server local{{.log = log.sink()}};
    local.start();
  }
  {
    parley::server all{{.address = "0.0.0.0", .tls = server_tls{.certificate = as_option(authority.issue())}, .log = log.sink()}};
    all.start();
  }
  EXPECT_EQ(log.count("listening"), 2u);
  EXPECT_EQ(log.count("without TLS"), 0u);
}

// ---- Files.

struct TlsFiles : Tls {
  ~TlsFiles() override { std::filesystem::remove_all(folder); }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(folder / name) << text;
    return (folder / name).string();
  }
  void certify(const std::string& name) const {
    const auto own = authority.issue({.alternative = "DNS:" + name});
    write("chain.pem", own.pem);
    write("key.pem", own.key_pem);
  }
  server_tls of_files() const {
    return {.certificate = {.file = (folder / "chain.pem").string(), .key_file = (folder / "key.pem").string()}};
  }

  const std::filesystem::path folder = [] {
    std::string name = (std::filesystem::temp_directory_path() / "parley-tls-XXXXXX").string();
    return std::filesystem::path(::mkdtemp(name.data()));
  }();
};

TEST_F(TlsFiles, Are_read_again_while_the_server_runs) {
  certify("old.example");
  serve(of_files());
  parley::client open{secure_url(server->port()), {.tls = client_tls{.ca_pem = authority.pem(), .host_name = "old.example"}}};
  TalkClient talk{open};
  open.connect();
  certify("new.example");
  EXPECT_EQ(outcome({.ca_pem = authority.pem(), .host_name = "new.example"}).code, errc::denied);
  ASSERT_TRUE(server->reload_tls());
  EXPECT_EQ(outcome({.ca_pem = authority.pem(), .host_name = "new.example"}).message, "connected");
  EXPECT_EQ(talk.add({.numbers = {1, 2}}).value, 3);
  log.wait_for("the files of TLS were read again");
}

TEST_F(TlsFiles, That_are_wrong_change_nothing) {
  certify("old.example");
  serve(of_files());
  std::filesystem::remove(folder / "key.pem");
  const auto failed = server->reload_tls();
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, errc::invalid);
  EXPECT_THAT(failed.error().message, AllOf(HasSubstr("tls.certificate.key_file"), HasSubstr("key.pem"), HasSubstr("No such file")));
  EXPECT_EQ(outcome({.ca_pem = authority.pem(), .host_name = "old.example"}).message, "connected");
}

TEST_F(TlsFiles, May_be_read_again_by_many_threads_while_clients_come) {
  certify("localhost");
  serve(of_files());
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i)
    threads.emplace_back([this] {
      for (int n = 0; n < 10; ++n) EXPECT_TRUE(server->reload_tls());
    });
  for (int i = 0; i < 10; ++i) EXPECT_EQ(outcome({.ca_pem = authority.pem(), .host_name = "localhost"}).message, "connected");
  for (std::thread& one : threads) one.join();
}

TEST_F(TlsFiles, A_server_without_any_reloads_nothing) {
  serve(parley::server_options{});
  EXPECT_TRUE(server->reload_tls());
}

template <class Make>
std::string refusal_of(Make make) {
  try {
    make();
  } catch (const std::invalid_argument& wrong) { return wrong.what(); }
  return "nothing is wrong";
}

TEST_F(TlsFiles, That_cannot_be_used_are_refused_by_constructors) {
  certify("localhost");
  server_tls missing = of_files();
  missing.certificate.file += ".old";
  EXPECT_THAT(refusal_of([&] { parley::server one{{.tls = missing}}; }),
              AllOf(HasSubstr("tls.certificate.file"), HasSubstr("chain.pem.old")));
  EXPECT_THAT(refusal_of([&] {
                parley::server one{{}};
                one.listen({.tls = missing});
              }),
              HasSubstr("chain.pem.old"));
  EXPECT_THAT(refusal_of([&] { parley::raw_server one({.tls = missing}, [](parley::raw_connection) {}); }), HasSubstr("chain.pem.old"));
  const client_tls nowhere{.ca_file = (folder / "ca.pem").string()};
  EXPECT_THAT(refusal_of([&] { parley::client one("wss://localhost", {.tls = nowhere}); }),
              AllOf(HasSubstr("tls.ca_file"), HasSubstr("ca.pem")));
  EXPECT_THAT(refusal_of([&] { parley::raw_connection one("wss://localhost", {.tls = nowhere}); }), HasSubstr("ca.pem"));
}

TEST_F(Tls, Options_of_TLS_without_TLS_are_refused) {
  for (const std::string url : {"ws://localhost", "ws+unix://@parley"}) {
    EXPECT_THAT(refusal_of([&] { parley::client one(url, {.tls = client_tls{}}); }), HasSubstr("begin it with wss://"));
    EXPECT_THAT(refusal_of([&] { parley::raw_connection one(url, {.tls = client_tls{}}); }), HasSubstr("begin it with wss://"));
  }
}

TEST_F(Tls, A_Unix_socket_has_none) {
  parley::server one{{.address = "unix:@parley-tls-test", .tls = server_tls{.certificate = as_option(authority.issue())}}};
  try {
    one.start();
    ADD_FAILURE() << "TLS on a Unix socket";
  } catch (const parley::call_failed& failed) { EXPECT_EQ(failed.code(), errc::invalid); }
}

TEST_F(Tls, In_memory_the_options_are_ignored) {
  parley::loopback network;
  parley::server one{{.tls = server_tls{.certificate = {.file = "nowhere.pem"}}, .loopback = &network}};
  one.start();
  parley::client link{"mem://one", {.tls = client_tls{.ca_file = "nowhere.pem"}, .loopback = &network}};
  link.connect();
}

// ---- By name, and without a schema.

TEST_F(Tls, By_name_events_and_calls_arrive) {
  world w({carrier::tls, parley::encoding::json});
  w.start();
  guest other(w);
  parley::client link{w.url(), w.client_options()};
  parley::by_name names{link};
  link.connect();
  EXPECT_EQ(names.call({.name = "Talk.Add", .payload = R"({"numbers":[391,29]})"}), R"({"value":420})");
}

asio::awaitable<void> echo(parley::raw_connection ws) {
  while (auto message = co_await ws.async_receive()) co_await ws.async_send(std::move(*message));
}

struct RawTls : Tls {
  RawTls() {
    raw.emplace(parley::raw_server_options{.tls = server_tls{.certificate = as_option(authority.issue())}}, echo);
    raw->start();
  }
  parley::raw_options options() const { return {.tls = client_tls{.ca_pem = authority.pem()}}; }
  std::string url() const { return secure_url(raw->port()); }

  std::optional<parley::raw_server> raw;
};

asio::awaitable<std::size_t> echoed(std::string url, parley::raw_options options, std::string text) {
  const asio::any_io_executor on = co_await asio::this_coro::executor;
  parley::raw_connection ws(on, url, std::move(options));
  std::size_t heard = 0;
  for (int i = 0; i < 5; ++i) {
    co_await ws.async_send(text);
    const auto got = co_await ws.async_receive();
    if (got) heard += got->text().size();
  }
  co_return heard;
}

// The thread that waits reads the socket itself. What TLS has received and the thread has not read
// makes the socket readable no more.
TEST_F(RawTls, A_thread_that_waits_reads_messages_of_every_size) {
  parley::raw_connection ws{url(), options()};
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{125}, std::size_t{16'000}, std::size_t{16'384},
                                 std::size_t{65'536}, std::size_t{65'600}, std::size_t{200'000}, std::size_t{1'000'000}}) {
    const std::string text(size, 'x');
    EXPECT_EQ(ws.ask(text).text(), text);
  }
}

TEST_F(RawTls, Many_messages_in_flight_arrive_in_order) {
  parley::raw_connection ws{url(), options()};
  constexpr int many = 2'000;
  for (int i = 0; i < many; ++i) ws.send("message " + std::to_string(i) + std::string(static_cast<std::size_t>(i % 100), '.'));
  for (int i = 0; i < many; ++i) ASSERT_THAT(std::string(ws.receive().text()), testing::StartsWith("message " + std::to_string(i)));
}

TEST_F(RawTls, A_loop_of_the_program_reads_them_too) {
  const std::string text(300'000, 'x');
  EXPECT_EQ(parley::run(echoed(url(), options(), text)), 5 * text.size());
}

TEST_F(RawTls, Errors_are_those_of_TLS) {
  parley::raw_connection ws{url()};
  try {
    ws.connect();
    ADD_FAILURE() << "connected to a server that nobody trusts";
  } catch (const parley::call_failed& failed) {
    EXPECT_EQ(failed.code(), errc::denied);
    EXPECT_THAT(failed.what(), HasSubstr("not trusted here"));
  }
}

TEST_F(RawTls, A_raw_server_reloads) { EXPECT_TRUE(raw->reload_tls()); }

}  // namespace
}  // namespace talk::v1
