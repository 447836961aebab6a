// Include this in a program that accepts connections, beside its generated x.server.hpp.
#pragma once

#include "parley/server/server.hpp"
#include "parley/stub/defer.hpp"
