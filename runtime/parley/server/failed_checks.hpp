// Limits how often the credentials of one network address may fail their check. Takes time points
// and addresses, and does no I/O. Private to the server room.
#pragma once

#include "parley/core/core.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string_view>

namespace parley {

// Addresses share a fixed number of buckets, chosen by a hash with a random key, so that many
// addresses need no more memory than few. A collision makes the limit stricter for both.
//
// Any thread. The loops of a server share one object.
class failed_checks {
 public:
  // What `allowed` failures a minute means: that many at once, and then one for each of them that a
  // minute brings back.
  static constexpr int allowed = 10;
  static constexpr std::chrono::nanoseconds each = std::chrono::nanoseconds(std::chrono::minutes(1)) / allowed;

  explicit failed_checks(std::uint64_t random_key);

  // Whether this address has used its failures up. `customer` is the address, for IPv6 its first 64
  // bits, in any spelling that is always the same.
  bool is_barred(std::string_view customer, time_point now) const noexcept;
  void count(std::string_view customer, time_point now) noexcept;

 private:
  static constexpr std::size_t buckets = 4096;
  // The time at which all failures of the bucket will be forgiven, in nanoseconds of the clock.
  using bucket = std::atomic<std::int64_t>;

  bucket& bucket_of(std::string_view customer) const noexcept;

  const std::uint64_t key_;
  const std::unique_ptr<std::array<bucket, buckets>> forgiven_at_;
};

}  // namespace parley
