#include "parley/transport/websocket/address_race.hpp"

#include <algorithm>

namespace parley::transport {

address_race::address_race(const std::vector<asio::ip::tcp::endpoint>& found) {
  std::vector<asio::ip::tcp::endpoint> same, other;  // family as the first
  for (const auto& one : found) {
    auto& family = one.protocol() == found.front().protocol() ? same : other;
    if (std::find(family.begin(), family.end(), one) == family.end()) family.push_back(one);
  }
  for (std::size_t i = 0; addresses_.size() < most && i < std::max(same.size(), other.size()); ++i) {
    if (i < same.size()) addresses_.push_back(same[i]);
    if (i < other.size() && addresses_.size() < most) addresses_.push_back(other[i]);
  }
}

std::optional<std::size_t> address_race::next(time_point now) {
  if (begun_ == addresses_.size() || now < earliest_) return std::nullopt;
  earliest_ = saturating_add(now, delay);
  return begun_++;
}

void address_race::failed() noexcept {
  ++failed_;
  earliest_ = time_point::min();
}

}  // namespace parley::transport
