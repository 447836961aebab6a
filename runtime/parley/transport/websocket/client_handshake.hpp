// The client's side of a connection until it is upgraded or refused.
#pragma once

#include "parley/transport/tcp/socket_stream.hpp"
#include "parley/transport/transport.hpp"
#include "parley/transport/websocket/protocol/url.hpp"

#include <chrono>
#include <functional>
#include <memory>

namespace parley::transport {

// Asks the server for the upgrade, which must complete within `left`. Calls on_open or on_closed of
// `handler`. Returns a function that abandons the attempt.
std::function<void()> ask_for_upgrade(std::shared_ptr<socket_stream> stream, const url& where, const connect_options& options,
                                      std::chrono::milliseconds left, std::shared_ptr<connection_handler> handler);

}  // namespace parley::transport
