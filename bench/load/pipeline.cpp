#include "load/crowd.hpp"
#include "load/modes.hpp"
#include "support/figures.hpp"

#include <cstdio>

#include <unistd.h>

namespace bench {

void pipeline(const load& what) {
  crowd clients(what.port, what.connections, what.scripts, what.in_flight);
  for (std::size_t i = 0; i < clients.size(); ++i) {
    clients.owe(clients.at(i), what.in_flight);
    clients.flush(clients.at(i));
  }
  std::uint64_t answers = 0;
  const auto run_until = [&](double end) {
    while (now() < end) {
      clients.poll([&](crowd::member& who, std::uint64_t more) {
        answers += more;
        clients.owe(who, more);
      });
    }
  };
  run_until(now() + what.warm_up);
  const std::uint64_t answers_before = answers;
  const std::uint64_t cpu_before = cpu_ns(what.server);
  const std::uint64_t own_cpu_before = cpu_ns(getpid());
  const double start = now();
  run_until(start + what.seconds);
  const double wall = now() - start;
  const double cpu = static_cast<double>(cpu_ns(what.server) - cpu_before);
  const double own_cpu = static_cast<double>(cpu_ns(getpid()) - own_cpu_before);
  const double messages = static_cast<double>(answers - answers_before);
  if (messages == 0) fail("not one answer");
  std::printf("{\"count\": %.0f, \"cpu_ns\": %.2f, \"per_second\": %.0f, \"server_busy\": %.3f, \"client_busy\": %.3f}\n", messages,
              cpu / messages, messages / wall, cpu / wall * 1e-9, own_cpu / wall * 1e-9);
}

}  // namespace bench
