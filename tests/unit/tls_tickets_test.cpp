// Tickets: a client that connects again, reloads, and the keys that age.
#include "tls_ends.hpp"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>

namespace parley::transport::testing {
namespace {

using namespace std::chrono_literals;

struct tls_tickets : ::testing::Test {
  issuer authority;
  identity own = authority.issue();
  server_tls options{.certificate = as_option(own)};
  client_tls wanted{.ca_pem = authority.pem()};
  std::shared_ptr<tls_server> server = loaded(options);
  std::shared_ptr<tls_client> client = loaded(wanted);
  time_point now{};

  // Whether the connection used a ticket.
  bool connects(const std::string& host = "localhost", std::uint16_t port = 443) {
    tls_end a(client->connect(host, port)), b(server->accept(now));
    exchange(a, b);
    EXPECT_TRUE(a.engine->is_up() && b.engine->is_up()) << a.fault() << b.fault();
    EXPECT_EQ(a.engine->is_resumed(), b.engine->is_resumed());
    return a.engine->is_resumed();
  }
  void reload() {
    auto next = server->read_again();
    ASSERT_TRUE(next) << next.error().message;
    (*next)();
  }
};

TEST_F(tls_tickets, The_second_connection_uses_a_ticket) {
  EXPECT_FALSE(connects());
  EXPECT_TRUE(connects());
  EXPECT_TRUE(connects());
}

TEST_F(tls_tickets, A_ticket_belongs_to_one_server) {
  EXPECT_FALSE(connects("localhost", 1));
  EXPECT_FALSE(connects("localhost", 2));
  EXPECT_FALSE(connects("127.0.0.1", 1));
  EXPECT_TRUE(connects("localhost", 1));
  EXPECT_TRUE(connects("localhost", 2));
}

TEST_F(tls_tickets, Only_the_newest_servers_are_remembered) {
  for (std::uint16_t port = 1; port <= 17; ++port) EXPECT_FALSE(connects("localhost", port));
  EXPECT_TRUE(connects("localhost", 17));
  EXPECT_FALSE(connects("localhost", 1));
}

TEST_F(tls_tickets, A_connection_that_ends_without_goodbye_leaves_its_ticket) {
  // connects() destroys both engines without close_notify.
  EXPECT_FALSE(connects());
  EXPECT_TRUE(connects());
}

TEST_F(tls_tickets, Tickets_can_be_turned_off) {
  options.tickets = false;
  server = loaded(options);
  EXPECT_FALSE(connects());
  EXPECT_FALSE(connects());
}

TEST_F(tls_tickets, A_ticket_stays_valid_after_a_reload) {
  EXPECT_FALSE(connects());
  reload();
  EXPECT_TRUE(connects());
}

TEST_F(tls_tickets, A_ticket_of_another_server_is_refused_quietly) {
  EXPECT_FALSE(connects());
  server = loaded(options);
  EXPECT_FALSE(connects());
  EXPECT_TRUE(connects());
}

TEST_F(tls_tickets, Keys_are_replaced_after_12_hours_and_open_tickets_for_12_more) {
  EXPECT_FALSE(connects());
  now += 11h;
  EXPECT_TRUE(connects());
  now += 2h;
  EXPECT_TRUE(connects()) << "under the key before";
  EXPECT_TRUE(connects()) << "under the newest key";
}

TEST_F(tls_tickets, Old_keys_open_nothing) {
  EXPECT_FALSE(connects());
  now += 25h;
  EXPECT_FALSE(connects());
}

TEST_F(tls_tickets, Two_replacements_outdate_a_ticket) {
  EXPECT_FALSE(connects());
  const std::shared_ptr<tls_client> first = client;
  for (int i = 0; i < 2; ++i) {
    now += 13h;
    client = loaded(wanted);
    EXPECT_FALSE(connects());
  }
  client = first;
  EXPECT_FALSE(connects());
}

struct tls_tickets_of_clients : tls_tickets {
  tls_tickets_of_clients() {
    options.clients = client_certificates::required;
    options.client_ca_file = (folder / "ca.pem").string();
    write("ca.pem", authority.pem());
    wanted.certificate = as_option(authority.issue({.name = "device-7", .alternative = "", .client = true}));
    server = loaded(options);
    client = loaded(wanted);
  }
  ~tls_tickets_of_clients() override { std::filesystem::remove_all(folder); }
  void write(const std::string& name, const std::string& text) const { std::ofstream(folder / name) << text; }

  const std::filesystem::path folder = [] {
    std::string name = (std::filesystem::temp_directory_path() / "parley-tls-XXXXXX").string();
    return std::filesystem::path(::mkdtemp(name.data()));
  }();
};

TEST_F(tls_tickets_of_clients, A_client_with_a_certificate_uses_tickets_too) {
  EXPECT_FALSE(connects());
  reload();
  EXPECT_TRUE(connects());
}

// Its ticket would skip the check of its certificate, which the new authority has not issued.
TEST_F(tls_tickets_of_clients, A_ticket_ends_when_the_authorities_change) {
  EXPECT_FALSE(connects());
  const issuer other({.name = "another authority", .alternative = "", .authority = true});
  write("ca.pem", other.pem());
  reload();
  tls_end a(client->connect("localhost", 443)), b(server->accept(now));
  exchange(a, b);
  exchange(a, b);
  ASSERT_NE(a.engine->fault(), nullptr);
  EXPECT_EQ(a.fault(), "the server does not trust this client's certificate");
}

}  // namespace
}  // namespace parley::transport::testing
