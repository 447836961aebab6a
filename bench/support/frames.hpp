// RFC 6455 by hand for the floors and the load client: whole frames, without fragments and control
// frames.
#pragma once

#include <simdjson.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace bench::frames {

inline constexpr unsigned char text = 1;
inline constexpr unsigned char binary = 2;

// Every client uses the key of RFC 6455 section 1.3, so that the answer is known.
inline constexpr std::string_view key = "dGhlIHNhbXBsZSBub25jZQ==";
inline constexpr std::string_view accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
inline constexpr std::string_view upgraded =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

// Appends a header of at most 10 bytes to `out`, without the mask.
inline std::size_t write_header(unsigned char* out, unsigned char opcode, std::size_t size, bool masked) {
  const unsigned char mask = masked ? 0x80 : 0;
  const std::uint64_t wide = size;
  out[0] = static_cast<unsigned char>(0x80 | opcode);
  if (size < 126) {
    out[1] = static_cast<unsigned char>(mask | size);
    return 2;
  }
  const std::size_t length_bytes = size < 65'536 ? 2 : 8;
  out[1] = static_cast<unsigned char>(mask | (length_bytes == 2 ? 126 : 127));
  for (std::size_t i = 0; i < length_bytes; ++i) out[2 + i] = static_cast<unsigned char>(wide >> (8 * (length_bytes - 1 - i)));
  return 2 + length_bytes;
}

struct header {
  std::size_t bytes = 0;  // 0: the frame is incomplete
  std::size_t size = 0;   // of the payload
  unsigned char opcode = 0;
  bool masked = false;
};

inline header read_header(const unsigned char* in, std::size_t have) {
  if (have < 2) return {};
  header h{.bytes = 2, .size = in[1] & 0x7fu, .opcode = static_cast<unsigned char>(in[0] & 15), .masked = (in[1] & 0x80) != 0};
  const std::size_t length_bytes = h.size == 126 ? 2 : h.size == 127 ? 8 : 0;
  if (have < 2 + length_bytes) return {};
  if (length_bytes != 0) {
    std::uint64_t wide = 0;
    for (std::size_t i = 0; i < length_bytes; ++i) wide = wide << 8 | in[2 + i];
    h.size = wide;
    h.bytes += length_bytes;
  }
  return h;
}

inline void unmask(unsigned char* payload, std::size_t size, const unsigned char* key4) {
  std::uint32_t narrow = 0;
  std::memcpy(&narrow, key4, 4);
  const std::uint64_t wide = std::uint64_t{narrow} << 32 | narrow;
  std::size_t i = 0;
  for (; i + 8 <= size; i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, payload + i, 8);
    word ^= wide;
    std::memcpy(payload + i, &word, 8);
  }
  for (; i < size; ++i) payload[i] ^= key4[i & 3];
}

// Calls `f(opcode, payload, size)` for each whole frame from a client, and returns the number of
// their bytes. -1: malformed input, or a close.
template <class F>
std::ptrdiff_t parse(unsigned char* in, std::size_t have, F&& f) {
  std::size_t done = 0;
  for (;;) {
    unsigned char* at = in + done;
    const header h = read_header(at, have - done);
    if (h.bytes == 0 || have - done < h.bytes + 4 + h.size) return static_cast<std::ptrdiff_t>(done);
    unsigned char* payload = at + h.bytes + 4;
    if (!h.masked || h.opcode > binary) return -1;
    unmask(payload, h.size, at + h.bytes);
    if (h.opcode == text && !simdjson::validate_utf8(reinterpret_cast<const char*>(payload), h.size)) return -1;
    f(h.opcode, payload, h.size);
    done += h.bytes + 4 + h.size;
  }
}

}  // namespace bench::frames
