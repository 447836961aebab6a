// The typed server under test: a generated handler on a real server. Only limits are raised.
#include "ours/handler.hpp"
#include "support/socket.hpp"

#include <parley/server.hpp>

#include <chrono>

int main() {
  parley::server server{{
      .max_message = 1 << 20,
      .max_queue = 64 << 20,
      .max_connections = 20'000,
      .heartbeat = std::chrono::minutes(10),
  }};
  bench::handler echo;
  server.add(echo);
  server.start();
  bench::announce(server.port());
  server.join();
}
