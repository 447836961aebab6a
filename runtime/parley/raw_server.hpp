// Accepts WebSocket connections without a schema: what a server of somebody's own protocol includes. peer/raw_server.hpp explains.
#pragma once

#include "parley/peer/raw_server.hpp"
#include "parley/raw.hpp"
