// Include this for events and calls by their wire names, without a schema. See client/by_name.hpp.
#pragma once

#include "parley/client.hpp"
#include "parley/client/by_name.hpp"
