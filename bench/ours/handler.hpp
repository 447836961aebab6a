// The measured handler: it answers with the request, and events are relayed without being decoded.
#pragma once

#include "bench/v1/bench.server.hpp"

namespace bench {

struct handler final : v1::BenchHandler {
  parley::reply<v1::Sample> echo(const v1::Sample& sample, parley::call&) override { return sample; }
};

}  // namespace bench
