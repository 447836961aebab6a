// The clock every deadline and heartbeat is measured with. Rooms without I/O never read it: they are handed time points.
#pragma once

#include <chrono>

namespace parley {

using steady = std::chrono::steady_clock;
using time_point = steady::time_point;

}  // namespace parley
