// WebSocket (RFC 6455) over TCP, over TLS and over Unix sockets. websocketpp handles handshakes, control
// frames, fragments and invalid frames. Whole data frames, which are nearly all frames, are read and
// written by Parley itself. Only one private header includes websocketpp, and none of its names
// appears here.
//
// Data is received into a buffer on the stack. A thread that runs connections needs 192 KiB of
// stack for this alone, and with TLS 256 KiB.
#pragma once

#include "parley/transport/transport.hpp"

#include <functional>
#include <memory>

namespace parley::transport {

class network;

// The functions below, as a network. Without state.
network& websocket_network();

// Binds at once. On failure the error's code compares with std::errc (address_in_use,
// permission_denied). If the address is a host name, it is resolved before this returns. Destroying
// the listener stops it.
//
// A Unix socket replaces the file that a dead server has left, and no other. Its file has the
// permissions that the umask leaves, and is removed when the listener stops. It has no port, and
// cannot be shared: options that ask for it are `invalid`.
//
// Every request that is handed out is a WebSocket upgrade (RFC 6455 section 4.2.1). Other requests
// are answered here:
//   400  malformed, or a subprotocol is offered twice, or TLS on a plain port, or plain HTTP on a
//        port with TLS (answered in plain text)
//   405  not GET
//   408  too slow
//   426  no upgrade, or not version 13
//   431  head too large
//   503  too many connections
result<std::shared_ptr<listener>> websocket_listen(const asio::any_io_executor& on, listen_options options);

// Resolves, connects and upgrades, and then calls on_open or on_closed of `handler`. on_open passes
// the subprotocol as the server wrote it. The handler's owner compares it with those offered. The
// returned function abandons the attempt, and on_closed with `cancelled` follows. Call it on the
// executor. It does nothing once the connection is open.
std::function<void()> websocket_connect(const asio::any_io_executor& on, connect_options options,
                                        std::shared_ptr<connection_handler> handler);

}  // namespace parley::transport
