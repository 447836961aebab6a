// The cost of compiling the translation unit of a client program: it makes a call, sends an event
// and receives an event.
#include "bench/v1/bench.client.hpp"

#include <parley/client.hpp>

#include <iostream>

using namespace bench::v1;

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  parley::client link{argv[1]};
  BenchClient bench{link};
  bench.on_tell([](const Sample& sample, const parley::origin& from) { std::cout << from.id << ": " << sample.sequence << '\n'; });
  link.connect();
  const Sample answer = bench.echo({.sequence = 1});
  bench.tell(answer, parley::to::all);
}
