#include "parley/server/failed_checks.hpp"

#include <algorithm>

namespace parley {
namespace {

std::int64_t in_nanoseconds(time_point t) noexcept {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(t.time_since_epoch()).count();
}

}  // namespace

failed_checks::failed_checks(std::uint64_t random_key) : key_(random_key), forgiven_at_(std::make_unique<std::array<bucket, buckets>>()) {
  for (bucket& one : *forgiven_at_) one.store(std::numeric_limits<std::int64_t>::min(), std::memory_order_relaxed);
}

failed_checks::bucket& failed_checks::bucket_of(std::string_view customer) const noexcept {
  std::uint64_t hash = key_;
  for (const char c : customer) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x9e3779b97f4a7c15;
    hash ^= hash >> 29;
  }
  return (*forgiven_at_)[hash % buckets];
}

bool failed_checks::is_barred(std::string_view customer, time_point now) const noexcept {
  const std::int64_t left = bucket_of(customer).load(std::memory_order_relaxed);
  const std::int64_t t = in_nanoseconds(now);
  return left > t && left - t > (allowed - 1) * each.count();
}

// A burst from several threads counts each of its failures.
void failed_checks::count(std::string_view customer, time_point now) noexcept {
  bucket& forgiven_at = bucket_of(customer);
  const std::int64_t t = in_nanoseconds(now);
  std::int64_t before = forgiven_at.load(std::memory_order_relaxed);
  while (!forgiven_at.compare_exchange_weak(before, std::max(before, t) + each.count(), std::memory_order_relaxed)) {}
}

}  // namespace parley
