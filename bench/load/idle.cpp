#include "load/connection.hpp"
#include "load/modes.hpp"
#include "support/figures.hpp"

#include <cstdio>
#include <vector>

namespace bench {

void idle(const load& what) {
  // Opens one connection first, so that memory which the server allocates once is not counted.
  std::vector<int> sockets{open_connection(what.port, what.scripts.front())};
  const std::int64_t before = settled_resident_bytes(what.server);
  for (std::size_t i = 0; i < what.connections; ++i) sockets.push_back(open_connection(what.port, what.scripts[i % what.scripts.size()]));
  const std::int64_t after = settled_resident_bytes(what.server);
  std::printf("{\"count\": %zu, \"bytes\": %.1f}\n", what.connections,
              static_cast<double>(after - before) / static_cast<double>(what.connections));
}

}  // namespace bench
