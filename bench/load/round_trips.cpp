#include "load/connection.hpp"
#include "load/modes.hpp"
#include "support/figures.hpp"
#include "support/report.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <vector>

namespace bench {

void round_trips(const load& what) {
  const script& talk = what.scripts.front();
  const int socket = open_connection(what.port, talk);
  outgoing out(talk, 1);
  answer_counter in(talk);
  outgoing::cursor cursor;
  std::vector<unsigned char> input(1 << 20);

  time_round_trips(what.server, what.warm_up, what.seconds, [&] {
    cursor.owed = 1;
    while (!out.send(socket, cursor)) {}
    // Reads the clock only at intervals, because that is a system call on some machines.
    double start = 0;
    for (std::size_t looks = 1;; ++looks) {
      const ssize_t n = recv(socket, input.data(), input.size(), 0);
      if (n == 0) fail("the server hung up");
      if (n < 0 && errno != EAGAIN) fail_errno("recv");
      if (n > 0 && in.feed(input.data(), static_cast<std::size_t>(n)) != 0) return;
      if (looks % 65'536 != 0) continue;
      if (start == 0) start = now();
      if (now() - start > 5) fail("no answer for 5 s");
    }
  });
}

}  // namespace bench
