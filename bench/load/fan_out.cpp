#include "load/crowd.hpp"
#include "load/modes.hpp"
#include "support/figures.hpp"

#include <cstdio>

namespace bench {

void fan_out(const load& what) {
  crowd clients(what.port, what.connections, what.scripts, what.burst);
  crowd::member& sender = clients.at(0);
  std::uint64_t deliveries = 0;
  const auto run_until = [&](double end) {
    while (now() < end) {
      clients.owe(sender, what.burst);
      clients.flush(sender);
      std::uint64_t missing = what.burst * clients.size();
      while (missing != 0) {
        clients.poll([&](crowd::member&, std::uint64_t more) {
          if (more > missing) fail("more deliveries than receivers");
          missing -= more;
        });
      }
      deliveries += what.burst * clients.size();
    }
  };
  run_until(now() + what.warm_up);
  const std::uint64_t deliveries_before = deliveries;
  const std::uint64_t cpu_before = cpu_ns(what.server);
  const double start = now();
  run_until(start + what.seconds);
  const double wall = now() - start;
  const double cpu = static_cast<double>(cpu_ns(what.server) - cpu_before);
  const double delivered = static_cast<double>(deliveries - deliveries_before);
  std::printf("{\"count\": %.0f, \"cpu_ns\": %.2f, \"per_second\": %.0f, \"server_busy\": %.3f}\n", delivered, cpu / delivered,
              delivered / wall, cpu / wall * 1e-9);
}

}  // namespace bench
