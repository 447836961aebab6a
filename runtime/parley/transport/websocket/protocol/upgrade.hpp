// websocketpp's part of handshakes, in both roles: the key, its answer, and the heads that carry them. Its connection object lives as
// long as that takes. It meets no foreign byte: what came was read and checked before (http_head.hpp), and is said again in our words.
#pragma once

#include "parley/transport/options.hpp"
#include "parley/transport/websocket/protocol/url.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace parley::transport {

// What all connections of one listener share.
class server_upgrade {
 public:
  explicit server_upgrade(const std::string& server_name);
  ~server_upgrade();
  // The whole answer 101; empty if websocketpp refuses. `key`: of a request that parse_upgrade_request took.
  std::string answer(const std::string& key, const std::string& subprotocol);

 private:
  struct inner;
  const std::unique_ptr<inner> inner_;
};

// One attempt.
class client_upgrade {
 public:
  client_upgrade(const url& where, const connect_options& options);
  ~client_upgrade();
  // Asked for once.
  std::string request();
  // Is this Sec-WebSocket-Accept the answer to the request's key? Asked once.
  bool is_answered_by(std::string_view accept);

 private:
  struct inner;
  const std::unique_ptr<inner> inner_;
};

}  // namespace parley::transport
