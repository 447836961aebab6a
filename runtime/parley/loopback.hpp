// Include this in tests: a network in memory, and a clock that the test advances.
#pragma once

#include "parley/transport/loopback.hpp"
#include "parley/transport/loopback/manual_clock.hpp"
