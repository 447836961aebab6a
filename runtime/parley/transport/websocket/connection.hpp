// An upgraded connection, in either role: a stream below, websocketpp inside, the transport seam above.
#pragma once

#include "parley/transport/transport.hpp"
#include "parley/transport/websocket/socket_stream.hpp"
#include "parley/transport/websocket/url.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace parley::transport {

// What all connections of one listener share. Knows websocketpp, which its users need not.
class server_role {
 public:
  virtual ~server_role() = default;
  // Answers 101 and goes on from there: on_open is called before this returns. `key`: of a request that parse_upgrade_request took.
  virtual void open(std::shared_ptr<socket_stream> stream, const std::string& key, const std::string& subprotocol,
                    std::shared_ptr<connection_handler> handler) = 0;
};

std::shared_ptr<server_role> make_server_role(const limits& bounds, const std::string& server_name);

// Asks the server for the upgrade, which must be complete before `left` has passed. Returns what abandons it.
std::function<void()> open_client(std::shared_ptr<socket_stream> stream, const url& where, const connect_options& options,
                                  std::chrono::milliseconds left, std::shared_ptr<connection_handler> handler);

}  // namespace parley::transport
