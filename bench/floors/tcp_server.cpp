// Echoes raw TCP, one connection at a time, with blocking reads and writes: the cost of a round
// trip without Parley.
#include "support/socket.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <vector>

int main() {
  const int listener = bench::listen_and_announce(true);
  std::vector<char> bytes(1 << 20);
  for (;;) {
    const int peer = accept(listener, nullptr, nullptr);
    if (peer < 0) return 1;
    bench::no_delay(peer);
    for (ssize_t n = 0; (n = read(peer, bytes.data(), bytes.size())) > 0;) {
      if (write(peer, bytes.data(), static_cast<std::size_t>(n)) != n) break;
    }
    close(peer);
  }
}
