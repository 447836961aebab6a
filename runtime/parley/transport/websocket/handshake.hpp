// The server's side of a connection until it is upgraded or refused.
#pragma once

#include "parley/transport/tcp/socket_stream.hpp"
#include "parley/transport/transport.hpp"
#include "parley/transport/websocket/protocol/upgrade.hpp"

#include <atomic>
#include <functional>
#include <memory>

namespace parley::transport {

// Where requests go, as long as the listener has not been stopped. `open` is written by any thread, the rest on the executor only.
struct door {
  std::atomic<bool> open{true};
  std::function<void(std::shared_ptr<request>)> on_request;
};

// Reads a request and hands it on. What is no WebSocket request, too large or too slow is answered here. `full`: only to be told that
// there is no room.
void serve_handshake(std::shared_ptr<socket_stream> stream, std::shared_ptr<server_upgrade> upgrade, const listen_options& options,
                     std::shared_ptr<door> to, bool full);

}  // namespace parley::transport
