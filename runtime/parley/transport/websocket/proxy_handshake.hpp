// A client's connection to a proxy, until the proxy leads to the server.
#pragma once

#include "parley/transport/tcp/socket_stream.hpp"
#include "parley/transport/transport.hpp"
#include "parley/transport/websocket/protocol/proxy_url.hpp"

#include <functional>
#include <memory>

namespace parley::transport {

// Asks the proxy for the way to `server`, then hands stream and handler on to `reached`, once; or tells `handler` why not, at `deadline` at the
// latest. Returns what abandons it, which does nothing once `reached` was called.
std::function<void()> ask_proxy(std::shared_ptr<socket_stream> stream, const proxy_url& proxy, const host_and_port& server,
                                const connect_options& options, time_point deadline, std::shared_ptr<connection_handler> handler,
                                std::function<void(std::shared_ptr<socket_stream>, std::shared_ptr<connection_handler>)> reached);

}  // namespace parley::transport
