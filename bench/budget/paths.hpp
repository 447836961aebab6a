// The hot paths whose instructions are counted. Each is one thread, waits for nothing, and does `count` times the same.
#pragma once

#include <cstddef>

namespace bench {

// The nested message of codecs/samples.hpp.
void encode_nested(bool json, std::size_t count);
void decode_nested(bool json, std::size_t count);

// A typed call of 64 B from a generated client to a generated handler, both on one loop, in memory: session, rpc, codecs, no sockets.
void call_in_memory(bool json, std::size_t count);

// The server's share, and a little of the load client's, over a real socket, 64 messages at a time: frames of 64 B echoed by the
// transport, and typed calls of 64 B answered by a handler.
void echo_frames(std::size_t count);
void answer_calls(bool json, std::size_t count);

}  // namespace bench
