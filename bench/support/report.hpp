// The line of JSON that a client program prints at its end.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <vector>

namespace bench {

// Prints round trips in microseconds, and the server's total CPU time in nanoseconds.
void report_round_trips(std::vector<double> times, std::uint64_t cpu);
void report_throughput(double messages, double cpu, double own_cpu, double wall_seconds);

// Measures `call` repeatedly, one after the other. `call` must wait for its answer.
void time_round_trips(int server, double warm_up, double seconds, const std::function<void()>& call);
// Measures how fast a counter grows while `pass` lets time (in seconds) go by.
void time_throughput(int server, double warm_up, double seconds, const std::atomic<std::uint64_t>& answers,
                     const std::function<void(double)>& pass);

}  // namespace bench
