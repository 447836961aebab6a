// The protocol limits that are not negotiated, each with its reason. The limits that hello and
// welcome exchange are in wire::limits (hello.hpp), with their defaults.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace parley::wire {

// Ids and sequence numbers. This is the largest range of integers that JavaScript's numbers
// represent exactly.
inline constexpr std::uint64_t max_id = (std::uint64_t{1} << 53) - 1;

// The start of the payload in a binary frame is one byte, in units of 8 bytes. It limits what a
// relay must hold before it knows the rest.
inline constexpr std::size_t max_binary_envelope = 255 * 8;

// The fields of a JSON envelope without the payload, in bytes. Twice the binary limit, because JSON
// repeats the keys and escapes the texts.
inline constexpr std::size_t max_json_envelope = 4096;

// The number of fields in a JSON envelope, including unknown ones. Three times the number of names
// that the protocol defines.
inline constexpr std::size_t max_members = 64;

// Receivers in a list, and clients excluded from a set. Larger audiences should use groups.
inline constexpr std::size_t max_targets = 16;

// `meta` carries tracing data and the like. A `traceparent` with its `tracestate` takes 55 + 512
// bytes. The bytes of keys and values count together.
inline constexpr std::size_t max_meta_entries = 16;
inline constexpr std::size_t max_meta_bytes = 1024;

// `message` of an error: one sentence for human readers. The text of a method with `body: MESSAGE`
// is its payload and has the payload's limit.
inline constexpr std::size_t max_text = 512;

// The idempotency key of a call. A UUID or a hash in hexadecimal fits.
inline constexpr std::size_t max_idempotency_key = 64;

// `slot`: the canonical bytes of a few scalar fields. The queue of every receiver keeps one for
// each pending value.
inline constexpr std::size_t max_slot = 256;

// `id` of a request in plain mode, which the answer repeats. A UUID or a hash fits.
inline constexpr std::size_t max_foreign_id = 64;

// A wire name, and every other name from the schema (reason, group, one field of a group's key).
inline constexpr std::size_t max_name = 128;

// `agent` of a hello or welcome, for logs.
inline constexpr std::size_t max_agent = 64;

// The nesting depth of payloads, unless the ends agree on less. Recursive readers then stay far
// from the end of any thread's stack.
inline constexpr std::size_t default_max_depth = 64;

// The memory that the reader of a payload may allocate: 16 MiB, or 32 bytes for each byte of the
// payload if that is more (schema/parley/envelope.fbs, section 7).
//
// The floor is 256 times the default payload limit toward a server. It admits records with many
// optional fields that are mostly absent: one with two hundred takes 20 bytes in binary and 3,200
// in C++. It stays far below what empty objects of 3 bytes in JSON could make of such a payload.
//
// The factor exceeds the need of the densest JSON value without a schema: "0," becomes a
// parley::value of 56 bytes.
inline constexpr std::size_t least_memory = 16 * 1024 * 1024;
inline constexpr std::size_t memory_per_byte = 32;
constexpr std::size_t memory_budget(std::size_t length) noexcept { return std::max(least_memory, memory_per_byte * length); }

// The memory that the payloads of one connection's running calls may hold together before another
// call is accepted: four times the floor above. Without this limit a connection could hold the
// floor once for each permitted call. A call is accepted while the running calls hold less, so one
// call is always accepted.
inline constexpr std::size_t most_held_by_calls = 64 * 1024 * 1024;

}  // namespace parley::wire
