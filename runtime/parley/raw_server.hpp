// Include this in a server with a protocol of its own: it accepts WebSocket connections without a
// schema. See peer/raw_server.hpp.
#pragma once

#include "parley/peer/raw_server.hpp"
#include "parley/raw.hpp"
