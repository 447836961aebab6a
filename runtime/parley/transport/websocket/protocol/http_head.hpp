// Heads of HTTP/1.1 messages, as far as a WebSocket handshake needs them. They are read strictly
// and within limits before websocketpp is involved. websocketpp only receives what Parley writes
// from the parsed values. Its HTTP parser therefore never meets hostile input, and a request can
// wait for its answer.
#pragma once

#include "parley/transport/options.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace parley::transport {

// Collects a head, including its empty line.
class head_reader {
 public:
  explicit head_reader(std::size_t limit) : limit_(limit) {}

  enum class state { more, complete, too_large };
  // Takes bytes up to the end of the head, and sets `taken` to their number. Must not be called
  // again after `complete` or `too_large`.
  state take(std::string_view bytes, std::size_t& taken);
  std::string_view head() const noexcept { return head_; }

 private:
  std::size_t limit_;
  std::string head_;
};

// The HTTP status of an answer and its text. The text never quotes the request.
struct http_fault {
  int status = 400;
  std::string text;
  std::chrono::seconds retry_after{};  // 0: not stated
  std::string_view allow = "GET";      // of a 405
};

// A request without a body.
struct http_request {
  bool head = false;  // HEAD instead of GET
  std::string path;
  std::string query;
  std::vector<header> headers;
  std::string host;
  std::string origin;
};

// `head` is the result of head_reader. Checks RFC 9112 sections 2 to 6. What two readers of a request
// could understand differently is refused: a body, a repeated Host or Content-Length, a
// Transfer-Encoding, a folded line.
std::optional<http_fault> parse_request(std::string_view head, http_request& out);
// Whether the request asks for a WebSocket, as opposed to a page.
bool asks_for_websocket(const http_request&);

struct upgrade_request {
  std::string key;                        // Sec-WebSocket-Key, 24 characters of base64
  std::vector<std::string> subprotocols;  // all header lines joined
};

// Checks RFC 6455 section 4.2.1.
std::optional<http_fault> parse_upgrade(const http_request&, upgrade_request& out);

struct upgrade_response {
  int status = 0;
  std::vector<header> headers;
};

// Returns false if it is not an HTTP/1.1 response.
bool parse_upgrade_response(std::string_view head, upgrade_response& out);

// All values of a header, joined by ", ". Empty if there is none. `name` must be in lower case.
std::string joined(const std::vector<header>& headers, std::string_view name);
// Whether a comma separated list contains this token. `token` must be in lower case.
bool lists_token(std::string_view list, std::string_view token);

bool is_websocket_header(std::string_view name) noexcept;  // Sec-WebSocket-...
bool is_token(std::string_view text) noexcept;             // RFC 9110 5.6.2
bool is_field_value(std::string_view text) noexcept;       // no control characters

// Checks a client's options. `invalid` if one contains characters that cannot be sent, or sets a
// header that belongs to the handshake.
result<> check_offer(const connect_options& options);

// A complete answer that ends the connection.
std::string http_answer(const http_fault& fault, std::string_view server_name);
// The head of an answer that ends the connection. `length` is that of the body.
std::string http_answer_head(int status, const std::vector<header>& headers, std::size_t length, std::string_view server_name);

}  // namespace parley::transport
