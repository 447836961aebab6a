// Decides when each address of a name is tried: Happy Eyeballs (RFC 8305 sections 4 and 5). An
// address that does not answer then costs a quarter of a second instead of the whole time limit.
// Without sockets and clocks: it takes time points and returns positions in a list.
//
//   address_race race(addresses);
//   while (const auto place = race.next(now)) begin(race.addresses()[*place]);   // at first, after failed(), and at next_attempt()
//   if (race.lost()) ...                                                         // every address has failed
//
// Attempts continue in parallel until one of them succeeds. This ends the race, and the owner drops
// the others.
#pragma once

#include "parley/core/clock.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

namespace parley::transport {

// `Address` is asio::ip::tcp::endpoint, or any other type that can be compared and has a function
// protocol(), which returns its family.
template <class Address>
class address_race {
 public:
  // RFC 8305 section 8: the Connection Attempt Delay.
  static constexpr std::chrono::milliseconds delay{250};
  // Limits the attempts, because each may hold a descriptor and a name can have thousands of
  // addresses.
  static constexpr std::size_t most = 32;

  // `found` has the order of the system (RFC 6724). An address that is listed twice is tried once.
  explicit address_race(const std::vector<Address>& found) {
    std::vector<Address> same, other;  // the family of the first address, and the other one
    for (const Address& one : found) {
      auto& family = one.protocol() == found.front().protocol() ? same : other;
      if (std::find(family.begin(), family.end(), one) == family.end()) family.push_back(one);
    }
    for (std::size_t i = 0; addresses_.size() < most && i < std::max(same.size(), other.size()); ++i) {
      if (i < same.size()) addresses_.push_back(same[i]);
      if (i < other.size() && addresses_.size() < most) addresses_.push_back(other[i]);
    }
  }

  // The order in which they are tried. The families alternate, beginning with that of the first
  // address (RFC 8305 section 4).
  const std::vector<Address>& addresses() const noexcept { return addresses_; }

  // The next address to try now, as its position in addresses(). nullopt: not yet, or none is left.
  std::optional<std::size_t> next(time_point now) {
    if (begun_ == addresses_.size() || now < earliest_) return std::nullopt;
    earliest_ = saturating_add(now, delay);
    return begun_++;
  }
  // An attempt has failed, so the next one starts without delay.
  void failed() noexcept {
    ++failed_;
    earliest_ = time_point::min();
  }
  // The time at which next() returns another address. time_point::max(): never.
  time_point next_attempt() const noexcept { return begun_ == addresses_.size() ? time_point::max() : earliest_; }
  bool lost() const noexcept { return failed_ == addresses_.size(); }

 private:
  std::vector<Address> addresses_;
  std::size_t begun_ = 0;
  std::size_t failed_ = 0;
  time_point earliest_ = time_point::min();
};

}  // namespace parley::transport
