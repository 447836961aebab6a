// Include this in a server with a protocol of its own: it accepts WebSocket connections without a
// schema. See raw/raw_server.hpp.
#pragma once

#include "parley/raw.hpp"
#include "parley/raw/raw_server.hpp"
