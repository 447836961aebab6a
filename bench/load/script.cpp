#include "load/script.hpp"

#include "support/figures.hpp"
#include "support/frames.hpp"

#include <array>
#include <cstring>

namespace bench {
namespace {

constexpr std::array<unsigned char, 4> mask_key{0x5a, 0xc3, 0x17, 0x9e};

std::string ascii(std::size_t size) {
  std::string text(size, ' ');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i * 7 % 26);
  return text;
}

}  // namespace

std::string masked_frame(std::string_view payload, bool binary) {
  unsigned char header[10];
  const std::size_t header_bytes = frames::write_header(header, binary ? frames::binary : frames::text, payload.size(), true);
  std::string frame(reinterpret_cast<const char*>(header), header_bytes);
  frame.append(reinterpret_cast<const char*>(mask_key.data()), mask_key.size());
  for (std::size_t i = 0; i < payload.size(); ++i) frame += static_cast<char>(static_cast<unsigned char>(payload[i]) ^ mask_key[i & 3]);
  return frame;
}

script tcp_echo(std::size_t size) { return {.websocket = false, .message = ascii(size)}; }

script websocket_echo(std::size_t size, bool binary) {
  const std::string payload = ascii(size);
  return {.message = masked_frame(payload, binary), .answered = [payload](std::string_view answer) { return answer == payload; }};
}

script script_by_name(std::string_view name, std::size_t size) {
  if (name == "tcp") return tcp_echo(size);
  if (name == "text" || name == "binary") return websocket_echo(size, name == "binary");
  if (name == "call-json" || name == "call-binary") return typed_call(size, name == "call-binary");
  if (name == "event-json" || name == "event-binary") return typed_event(size, name == "event-binary");
  fail("no script is called " + std::string(name));
}

void put_id(const script& s, char* message, std::uint64_t id) {
  if (s.id_at == 0) return;
  // The payload begins after the header, and so does the first byte of the mask that applies to it.
  // The second byte of the message gives the length of the header.
  const unsigned char length = static_cast<unsigned char>(message[1]) & 0x7f;
  const std::size_t payload_at = (length == 126 ? 4u : length == 127 ? 10u : 2u) + mask_key.size();
  unsigned char plain[id_bytes];
  if (s.id_in_digits) {
    for (std::size_t i = id_bytes; i-- > 0; id /= 10) plain[i] = static_cast<unsigned char>('0' + id % 10);
  } else {
    std::memcpy(plain, &id, id_bytes);
  }
  for (std::size_t i = 0; i < id_bytes; ++i) {
    message[s.id_at + i] = static_cast<char>(plain[i] ^ mask_key[(s.id_at + i - payload_at) & 3]);
  }
}

}  // namespace bench
