// What the load client can do. Each mode prints one line of JSON.
#pragma once

#include "load/script.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace bench {

struct load {
  std::uint16_t port = 0;
  int server = 0;  // its process, whose CPU time and memory are measured
  std::vector<script> scripts{};
  std::size_t connections = 1;
  std::size_t in_flight = 64;  // per connection
  std::size_t burst = 1;       // events sent at once
  double warm_up = 0.25;       // seconds, not measured
  double seconds = 0.5;
};

// One message after the other on one connection.
void round_trips(const load&);
// Every connection keeps `in_flight` messages on their way.
void pipeline(const load&);
// The first connection sends `burst` events, and again when all connections have received all of them.
void fan_out(const load&);
// Opens connections and does nothing with them.
void idle(const load&);

}  // namespace bench
