// The hot paths whose instructions are counted. Each runs on one thread without waiting, and does
// the same work `count` times.
#pragma once

#include <cstddef>

namespace bench {

// The nested message of codecs/samples.hpp.
void encode_nested(bool json, std::size_t count);
void decode_nested(bool json, std::size_t count);

// A typed call of 64 B from a generated client to a generated handler, in memory and on one loop.
// It covers session, rpc and codecs, but no sockets.
// `checked`: the server has found out who the client is.
void call_in_memory(bool json, std::size_t count, bool checked = false);

// The server's share, and a small share of the load client, over a real socket with 64 messages at
// a time. Either frames of 64 B that the transport echoes, or typed calls of 64 B that a handler
// answers.
void echo_frames(std::size_t count);
void answer_calls(bool json, std::size_t count);

}  // namespace bench
