// websocketpp's part of the handshakes, in both roles: the key, its answer, and the heads that
// carry them. The websocketpp connection object lives as long as the handshake. It never sees bytes
// of the peer. They are read and checked before (http_head.hpp), and websocketpp receives a head
// that is written from the parsed values.
#pragma once

#include "parley/transport/options.hpp"
#include "parley/transport/websocket/protocol/url.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace parley::transport {

// Shared by all connections of one listener.
class server_upgrade {
 public:
  explicit server_upgrade(const std::string& server_name);
  ~server_upgrade();
  // The complete answer with status 101. Empty if websocketpp refuses. `key` is from a request that
  // parse_upgrade accepted.
  std::string answer(const std::string& key, const std::string& subprotocol);

 private:
  struct inner;
  const std::unique_ptr<inner> inner_;
};

// One attempt to connect.
class client_upgrade {
 public:
  client_upgrade(const url& where, const connect_options& options);
  ~client_upgrade();
  // Call once.
  std::string request();
  // Whether this Sec-WebSocket-Accept is the answer to the key of the request. Call once.
  bool is_answered_by(std::string_view accept);

 private:
  struct inner;
  const std::unique_ptr<inner> inner_;
};

}  // namespace parley::transport
