// What one connection sends and expects: its greeting, the one message that it sends repeatedly,
// and the required answer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace bench {

// Frames are masked once, when they are made, because the load client must cost less than the
// server that it measures.
struct script {
  bool websocket = true;  // false: plain bytes over TCP
  std::string subprotocol{};
  // A whole frame that is sent after the upgrade and answered once. Empty: none.
  std::string greeting{};
  // Whether the answer to the greeting is correct.
  std::function<bool(std::string_view)> welcomed{};
  std::string message{};  // a whole frame
  // Whether the payload of the first answer is correct. Later answers are checked by their size.
  std::function<bool(std::string_view)> answered{};
  std::size_t id_at = 0;      // the position of the call's id in `message`; 0: none
  bool id_in_digits = false;  // eight digits, as opposed to an integer of eight bytes
};

inline constexpr std::uint64_t first_id = 10'000'000;  // large, so that decimal ids keep their length
inline constexpr std::size_t id_bytes = 8;

std::string masked_frame(std::string_view payload, bool binary);
script tcp_echo(std::size_t size);
// Text is ASCII. UTF-8 is validated and unmasked in any case.
script websocket_echo(std::size_t size, bool binary);
// A call Bench.Echo, or an event Bench.Tell to all, with a payload of `size` bytes. 16 of them are
// numbers and the rest is a bytes field.
script typed_call(std::size_t size, bool binary);
script typed_event(std::size_t size, bool binary);
// Selects by name: tcp, text, binary, call-json, call-binary, event-json, event-binary.
script script_by_name(std::string_view name, std::size_t size);

// Writes an id into a message made by the functions above.
void put_id(const script&, char* message, std::uint64_t id);

}  // namespace bench
