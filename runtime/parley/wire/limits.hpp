// The bounds of the protocol that do not depend on what two ends agreed, each with its reason. Those that are exchanged in hello and
// welcome stand, with their defaults, in wire::limits (hello.hpp).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace parley::wire {

// Ids and sequence numbers: JavaScript's numbers hold no larger integer exactly.
inline constexpr std::uint64_t max_id = (std::uint64_t{1} << 53) - 1;

// Where the payload starts in a binary frame is one byte, in units of 8: what a relay must hold before it knows the rest.
inline constexpr std::size_t max_binary_envelope = 255 * 8;

// Members of a JSON envelope without the payload. Twice the binary bound: JSON repeats the keys and escapes the texts.
inline constexpr std::size_t max_json_envelope = 4096;

// Members of a JSON envelope, unknown ones included: three times as many as the protocol has names for.
inline constexpr std::size_t max_members = 64;

// Receivers in a list, and clients left out of a set. Larger audiences are what groups are for.
inline constexpr std::size_t max_targets = 16;

// `meta` carries tracing and the like: a `traceparent` with its `tracestate` is 55 + 512 bytes. Bytes are keys and values together.
inline constexpr std::size_t max_meta_entries = 16;
inline constexpr std::size_t max_meta_bytes = 1024;

// `message` of an error: a sentence for a person. The text of a method with `body: MESSAGE` is its payload and bounded as one.
inline constexpr std::size_t max_text = 512;

// The key of a call that is answered once: a UUID or a hash in hexadecimal fits.
inline constexpr std::size_t max_idempotency_key = 64;

// `slot`: the canonical bytes of a few scalar fields; the queue of every receiver keeps one per pending value.
inline constexpr std::size_t max_slot = 256;

// `id` of a request in plain mode, which the answer repeats: a UUID or a hash fits.
inline constexpr std::size_t max_foreign_id = 64;

// A wire name, and every other name that the schema gives (reason, group, one field of a group's key).
inline constexpr std::size_t max_name = 128;

// `agent` of a hello or welcome: for logs.
inline constexpr std::size_t max_agent = 64;

// Payloads nest no deeper unless the ends agree on less. Recursive readers stay far from the end of any thread's stack.
inline constexpr std::size_t default_max_depth = 64;

// What the reader of a payload may build, in bytes: 16 MiB, or 32 for each byte of the payload if that is more. The floor is 256 times the
// default limit of a payload toward a server, so that records of many optional fields pass which are mostly absent (one reading of two
// hundred: 20 bytes in binary, 3,200 in C++), and far below what empty objects could make of such a payload (3 bytes each in JSON). The
// factor is more than the densest JSON value without a schema needs: "0," becomes a parley::value of 56 bytes.
inline constexpr std::size_t least_memory = 16 * 1024 * 1024;
inline constexpr std::size_t memory_per_byte = 32;
constexpr std::size_t memory_budget(std::size_t length) noexcept { return std::max(least_memory, memory_per_byte * length); }

// What the payloads of one connection's calls that are at work may hold together, before another is taken: four times the floor above.
// Otherwise a connection held the floor as often as it may have calls. A call is taken while those at work hold less, so one always is.
inline constexpr std::size_t most_held_by_calls = 64 * 1024 * 1024;

}  // namespace parley::wire
