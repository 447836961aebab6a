#include "support/report.hpp"

#include "support/figures.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

namespace bench {

void report_round_trips(std::vector<double> times, std::uint64_t cpu) {
  if (times.empty()) fail("not one answer");
  std::ranges::sort(times);
  const auto at = [&](std::size_t percent) { return times[times.size() * percent / 100]; };
  std::printf("{\"count\": %zu, \"p50_us\": %.3f, \"p90_us\": %.3f, \"p99_us\": %.3f, \"cpu_ns\": %.1f}\n", times.size(), at(50), at(90),
              at(99), static_cast<double>(cpu) / static_cast<double>(times.size()));
  std::fflush(stdout);
}

void report_throughput(double messages, double cpu, double own_cpu, double wall_seconds) {
  if (messages == 0) fail("not one answer");
  std::printf("{\"count\": %.0f, \"cpu_ns\": %.2f, \"per_second\": %.0f, \"server_busy\": %.3f, \"client_busy\": %.3f}\n", messages,
              cpu / messages, messages / wall_seconds, cpu / wall_seconds * 1e-9, own_cpu / wall_seconds * 1e-9);
  std::fflush(stdout);
}

void time_round_trips(int server, double warm_up, double seconds, const std::function<void()>& call) {
  std::vector<double> times;
  times.reserve(1 << 20);
  for (const double until = now() + warm_up; now() < until;) call();
  const std::uint64_t cpu_before = cpu_ns(server);
  const double until = now() + seconds;
  for (double start = now(); start < until;) {
    call();
    const double end = now();
    times.push_back((end - start) * 1e6);
    start = end;
  }
  report_round_trips(std::move(times), cpu_ns(server) - cpu_before);
}

void time_throughput(int server, double warm_up, double seconds, const std::atomic<std::uint64_t>& answers,
                     const std::function<void(double)>& pass) {
  pass(warm_up);
  const std::uint64_t answers_before = answers;
  const std::uint64_t cpu_before = cpu_ns(server);
  const std::uint64_t own_cpu_before = cpu_ns(getpid());
  const double start = now();
  pass(seconds);
  const double wall = now() - start;
  const std::uint64_t cpu = cpu_ns(server) - cpu_before;
  const std::uint64_t own_cpu = cpu_ns(getpid()) - own_cpu_before;
  report_throughput(static_cast<double>(answers - answers_before), static_cast<double>(cpu), static_cast<double>(own_cpu), wall);
}

}  // namespace bench
