// What one connection says and expects to hear: how it greets, the one message that it sends again and again, and what an answer must be.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace bench {

// Frames are masked once, when they are made: the load client must cost less than the server it measures.
struct script {
  bool websocket = true;  // otherwise bytes as they are
  std::string subprotocol{};
  std::string greeting{};                            // a whole frame, sent after the upgrade and answered once; empty: none
  std::function<bool(std::string_view)> welcomed{};  // is the answer to it what it should be?
  std::string message{};                             // a whole frame
  std::function<bool(std::string_view)> answered{};  // is the payload of the first answer what it should be? Later ones: its size
  std::size_t id_at = 0;                             // where in `message` the call's id stands; 0: nowhere
  bool id_in_digits = false;                         // eight of them, or eight bytes of an integer
};

inline constexpr std::uint64_t first_id = 10'000'000;  // so that decimal ids keep their length
inline constexpr std::size_t id_bytes = 8;

std::string masked_frame(std::string_view payload, bool binary);
script tcp_echo(std::size_t size);
// Text is ASCII: UTF-8 is validated and unmasked all the same.
script websocket_echo(std::size_t size, bool binary);
// A call Bench.Echo, or an event Bench.Tell to everybody, with a payload of `size` bytes: 16 of numbers, the rest bytes.
script typed_call(std::size_t size, bool binary);
script typed_event(std::size_t size, bool binary);
// By its name: tcp, text, binary, call-json, call-binary, event-json, event-binary.
script script_by_name(std::string_view name, std::size_t size);

// Writes an id into a message made by the functions above.
void put_id(const script&, char* message, std::uint64_t id);

}  // namespace bench
