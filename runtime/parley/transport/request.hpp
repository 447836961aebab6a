// What a listener hands out: the requests of clients, each of which becomes a connection or is
// rejected. Without Asio.
//
// Threads: as for connections (message.hpp), except where a function says otherwise.
#pragma once

#include "parley/transport/message.hpp"
#include "parley/transport/options.hpp"
#include "parley/transport/tls/peer_certificate.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley::transport {

// What every request says, and how it is refused. It must be answered exactly once. A request that
// is destroyed without an answer is rejected with 503.
class any_request {
 public:
  virtual ~any_request() = default;

  std::string path;             // "/ws", without the query
  std::string query;            // the part after '?'
  std::vector<header> headers;  // as received
  std::string host;             // the Host header
  std::string origin;           // the Origin header, empty if absent
  std::string remote;
  host_address from;  // the host of `remote`
  // The client that `from` has named, if that is a proxy that the listener's owner trusts. Set by the
  // owner.
  std::optional<host_address> behind_proxy;
  bool encrypted = false;  // the client speaks TLS
  // Verified by TLS. Null: the client has shown none.
  std::shared_ptr<const peer_certificate> certificate;
  // Over TLS: whether its handshake used a ticket of an earlier one. Otherwise empty.
  std::optional<bool> tls_resumed;

  // `text` is the body of the response, for human readers. `retry_after`: when the client should try
  // again. 0: not stated.
  virtual void reject(int http_status, std::string_view text, std::chrono::seconds retry_after) = 0;
  void reject(int http_status, std::string_view text) { reject(http_status, text, {}); }
  // Keeps `what` until the client has disconnected.
  virtual void hold(std::shared_ptr<void> what) = 0;
};

// The request of a WebSocket.
class request : public any_request {
 public:
  // As offered, in order, all header lines joined (RFC 6455 section 11.3.4).
  std::vector<std::string> subprotocols;
  // Called at most once, on the executor: the transport has refused the client itself, because the
  // decision took too long. The answer that comes later is ignored. Set it while the request is
  // handed out.
  std::function<void()> on_abandoned;
  // Those of the listener. They may be replaced before accept().
  transport::manners manners;

  // `subprotocol` is one of those offered, or empty for none. on_open follows, or on_closed if the
  // client has disconnected meanwhile.
  virtual void accept(std::string_view subprotocol, std::shared_ptr<connection_handler> handler) = 0;
};

// A request without an upgrade: GET or HEAD (RFC 9110 sections 9.3.1 and 9.3.2), without a body.
class page_request : public any_request {
 public:
  // Sends the answer, within limits.handshake, and ends the connection. The headers Content-Length,
  // Connection and Server are added. If the request was HEAD, the body is not sent.
  virtual void answer(int http_status, const std::vector<header>& headers, buffer body) = 0;
};

class listener {
 public:
  virtual ~listener() = default;
  // Starts to accept. Called once. Without `on_page` a request without an upgrade is answered with
  // 426. The loopback has no pages.
  virtual void start(std::function<void(std::shared_ptr<request>)> on_request,
                     std::function<void(std::shared_ptr<page_request>)> on_page) = 0;
  void start(std::function<void(std::shared_ptr<request>)> on_request) { start(std::move(on_request), nullptr); }
  // Accepts the clients that have connected already and then no more. Unlike after stop(), their
  // requests are still handed out. Clients of an inherited socket wait for the next process that
  // accepts from it. On the executor.
  virtual void finish() = 0;
  // Stops accepting. Open connections continue. Any thread.
  virtual void stop() = 0;
  // The bound port, also if port 0 was requested. The loopback and Unix sockets return 0.
  virtual std::uint16_t port() const = 0;
};

}  // namespace parley::transport
