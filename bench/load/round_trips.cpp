#include "load/connection.hpp"
#include "load/modes.hpp"
#include "support/figures.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <vector>

namespace bench {

void round_trips(const load& what) {
  const script& talk = what.scripts.front();
  const int socket = open_connection(what.port, talk);
  outgoing out(talk, 1);
  answer_counter in(talk);
  outgoing::cursor cursor;
  std::vector<unsigned char> input(1 << 20);
  std::vector<double> times;
  times.reserve(1 << 20);

  const double measured_from = now() + what.warm_up;
  const double until = measured_from + what.seconds;
  std::uint64_t cpu_before = 0;
  for (;;) {
    double start = now();
    if (cpu_before == 0 && start >= measured_from) {
      cpu_before = cpu_ns(what.server);
      start = now();
    }
    if (start >= until) break;
    cursor.owed = 1;
    while (!out.send(socket, cursor)) {}
    for (std::uint64_t answers = 0; answers == 0;) {
      const ssize_t n = recv(socket, input.data(), input.size(), MSG_DONTWAIT);
      if (n == 0) fail("the server hung up");
      if (n > 0) answers = in.feed(input.data(), static_cast<std::size_t>(n));
      else if (errno != EAGAIN) fail_errno("recv");
      else if (now() - start > 5) fail("no answer for 5 s");
    }
    if (cpu_before != 0) times.push_back((now() - start) * 1e6);
  }
  const std::uint64_t cpu = cpu_ns(what.server) - cpu_before;
  std::ranges::sort(times);
  const auto at = [&](std::size_t percent) { return times[times.size() * percent / 100]; };
  std::printf("{\"count\": %zu, \"p50_us\": %.3f, \"p90_us\": %.3f, \"p99_us\": %.3f, \"cpu_ns\": %.1f}\n", times.size(), at(50), at(90),
              at(99), static_cast<double>(cpu) / static_cast<double>(times.size()));
}

}  // namespace bench
