// The typed server under test: a generated handler on a real server. Only limits are raised.
#include "bench/v1/bench.server.hpp"

#include "support/arguments.hpp"
#include "support/socket.hpp"

#include <parley/server.hpp>

#include <chrono>

namespace {

struct Bench final : bench::v1::BenchHandler {
  parley::reply<bench::v1::Sample> echo(const bench::v1::Sample& sample, parley::call&) override { return sample; }
};

}  // namespace

int main() {
  parley::server server{{
      .max_message = 1 << 20,
      .max_queue = 64 << 20,
      .max_connections = 20'000,
      .heartbeat = std::chrono::minutes(10),
  }};
  Bench handler;
  server.add(handler);
  server.start();
  bench::announce(server.port());
  server.join();
}
