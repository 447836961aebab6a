// What it means if a server or a proxy answers with an HTTP status instead of opening the
// connection. For all networks that begin with HTTP.
//
//   error code        server's HTTP status  proxy's HTTP status  SOCKS5
//   unauthenticated   401                   401, 407             it requires a user
//   denied            403                   403                  reply 2
//   unimplemented     404, 405              405, 501             replies 7 and 8
//   version_mismatch  400, 426              -                    -
//   overloaded        429, 503              429, 503             -
//   disconnected      any other             any other            any other valid reply
#pragma once

#include "parley/core/core.hpp"

#include <cstdint>
#include <string_view>

namespace parley::transport {

enum class refuser : std::uint8_t { server, proxy };

errc meaning_of(int http_status, refuser by) noexcept;

// The error of a client that the server refused. `path` is the path that the client requested, and
// empty if it is not known. The text names the status and never quotes the server.
error refusal(int http_status, std::string_view path);

}  // namespace parley::transport
