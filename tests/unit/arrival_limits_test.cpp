// Which clients may connect, by their addresses and by what proxies say of them.
#include "parley/ends/arrival_limits.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace parley {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using transport::arrival;
using transport::host_address;

const time_point start = time_point() + 1000s;

host_address at(std::string_view text) { return *host_address::parse(text); }

struct asked final : transport::page_request {
  asked(std::string_view address, std::vector<std::string> forwarded) {
    from = address == "unix" ? host_address() : at(address);
    for (std::string& one : forwarded) headers.push_back({"X-FORWARDED-for", std::move(one)});
  }
  void answer(int, const std::vector<transport::header>&, buffer) override {}
  void reject(int, std::string_view, std::chrono::seconds) override {}
  void hold(std::shared_ptr<void>) override {}
};

TEST(ArrivalLimits, Limit_clients_at_once_of_an_address) {
  arrival_limits limits({.per_address = 2, .handshakes = {}, .handshakes_per_address = {}});
  const arrival first = limits.arrive(at("192.0.2.1"), start);
  EXPECT_EQ(first.status, 0);
  {
    const arrival second = limits.arrive(at("192.0.2.1"), start);
    EXPECT_EQ(second.status, 0);
    const arrival third = limits.arrive(at("192.0.2.1"), start);
    EXPECT_EQ(third.status, 429);
    EXPECT_EQ(arrival_limits::limit_of(third), limit::per_address);
    EXPECT_EQ(limits.arrive(at("192.0.2.2"), start).status, 0);
  }
  EXPECT_EQ(limits.arrive(at("192.0.2.1"), start).status, 0);
}

TEST(ArrivalLimits, Count_an_ipv6_network_as_one_client) {
  arrival_limits limits({.handshakes = {}, .handshakes_per_address = {1, 2}});
  EXPECT_EQ(limits.arrive(at("2001:db8:0:1::1"), start).status, 0);
  EXPECT_EQ(limits.arrive(at("2001:db8:0:1::2"), start).status, 0);
  const arrival refused = limits.arrive(at("2001:db8:0:1:ffff::3"), start);
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.retry_after, 1s);
  EXPECT_EQ(arrival_limits::limit_of(refused), limit::handshakes_per_address);
  EXPECT_EQ(limits.arrive(at("2001:db8:0:2::1"), start).status, 0);
  EXPECT_EQ(limits.arrive(at("2001:db8:0:1::4"), start + 1s).status, 0);
}

TEST(ArrivalLimits, Limit_all_clients_together_and_say_when_to_try_again) {
  arrival_limits limits({.per_address = 0, .handshakes = {0.1, 3}, .handshakes_per_address = {}});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(limits.arrive(at("192.0.2." + std::to_string(i)), start).status, 0);
  const arrival refused = limits.arrive(at("192.0.2.9"), start + 2500ms);
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.retry_after, 8s);
  EXPECT_EQ(arrival_limits::limit_of(refused), limit::handshakes);
}

TEST(ArrivalLimits, Do_not_apply_to_this_machine_unless_asked) {
  const limit_options none{.per_address = 1, .handshakes = {1, 1}, .handshakes_per_address = {1, 1}};
  for (const bool too : {false, true}) {
    limit_options options = none;
    options.loopback_too = too;
    arrival_limits limits(options);
    EXPECT_EQ(limits.arrive(at("127.0.0.1"), start).status, 0);
    EXPECT_EQ(limits.arrive(at("127.0.0.1"), start).status, too ? 503 : 0);
    EXPECT_EQ(limits.apply_to(at("::1")), too);
    EXPECT_EQ(limits.apply_to(host_address()), too);
    EXPECT_TRUE(limits.apply_to(at("192.0.2.1")));
  }
}

TEST(ArrivalLimits, Apply_to_the_client_that_a_trusted_proxy_names) {
  arrival_limits limits({.per_address = 0, .handshakes = {}, .handshakes_per_address = {1, 1}, .trusted_proxies = {"10.0.0.0/8", "unix"}});
  host_address client;
  for (const std::string_view proxy : {"10.0.0.1", "unix"}) {
    const std::string who = proxy == "unix" ? "203.0.113.1" : "203.0.113.2";
    for (int i = 0; i < 5; ++i) EXPECT_EQ(limits.arrive(proxy == "unix" ? host_address() : at(proxy), start).status, 0);
    EXPECT_EQ(limits.ask(*std::make_unique<asked>(proxy, std::vector<std::string>{who}), start, client).status, 0);
    EXPECT_EQ(client, at(who));
    EXPECT_EQ(limits.ask(*std::make_unique<asked>(proxy, std::vector<std::string>{who}), start, client).status, 429);
  }
  // The header of anybody else is ignored, and its address was counted when it connected.
  EXPECT_EQ(limits.arrive(at("192.0.2.1"), start).status, 0);
  EXPECT_EQ(limits.ask(*std::make_unique<asked>("192.0.2.1", std::vector<std::string>{"203.0.113.1"}), start, client).status, 0);
  EXPECT_EQ(client, at("192.0.2.1"));
  EXPECT_EQ(limits.arrive(at("192.0.2.1"), start).status, 429);
}

TEST(ForwardedFor, Is_believed_from_the_right_up_to_the_first_stranger) {
  struct row {
    const char* from;
    std::vector<std::string> lines;
    const char* client;
  };
  const row rows[] = {
      {"10.0.0.1", {"203.0.113.9"}, "203.0.113.9"},
      {"10.0.0.1", {"1.1.1.1, 203.0.113.9"}, "203.0.113.9"},
      {"10.0.0.1", {"1.1.1.1, 203.0.113.9, 10.0.0.2"}, "203.0.113.9"},
      {"10.0.0.1", {"1.1.1.1", "203.0.113.9 ,\t10.0.0.2"}, "203.0.113.9"},
      {"10.0.0.1", {"203.0.113.9:4711"}, "203.0.113.9"},
      {"10.0.0.1", {"[2001:db8::1]:4711"}, "2001:db8::1"},
      {"10.0.0.1", {"[2001:db8::1]"}, "2001:db8::1"},
      {"10.0.0.1", {"2001:db8::1"}, "2001:db8::1"},
      {"10.0.0.1", {"::ffff:203.0.113.9"}, "203.0.113.9"},
      {"10.0.0.1", {}, "10.0.0.1"},
      {"10.0.0.1", {""}, "10.0.0.1"},
      {"10.0.0.1", {"unknown"}, "10.0.0.1"},
      {"10.0.0.1", {"203.0.113.9, unknown"}, "10.0.0.1"},
      {"10.0.0.1", {"203.0.113.9, _hidden, 10.0.0.2"}, "10.0.0.2"},
      {"10.0.0.1", {"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
      {"10.0.0.1", {"203.0.113.9,"}, "10.0.0.1"},
      {"10.0.0.1", {"203.0.113.9:"}, "10.0.0.1"},
      {"10.0.0.1", {"203.0.113.9:123456"}, "10.0.0.1"},
      {"10.0.0.1", {"[203.0.113.9]"}, "10.0.0.1"},
      {"10.0.0.1", {"[2001:db8::1"}, "10.0.0.1"},
      {"10.0.0.1", {"[2001:db8::1]x"}, "10.0.0.1"},
      {"10.0.0.1", {"\"203.0.113.9\""}, "10.0.0.1"},
      {"192.0.2.1", {"203.0.113.9"}, "192.0.2.1"},
  };
  arrival_limits limits({.trusted_proxies = {"10.0.0.0/8"}});
  for (const row& r : rows) EXPECT_EQ(limits.client_of(asked(r.from, r.lines)), at(r.client)) << testing::PrintToString(r.lines);
}

// Whatever a client sends before the entries of the proxies, it cannot choose its address.
TEST(ForwardedFor, Cannot_be_chosen_by_a_client) {
  arrival_limits limits({.trusted_proxies = {"10.0.0.0/8"}});
  std::mt19937 random(20261129);
  const std::string_view alphabet = "0123456789.:,[] abcdef_\"\t%";
  for (int i = 0; i < 20'000; ++i) {
    std::string line;
    for (auto left = random() % 40; left != 0; --left) line += alphabet[random() % alphabet.size()];
    EXPECT_EQ(limits.client_of(asked("10.0.0.1", {line, "203.0.113.9, 10.0.0.2"})), at("203.0.113.9")) << line;
    (void)limits.client_of(asked("10.0.0.1", {line}));
  }
  EXPECT_EQ(limits.client_of(asked("10.0.0.1", {std::string(100'000, ',')})), at("10.0.0.1"));
}

TEST(ArrivalLimits, That_make_no_sense_are_named) {
  const auto text = [](const limit_options& options) { return check_limits(options, "server_options::limits").error().message; };
  EXPECT_TRUE(check_limits({}, "x"));
  EXPECT_THAT(text({.handshakes = {-1, 1}}), HasSubstr("server_options::limits::handshakes: "));
  EXPECT_THAT(text({.handshakes_per_address = {1, 0.5}}), HasSubstr("handshakes_per_address"));
  EXPECT_THAT(text({.messages = {std::numeric_limits<double>::quiet_NaN(), 1}}), HasSubstr("messages"));
  EXPECT_THAT(text({.bytes = {1, std::numeric_limits<double>::infinity()}}), HasSubstr("bytes"));
  EXPECT_THAT(text({.close_after = -1s}), HasSubstr("close_after"));
  EXPECT_THAT(text({.trusted_proxies = {"10.0.0.0/8", "proxy"}}), HasSubstr("\"proxy\""));
}

TEST(LimitCounts, Give_the_log_one_line_in_ten_seconds_for_each_limit) {
  limit_counts counts;
  EXPECT_EQ(counts.count(limit::handshakes, start, "192.0.2.1"), "limits.handshakes was reached by 192.0.2.1");
  for (int i = 0; i < 50; ++i) EXPECT_EQ(counts.count(limit::handshakes, start + 9s, "192.0.2.2"), std::nullopt);
  EXPECT_EQ(counts.count(limit::messages, start + 9s, "client x"), "limits.messages was reached by client x");
  EXPECT_EQ(counts.count(limit::handshakes, start + 10s, "192.0.2.3"),
            "limits.handshakes was reached 51 times, the last time by 192.0.2.3");
  EXPECT_EQ(counts.of(limit::handshakes), 52u);
  EXPECT_EQ(counts.of(limit::bytes), 0u);
}

// A flood from many addresses changes nothing for an address that does not take part, except where
// they share a place of the table.
TEST(AddressRates, Keep_their_size_under_a_flood) {
  address_rates rates({1, 5});
  std::mt19937 random(3);
  for (int i = 0; i < 200'000; ++i) {
    std::array<std::uint8_t, 16> bytes{};
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
    rates.take(host_address::v6(bytes), start);
  }
  address_rates quiet({1, 5});
  for (int i = 0; i < 5; ++i) EXPECT_EQ(quiet.take(at("192.0.2.1"), start), 0ns);
  EXPECT_EQ(quiet.wait(at("192.0.2.1"), start), 1s);
  EXPECT_EQ(quiet.take(at("192.0.2.1"), start), 1s);
  EXPECT_EQ(quiet.wait(at("192.0.2.1"), start + 1s), 0ns);
}

}  // namespace
}  // namespace parley
