// The figures that one loop of a server counts. Private to the server room.
#pragma once

#include "parley/conversation/spoken.hpp"
#include "parley/server/server.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace parley {

// A counter that one thread changes and any thread may read.
class tally {
 public:
  void operator+=(std::uint64_t more) noexcept { value_.store(value_.load(std::memory_order_relaxed) + more, std::memory_order_relaxed); }
  void operator-=(std::uint64_t less) noexcept { value_.store(value_.load(std::memory_order_relaxed) - less, std::memory_order_relaxed); }
  operator std::uint64_t() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_ = 0;
};

struct loop_counts {
  std::array<tally, spoken_kinds> population;                                                         // open clients, by what they speak
  tally accepted, rejected, events, deliveries, calls, refused, left_out, accept_failures, too_slow;  // as in server_counters
  tally auth_accepted, auth_refused, auth_broken;                                                     // the same

  tally& speaking(spoken kind) noexcept { return population[static_cast<std::size_t>(kind)]; }
  std::uint64_t speaking(spoken kind) const noexcept { return population[static_cast<std::size_t>(kind)]; }

  void add_to(server_counters& sum) const noexcept {
    for (const tally& one : population) sum.clients += one;
    sum.accepted += accepted;
    sum.rejected += rejected;
    sum.events += events;
    sum.deliveries += deliveries;
    sum.calls += calls;
    sum.refused += refused;
    sum.left_out += left_out;
    sum.accept_failures += accept_failures;
    sum.too_slow += too_slow;
    sum.auth_accepted += auth_accepted;
    sum.auth_refused += auth_refused;
    sum.auth_broken += auth_broken;
  }
};

}  // namespace parley
