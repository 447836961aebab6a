// Include this for events and calls by their wire names, without a schema. See peer/by_name.hpp.
#pragma once

#include "parley/client.hpp"
#include "parley/peer/by_name.hpp"
