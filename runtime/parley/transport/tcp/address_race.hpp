// Which address of a name is tried when: Happy Eyeballs (RFC 8305 sections 4 and 5), so that an address that does not answer costs a quarter
// of a second and not the whole time. No sockets and no clock: time points in, places in a list out.
//
//   address_race race(addresses);
//   while (const auto place = race.next(now)) begin(race.addresses()[*place]);   // at first, after failed(), and at next_attempt()
//   if (race.lost()) ...                                                         // every address has failed
//
// Attempts go on beside each other until one of them succeeds; that one ends the race, and its owner drops the others.
#pragma once

#include "parley/core/clock.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

namespace parley::transport {

// `Address` is asio::ip::tcp::endpoint, or anything else that compares and has a protocol(), which is
// its family.
template <class Address>
class address_race {
 public:
  // RFC 8305 section 8: the Connection Attempt Delay.
  static constexpr std::chrono::milliseconds delay{250};
  // Each may hold a descriptor; a name can have thousands.
  static constexpr std::size_t most = 32;

  // `found`: in the order of the system (RFC 6724). What is listed twice is tried once.
  explicit address_race(const std::vector<Address>& found) {
    std::vector<Address> same, other;  // family as the first
    for (const Address& one : found) {
      auto& family = one.protocol() == found.front().protocol() ? same : other;
      if (std::find(family.begin(), family.end(), one) == family.end()) family.push_back(one);
    }
    for (std::size_t i = 0; addresses_.size() < most && i < std::max(same.size(), other.size()); ++i) {
      if (i < same.size()) addresses_.push_back(same[i]);
      if (i < other.size() && addresses_.size() < most) addresses_.push_back(other[i]);
    }
  }

  // In the order in which they are tried: the families alternate, the first one's begins (RFC 8305 section 4).
  const std::vector<Address>& addresses() const noexcept { return addresses_; }

  // The address to begin with now, as its place in addresses(); nullopt: none yet, or none is left.
  std::optional<std::size_t> next(time_point now) {
    if (begun_ == addresses_.size() || now < earliest_) return std::nullopt;
    earliest_ = saturating_add(now, delay);
    return begun_++;
  }
  // An attempt has failed: the next one begins without delay.
  void failed() noexcept {
    ++failed_;
    earliest_ = time_point::min();
  }
  // When next() has another one; time_point::max(): never.
  time_point next_attempt() const noexcept { return begun_ == addresses_.size() ? time_point::max() : earliest_; }
  bool lost() const noexcept { return failed_ == addresses_.size(); }

 private:
  std::vector<Address> addresses_;
  std::size_t begun_ = 0;
  std::size_t failed_ = 0;
  time_point earliest_ = time_point::min();
};

}  // namespace parley::transport
