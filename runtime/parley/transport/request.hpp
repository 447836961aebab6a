// What a listener hands out: the requests of clients, each of which becomes a connection or is
// rejected. Without Asio.
//
// Threads: as for connections (message.hpp), except where a function says otherwise.
#pragma once

#include "parley/transport/message.hpp"
#include "parley/transport/options.hpp"
#include "parley/transport/tls/peer_certificate.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace parley::transport {

// A client's request. Call accept or reject exactly once. A request that is destroyed without an
// answer is rejected with 503.
class request {
 public:
  virtual ~request() = default;

  std::string path;             // "/ws", without the query
  std::string query;            // the part after '?'
  std::vector<header> headers;  // as received
  std::string host;             // the Host header
  std::string origin;           // the Origin header, empty if absent
  // As offered, in order, all header lines joined (RFC 6455 section 11.3.4).
  std::vector<std::string> subprotocols;
  std::string remote;
  bool encrypted = false;  // the client speaks TLS
  // Verified by TLS. Null: the client has shown none.
  std::shared_ptr<const peer_certificate> certificate;
  // Called at most once, on the executor: the transport has refused the client itself, because the
  // decision took too long. The answer that comes later is ignored. Set it while the request is
  // handed out.
  std::function<void()> on_abandoned;

  // `subprotocol` is one of those offered, or empty for none. on_open follows, or on_closed if the
  // client has disconnected meanwhile.
  virtual void accept(std::string_view subprotocol, std::shared_ptr<connection_handler> handler) = 0;
  // `text` is the body of the response, for human readers.
  virtual void reject(int http_status, std::string_view text) = 0;
};

class listener {
 public:
  virtual ~listener() = default;
  // Starts to accept. Called once.
  virtual void start(std::function<void(std::shared_ptr<request>)> on_request) = 0;
  // Stops accepting. Open connections continue. Any thread.
  virtual void stop() = 0;
  // The bound port, also if port 0 was requested. The loopback and Unix sockets return 0.
  virtual std::uint16_t port() const = 0;
};

}  // namespace parley::transport
