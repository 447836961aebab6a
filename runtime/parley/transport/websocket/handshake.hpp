// The server's side of a connection until it is upgraded or refused.
#pragma once

#include "parley/transport/tcp/socket_stream.hpp"
#include "parley/transport/transport.hpp"
#include "parley/transport/websocket/protocol/upgrade.hpp"

#include <atomic>
#include <functional>
#include <memory>

namespace parley::transport {

// The destination of requests while the listener is not stopped. Any thread may write `open`. The
// rest is used on the executor only.
struct door {
  std::atomic<bool> open{true};
  std::function<void(std::shared_ptr<request>)> on_request;
};

// Reads a request and passes it to the application. A request that is not a WebSocket upgrade, is
// too large or is too slow is answered here. `full`: refuses the client, because max_connections is
// reached.
void serve_handshake(std::shared_ptr<socket_stream> stream, std::shared_ptr<server_upgrade> upgrade, const listen_options& options,
                     std::shared_ptr<door> to, bool full);

}  // namespace parley::transport
