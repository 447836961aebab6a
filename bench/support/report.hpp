// The line of JSON that a client program ends with.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <vector>

namespace bench {

// Microseconds of round trips, and the server's CPU nanoseconds in all.
void report_round_trips(std::vector<double> times, std::uint64_t cpu);
void report_throughput(double messages, double cpu, double own_cpu, double wall_seconds);

// Measures `call`, which waits for its answer, one after the other.
void time_round_trips(int server, double warm_up, double seconds, const std::function<void()>& call);
// Watches a counter that grows while `pass` lets a time (in seconds) go by.
void time_throughput(int server, double warm_up, double seconds, const std::atomic<std::uint64_t>& answers,
                     const std::function<void(double)>& pass);

}  // namespace bench
