#include "load/crowd.hpp"
#include "load/modes.hpp"
#include "support/figures.hpp"
#include "support/report.hpp"

#include <atomic>
#include <cstdint>

namespace bench {

void fan_out(const load& what) {
  crowd clients(what.port, what.connections, what.scripts, what.burst);
  crowd::member& sender = clients.at(0);
  std::atomic<std::uint64_t> deliveries{0};
  time_throughput(what.server, what.warm_up, what.seconds, deliveries, [&](double time) {
    for (const double until = now() + time; now() < until;) {
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
  });
}

}  // namespace bench
