// What tests of programs need: a network in memory, and a clock that is turned by hand.
#pragma once

#include "parley/transport/loopback.hpp"
#include "parley/transport/loopback/manual_clock.hpp"
