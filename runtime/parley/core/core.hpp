// core: errors and results as values, bytes, and the clock. All other rooms use it. It uses only
// the standard library.
//
//   parley::result<int> half(int n) {
//     if (n % 2) return parley::error{parley::errc::invalid, "odd"};
//     return n / 2;
//   }
//
// It knows nothing of messages, sockets or threads. All types are values; none is tied to a thread.
#pragma once

#include "parley/core/bytes.hpp"
#include "parley/core/clock.hpp"
#include "parley/core/error.hpp"
#include "parley/core/result.hpp"
