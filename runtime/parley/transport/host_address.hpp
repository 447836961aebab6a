// The address of a host without its port, as limits and rules compare it, and blocks of addresses.
// Without Asio.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace parley::transport {

// IPv4 addresses are kept as IPv4-mapped IPv6 addresses (RFC 4291 section 2.5.5.2), so that a client
// is the same one on a socket of either family.
class host_address {
 public:
  // A client without a network address: a Unix socket, or a network in memory.
  host_address() = default;
  // In the order of the network.
  static host_address v4(const std::array<std::uint8_t, 4>& bytes) noexcept;
  static host_address v6(const std::array<std::uint8_t, 16>& bytes) noexcept;
  // "192.0.2.1" or "2001:db8::1". Nothing else is an address: no port, no brackets, no zone.
  static std::optional<host_address> parse(std::string_view text) noexcept;

  // Whether only programs on this machine have it: 127.0.0.0/8, ::1, and no network address.
  bool is_loopback() const noexcept;
  bool is_v4() const noexcept;
  // What one customer of a network usually has: an IPv4 address, or the first 64 bits of an IPv6
  // address.
  host_address customer() const noexcept;
  const std::array<std::uint8_t, 16>& bytes() const noexcept { return bytes_; }
  // "192.0.2.1", "2001:db8::1", or "local" without a network address.
  std::string text() const;

  friend bool operator==(const host_address&, const host_address&) = default;

 private:
  std::array<std::uint8_t, 16> bytes_{};
  bool has_network_ = false;
};

// "10.0.0.0/8", "2001:db8::/32", or one address.
class address_block {
 public:
  static std::optional<address_block> parse(std::string_view text) noexcept;
  bool contains(const host_address&) const noexcept;

 private:
  host_address first_;
  std::size_t bits_ = 128;  // of the 128 bits of an IPv6 address
};

}  // namespace parley::transport
