// The modes of the load client. Each prints one line of JSON.
#pragma once

#include "load/script.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace bench {

struct load {
  std::uint16_t port = 0;
  // The process id of the server, whose CPU time and memory are measured.
  int server = 0;
  std::vector<script> scripts{};
  std::size_t connections = 1;
  std::size_t in_flight = 64;  // per connection
  std::size_t burst = 1;       // events sent at once
  double warm_up = 0.25;       // seconds before the measurement
  double seconds = 0.5;
};

// One connection that sends each message after the answer to the last.
void round_trips(const load&);
// Every connection has `in_flight` messages without an answer.
void pipeline(const load&);
// The first connection sends `burst` events, and sends them again when all connections have
// received all of them.
void fan_out(const load&);
// Opens connections and does nothing with them.
void idle(const load&);

}  // namespace bench
