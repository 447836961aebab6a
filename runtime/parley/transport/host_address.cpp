#include "parley/transport/host_address.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>

namespace parley::transport {
namespace {

constexpr std::array<std::uint8_t, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
constexpr std::size_t mapped_bits = mapped.size() * 8;
constexpr std::size_t customer_bytes = 8;
constexpr std::size_t longest_text = INET6_ADDRSTRLEN - 1;

}  // namespace

host_address host_address::v4(const std::array<std::uint8_t, 4>& bytes) noexcept {
  host_address made;
  std::copy(mapped.begin(), mapped.end(), made.bytes_.begin());
  std::copy(bytes.begin(), bytes.end(), made.bytes_.begin() + mapped.size());
  made.has_network_ = true;
  return made;
}

host_address host_address::v6(const std::array<std::uint8_t, 16>& bytes) noexcept {
  host_address made;
  made.bytes_ = bytes;
  made.has_network_ = true;
  return made;
}

std::optional<host_address> host_address::parse(std::string_view text) noexcept {
  if (text.empty() || text.size() > longest_text || text.find('\0') != text.npos) return std::nullopt;
  std::array<char, INET6_ADDRSTRLEN> ended{};
  std::copy(text.begin(), text.end(), ended.begin());
  std::array<std::uint8_t, 16> six{};
  if (::inet_pton(AF_INET6, ended.data(), six.data()) == 1) return v6(six);
  std::array<std::uint8_t, 4> four{};
  if (::inet_pton(AF_INET, ended.data(), four.data()) == 1) return v4(four);
  return std::nullopt;
}

bool host_address::is_v4() const noexcept { return has_network_ && std::equal(mapped.begin(), mapped.end(), bytes_.begin()); }

bool host_address::is_loopback() const noexcept {
  constexpr std::uint8_t loopback_net = 127;
  if (!has_network_) return true;
  if (is_v4()) return bytes_[mapped.size()] == loopback_net;
  return bytes_.back() == 1 && std::all_of(bytes_.begin(), bytes_.end() - 1, [](std::uint8_t byte) { return byte == 0; });
}

host_address host_address::customer() const noexcept {
  host_address made = *this;
  if (has_network_ && !is_v4()) std::fill(made.bytes_.begin() + customer_bytes, made.bytes_.end(), std::uint8_t{0});
  return made;
}

std::string host_address::text() const {
  if (!has_network_) return "local";
  std::array<char, INET6_ADDRSTRLEN> room{};
  if (is_v4()) ::inet_ntop(AF_INET, bytes_.data() + mapped.size(), room.data(), room.size());
  else ::inet_ntop(AF_INET6, bytes_.data(), room.data(), room.size());
  return room.data();
}

std::optional<address_block> address_block::parse(std::string_view text) noexcept {
  const std::size_t slash = std::min(text.find('/'), text.size());
  const auto first = host_address::parse(text.substr(0, slash));
  if (!first) return std::nullopt;
  address_block made;
  made.first_ = *first;
  if (slash == text.size()) return made;
  const std::string_view digits = text.substr(slash + 1);
  // An IPv4-mapped address that was written as IPv6 has the length of IPv6.
  const bool four = first->is_v4() && text.find(':') == text.npos;
  const std::size_t most = four ? 128 - mapped_bits : 128;
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), made.bits_);
  if (failed != std::errc() || end != digits.data() + digits.size() || made.bits_ > most) return std::nullopt;
  if (four) made.bits_ += mapped_bits;
  return made;
}

bool address_block::contains(const host_address& one) const noexcept {
  if (one == host_address()) return false;
  const auto &a = first_.bytes(), &b = one.bytes();
  const std::size_t whole = bits_ / 8, rest = bits_ % 8;
  if (!std::equal(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(whole), b.begin())) return false;
  return rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

}  // namespace parley::transport
