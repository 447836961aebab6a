// Include this for a WebSocket connection without a schema, to servers of any kind. See
// raw/raw_connection.hpp, also for the threads that do the work.
#pragma once

#include "parley/ends/run.hpp"
#include "parley/raw/raw_connection.hpp"
#include "parley/stub/block.hpp"

#include <asio/this_coro.hpp>
