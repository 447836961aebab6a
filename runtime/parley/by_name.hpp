// Events and calls by their wire names, without a schema: see peer/by_name.hpp.
#pragma once

#include "parley/client.hpp"
#include "parley/peer/by_name.hpp"
