// Include this for a WebSocket connection without a schema, to servers of any kind. See
// peer/raw_connection.hpp.
#pragma once

#include "parley/peer/block.hpp"
#include "parley/peer/raw_connection.hpp"
#include "parley/peer/run.hpp"

#include <asio/this_coro.hpp>
