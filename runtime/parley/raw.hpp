// A WebSocket connection without a schema: what a program includes that speaks with servers of any kind. peer/raw_connection.hpp explains.
#pragma once

#include "parley/peer/block.hpp"
#include "parley/peer/raw_connection.hpp"
#include "parley/peer/run.hpp"

#include <asio/this_coro.hpp>
