// An upgraded connection in either role. It connects the stream, the frame reader and the slow path
// with the interface of transport.hpp.
#pragma once

#include "parley/transport/tcp/socket_stream.hpp"
#include "parley/transport/transport.hpp"
#include "parley/transport/websocket/protocol/frame_reader.hpp"

#include <memory>
#include <string_view>

namespace parley::transport {

// Takes the stream over after the handshake. on_open is called before this returns, and bytes are
// read after it has returned.
void open_connection(std::shared_ptr<socket_stream> stream, const frame_reader::rules& rules, std::string_view subprotocol,
                     std::shared_ptr<connection_handler> handler);

}  // namespace parley::transport
