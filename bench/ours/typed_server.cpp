// The measured server: a generated handler on a real server with raised limits. threads=N selects
// the number of loops.
#include "ours/handler.hpp"
#include "support/arguments.hpp"
#include "support/socket.hpp"

#include <parley/server.hpp>

#include <chrono>

int main(int argc, char** argv) {
  const bench::arguments given(argc, argv);
  parley::server server{{
      .threads = given.count("threads", 1),
      .max_message = 1 << 20,
      .max_queue = 64 << 20,
      .limits = {.connections = 20'000},
      .heartbeat = std::chrono::minutes(10),
  }};
  bench::handler echo;
  server.add(echo);
  server.start();
  bench::announce(server.port());
  server.join();
}
