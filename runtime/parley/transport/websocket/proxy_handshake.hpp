// A client's connection to a proxy, until the proxy has opened the way to the server.
#pragma once

#include "parley/transport/tcp/socket_stream.hpp"
#include "parley/transport/transport.hpp"
#include "parley/transport/websocket/protocol/proxy_url.hpp"

#include <functional>
#include <memory>

namespace parley::transport {

// Asks the proxy to connect to `server`. Then passes stream and handler to `reached`, once. On
// failure, and at `deadline` at the latest, calls on_closed of `handler` instead. Returns a
// function that abandons the attempt. It does nothing once `reached` was called.
std::function<void()> ask_proxy(std::shared_ptr<socket_stream> stream, const proxy_url& proxy, const url& server,
                                const connect_options& options, time_point deadline, std::shared_ptr<connection_handler> handler,
                                std::function<void(std::shared_ptr<socket_stream>, std::shared_ptr<connection_handler>)> reached);

}  // namespace parley::transport
