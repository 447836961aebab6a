// The figures that one loop of a server counts. Private to the server room.
#pragma once

#include "parley/conversation/spoken.hpp"
#include "parley/server/server.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>

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

// A counter for each of some numbers, and one for all others.
template <std::uint16_t... Numbers>
class tallies {
 public:
  static constexpr std::array<std::uint16_t, sizeof...(Numbers)> listed{Numbers...};

  void count(int number) noexcept {
    std::size_t place = 0;
    while (place < listed.size() && listed[place] != number) ++place;
    counts_[place] += 1;
  }
  // `place` is an index into `listed`, or its size for all others.
  std::uint64_t at(std::size_t place) const noexcept { return counts_[place]; }
  std::uint64_t of(std::uint16_t number) const noexcept {
    for (std::size_t place = 0; place < listed.size(); ++place)
      if (listed[place] == number) return counts_[place];
    return counts_.back();
  }
  static std::string text(std::size_t place) { return place < listed.size() ? std::to_string(listed[place]) : "_OTHER"; }

 private:
  std::array<tally, sizeof...(Numbers) + 1> counts_;
};

using close_code_tallies = tallies<1000, 1001, 1002, 1003, 1005, 1006, 1007, 1008, 1009, 1011, 1012, 1013, 4001, 4002, 4003, 4004, 4005,
                                   4006, 4007, 4008, 4009, 4010, 4011, 4012>;
using http_status_tallies = tallies<0, 200, 308, 400, 401, 403, 404, 405, 408, 426, 429, 431, 500, 503>;

struct loop_counts {
  std::array<tally, spoken_kinds> population;                                                         // open clients, by what they speak
  tally accepted, rejected, events, deliveries, calls, refused, left_out, accept_failures, too_slow;  // as in server_counters
  tally auth_accepted, auth_refused, auth_broken;                                                     // the same
  tally held;                    // clients, including those that are not open yet
  tally tls_full, tls_resumed;   // requests over TLS, by whether the handshake used a ticket
  close_code_tallies closed;     // clients that were open
  http_status_tallies refusals;  // of upgrades; 0: without an answer
  http_status_tallies pages;

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
