// Addresses of hosts, and blocks of them.
#include "parley/transport/host_address.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>

namespace parley::transport {
namespace {

TEST(HostAddress, Is_read_from_the_usual_texts_only) {
  for (const std::string_view text : {"192.0.2.1", "2001:db8::1", "::1", "::", "0.0.0.0", "255.255.255.255"}) {
    const auto one = host_address::parse(text);
    ASSERT_TRUE(one) << text;
    EXPECT_EQ(one->text(), text);
  }
  EXPECT_EQ(host_address::parse("::ffff:192.0.2.1"), host_address::parse("192.0.2.1"));
  for (const std::string_view text : {"", "192.0.2", "192.0.2.1:80", "[::1]", "fe80::1%eth0", "192.0.2.256", "0300.0.0.1", "1.2.3.4 ",
                                      " 1.2.3.4", "localhost", "1.2.3.4/8", ":::", "1::2::3", "12345::"})
    EXPECT_FALSE(host_address::parse(text)) << text;
  EXPECT_FALSE(host_address::parse(std::string_view("1.2.3.4\0", 8)));
  EXPECT_FALSE(host_address::parse(std::string(1000, '1')));
}

TEST(HostAddress, Knows_what_is_on_this_machine_and_who_is_one_customer) {
  const auto at = [](std::string_view text) { return *host_address::parse(text); };
  EXPECT_TRUE(host_address().is_loopback());
  EXPECT_TRUE(at("127.0.0.1").is_loopback());
  EXPECT_TRUE(at("127.255.0.9").is_loopback());
  EXPECT_TRUE(at("::1").is_loopback());
  EXPECT_TRUE(at("::ffff:127.0.0.1").is_loopback());
  EXPECT_FALSE(at("128.0.0.1").is_loopback());
  EXPECT_FALSE(at("::2").is_loopback());
  EXPECT_FALSE(at("::").is_loopback());
  EXPECT_EQ(at("2001:db8:1:2::1").customer(), at("2001:db8:1:2:ffff::9").customer());
  EXPECT_NE(at("2001:db8:1:2::1").customer(), at("2001:db8:1:3::1").customer());
  EXPECT_NE(at("192.0.2.1").customer(), at("192.0.2.2").customer());
  EXPECT_EQ(host_address().text(), "local");
}

TEST(AddressBlock, Contains_the_addresses_with_its_first_bits) {
  struct row {
    const char* block;
    const char* address;
    bool inside;
  };
  const row rows[] = {
      {"10.0.0.0/8", "10.1.2.3", true},
      {"10.0.0.0/8", "11.0.0.0", false},
      {"10.0.0.0/8", "::ffff:10.9.9.9", true},
      {"192.0.2.128/25", "192.0.2.200", true},
      {"192.0.2.128/25", "192.0.2.127", false},
      {"192.0.2.1", "192.0.2.1", true},
      {"192.0.2.1", "192.0.2.2", false},
      {"0.0.0.0/0", "203.0.113.9", true},
      {"0.0.0.0/0", "2001:db8::1", false},
      {"2001:db8::/32", "2001:db8:ffff::", true},
      {"2001:db8::/32", "2001:db9::", false},
      {"::/0", "192.0.2.1", true},
      {"fe80::/10", "febf::1", true},
      {"fe80::/10", "fec0::1", false},
      {"::ffff:10.0.0.0/104", "10.1.2.3", true},
  };
  for (const row& r : rows) {
    const auto block = address_block::parse(r.block);
    ASSERT_TRUE(block) << r.block;
    EXPECT_EQ(block->contains(*host_address::parse(r.address)), r.inside) << r.block << ' ' << r.address;
    EXPECT_FALSE(block->contains(host_address()));
  }
  for (const std::string_view text :
       {"", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8x", "::/129", "10.0.0.0/08/8", "here/8"})
    EXPECT_FALSE(address_block::parse(text)) << text;
}

// Every length, compared with a count of equal bits.
TEST(AddressBlock, Agrees_with_counting_bits) {
  std::mt19937 random(4711);
  for (int i = 0; i < 20'000; ++i) {
    std::array<std::uint8_t, 4> a{}, b{};
    for (auto& byte : a) byte = static_cast<std::uint8_t>(random());
    b = a;
    if (random() % 4 != 0) b[random() % 4] ^= static_cast<std::uint8_t>(1U << random() % 8);
    const auto bits = static_cast<unsigned>(random() % 33);
    const auto value = [](const auto& x) {
      return std::uint64_t{x[0]} << 24 | std::uint64_t{x[1]} << 16 | std::uint64_t{x[2]} << 8 | x[3];
    };
    const auto block = address_block::parse(host_address::v4(a).text() + '/' + std::to_string(bits));
    ASSERT_TRUE(block);
    EXPECT_EQ(block->contains(host_address::v4(b)), value(a) >> (32 - bits) == value(b) >> (32 - bits));
  }
}

}  // namespace
}  // namespace parley::transport
