// The cost of compiling the translation unit of a server program: it answers a call and examines an
// event.
#include "bench/v1/bench.server.hpp"

#include <parley/server.hpp>

using namespace bench::v1;

namespace {

struct Answers final : BenchHandler {
  parley::reply<Sample> echo(const Sample& sample, parley::call&) override { return Sample{.sequence = sample.sequence + 1}; }
  parley::relay tell(const Sample& sample, parley::event&) override {
    return sample.sequence == 0 ? parley::relay::drop : parley::relay::pass;
  }
};

}  // namespace

int main() {
  parley::server server{{.port = 0}};
  Answers answers;
  server.add(answers);
  server.run();
}
