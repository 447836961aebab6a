// How to listen and how to connect. Without Asio.
#pragma once

#include "parley/transport/host_address.hpp"
#include "parley/transport/message.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace parley::transport {

class tls_client;
class tls_server;

struct header {
  std::string name;
  std::string value;
};

// Limits that are enforced before a message reaches its handler.
struct limits {
  std::size_t max_message = 64 * 1024 + 8 * 1024;  // a longer message is closed with 1009
  std::size_t max_handshake_bytes = 16 * 1024;     // the request or status line, and the headers
  std::chrono::milliseconds handshake{5000};       // from accept (or connect) to upgrade
  std::size_t max_connections = 100'000;           // further clients are refused with 503
};

// The text for clients beyond limits::max_connections.
inline constexpr std::string_view too_many_connections = "too many connections";

// Which other sockets may listen on the same port (SO_REUSEPORT). The system distributes the
// clients among all of them.
enum class port_sharing {
  nobody,
  // Binds alone, and fails if the port is in use. A socket that asks for `everybody` may join
  // afterwards.
  later,
  // Sockets of the same user that also ask for it.
  everybody,
};

// The decision about a client that has connected and of which nothing was read yet.
struct arrival {
  int status = 0;                      // HTTP status of the refusal. 0: the client may go on
  std::string_view text{};             // of the refusal. Must be a constant
  std::chrono::seconds retry_after{};  // of the refusal. 0: not stated
  std::shared_ptr<void> place{};       // released when the client has disconnected
};

struct listen_options {
  // Numeric or a host name. "unix:/path" or "unix:@name": a Unix socket, whose port is 0 and whose
  // sharing is `nobody`. Loopback: the name to connect to.
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;  // 0: the system chooses
  transport::limits limits{};
  transport::manners manners{};
  std::string server_name = "parley";  // the Server header
  // Added to the text of every HTTP 400, to explain the correct use.
  std::string help{};
  port_sharing sharing = port_sharing::nobody;
  // A socket that listens already and that another process has opened, instead of `address`, `port`
  // and `sharing`. It stays open: the listener uses a copy of the descriptor. -1: none.
  int descriptor = -1;
  // The counter of open connections. Listeners with a common counter share one
  // limits.max_connections. Null: the listener has a counter of its own.
  std::shared_ptr<std::atomic<std::size_t>> open_connections{};
  // Decides about each client that has connected, before anything is read from it. Called on the
  // executor; must not block. On a port with TLS a refused client is disconnected without an answer,
  // because the handshake would be most of the work. on_refused is not called for it. Null: every
  // client may go on. The loopback does not call it.
  std::function<arrival(const host_address&)> on_arrival{};
  // Called for each client that was refused before a request was handed out: it did not request an
  // upgrade, was too slow, or exceeded max_connections. Called on the executor; must not block.
  // `text` is Parley's own and never the client's. The status is 0 if the client could not be
  // answered, because its TLS handshake failed or was too slow.
  std::function<void(int status, std::string_view text, const std::string& remote)> on_refused{};
  // The system could not provide a socket because descriptors or memory are exhausted. The listener
  // tries again after a pause.
  std::function<void(const std::error_code&)> on_accept_failed{};
  // Every connection begins with a TLS handshake, for which limits.handshake leaves time. Null: plain
  // text. Unix sockets and the loopback have no TLS.
  std::shared_ptr<tls_server> tls{};
  // Counts the bytes that wait because a socket accepts no more, except messages with an account of
  // their own (framed_once). Null: they are not counted. The loopback counts nothing.
  std::shared_ptr<account> waiting{};
  // WebSocket: false sends every frame through websocketpp. The behaviour is the same but slower.
  // For tests.
  bool fast_path = true;
};

struct connect_options {
  // ws://host[:port][/path][?query], the same with wss:// for TLS, or ws+unix:///socket[:/path][?query]. Loopback: mem://name with
  // the listener's name.
  std::string url;
  std::vector<std::string> subprotocols{};
  std::vector<header> headers{};
  std::string origin{};
  transport::limits limits{.max_message = 1024 * 1024 + 8 * 1024};
  transport::manners manners{};
  // "socks5://[user:password@]host:port" (RFC 1928, RFC 1929) or "http://[user:password@]host:port"
  // (CONNECT, RFC 9110 section 9.3.6). User and password are percent-encoded where necessary. The
  // proxy resolves the server's name. limits.handshake includes the proxy's handshake. Empty: no
  // proxy. The loopback and Unix sockets have none.
  std::string proxy{};
  // For wss://. Null: the default options of client_tls.
  std::shared_ptr<tls_client> tls{};
  bool fast_path = true;  // as in listen_options
};

}  // namespace parley::transport
