// WebSocket (RFC 6455) over TCP. websocketpp does handshakes, control frames, fragments and what is wrong with frames; whole data frames,
// which are nearly all, are read and written by ourselves. It is included in this room's sources only, and no name of it appears here.
//
// Bytes are received to the stack: a thread that runs connections needs 192 KiB of it for this alone.
#pragma once

#include "parley/transport/transport.hpp"

#include <functional>
#include <memory>
#include <string_view>

namespace parley::transport {

// Binds at once; the error says why it could not, and its code compares with std::errc (address_in_use, permission_denied). A host name
// as address is looked up before this returns. Dropping the listener stops it.
//
// Every request that is handed out is a WebSocket upgrade (RFC 6455 section 4.2.1); what is not is answered here: 400 malformed or a
// subprotocol offered twice, 405 not GET, 408 too slow, 426 no upgrade or not version 13, 431 head too large, 503 too many connections.
result<std::shared_ptr<listener>> websocket_listen(const asio::any_io_executor& on, listen_options options);

// Checks the url's form without connecting; the error's text names what is wrong.
result<> check_websocket_url(std::string_view url);
// The same for connect_options::proxy. The text never quotes it: it may hold a password.
result<> check_proxy_url(std::string_view url);

// Resolves, connects and upgrades; `handler` hears on_open or on_closed. A server's answer is held against what was offered by the
// handler's owner: on_open tells the subprotocol as the server wrote it. The returned function abandons the attempt (on_closed with
// cancelled follows); it is called on the executor, and does nothing once the connection is open.
std::function<void()> websocket_connect(const asio::any_io_executor& on, connect_options options,
                                        std::shared_ptr<connection_handler> handler);

}  // namespace parley::transport
