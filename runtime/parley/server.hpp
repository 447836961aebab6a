// Include this in a program that accepts connections, beside its generated x.server.hpp.
#pragma once

#include "parley/peer/defer.hpp"
#include "parley/peer/server.hpp"
