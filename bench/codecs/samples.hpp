// The messages that the codecs are measured with, one of each kind. They are always the same.
#pragma once

#include "bench/v1/kinds.types.hpp"

namespace bench {

v1::Flat flat_sample();      // small and flat: 6 fields
v1::Order nested_sample();   // an order with its customer and five lines
v1::Series series_sample();  // 100 numbers
v1::Block block_sample();    // 64 KiB of bytes
v1::Board board_sample();    // maps and oneofs

}  // namespace bench
