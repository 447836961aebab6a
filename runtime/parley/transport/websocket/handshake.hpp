// The server's side of a connection until it is upgraded or refused.
#pragma once

#include "parley/transport/tcp/socket_stream.hpp"
#include "parley/transport/transport.hpp"
#include "parley/transport/websocket/protocol/http_head.hpp"
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
  std::function<void(std::shared_ptr<page_request>)> on_page;  // null: there are no pages
};

// Reads a request and passes it to the application. A request that is neither a WebSocket upgrade nor
// for a page, is too large or is too slow is answered here. `refused`: why the client may not go on,
// which was reported already. A status of 0 means that it may.
void serve_handshake(std::shared_ptr<socket_stream> stream, std::shared_ptr<server_upgrade> upgrade, const listen_options& options,
                     std::shared_ptr<door> to, http_fault refused);

}  // namespace parley::transport
