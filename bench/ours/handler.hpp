// The handler under test: answers with what it was asked; events are passed on without being decoded.
#pragma once

#include "bench/v1/bench.server.hpp"

namespace bench {

struct handler final : v1::BenchHandler {
  parley::reply<v1::Sample> echo(const v1::Sample& sample, parley::call&) override { return sample; }
};

}  // namespace bench
