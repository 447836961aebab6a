#include "load/crowd.hpp"
#include "load/modes.hpp"
#include "support/figures.hpp"
#include "support/report.hpp"

#include <atomic>
#include <cstdint>

namespace bench {

void pipeline(const load& what) {
  crowd clients(what.port, what.connections, what.scripts, what.in_flight);
  for (std::size_t i = 0; i < clients.size(); ++i) {
    clients.owe(clients.at(i), what.in_flight);
    clients.flush(clients.at(i));
  }
  std::atomic<std::uint64_t> answers{0};
  // Every connection must have completed one round, even if that takes long. Otherwise the counted
  // answers would belong to messages from before.
  constexpr double longest = 10;  // seconds
  const std::uint64_t once_round = what.connections * what.in_flight;
  time_throughput(what.server, what.warm_up, what.seconds, answers, [&](double time) {
    const double start = now();
    const std::uint64_t before = answers;
    for (double passed = 0; passed < time || (answers - before < once_round && passed < longest); passed = now() - start) {
      clients.poll([&](crowd::member& who, std::uint64_t more) {
        answers.store(answers.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
        clients.owe(who, more);
      });
    }
  });
}

}  // namespace bench
