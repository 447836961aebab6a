// Frames that are not plain: websocketpp's processor without websocketpp's connection. It parses and checks control frames, fragments and
// everything that should not have been sent, and it writes control frames. What follows from a frame is the connection's business.
//
// Short-lived: made when the first such frame comes, and dropped when no fragment is under way.
#pragma once

#include "parley/transport/message.hpp"
#include "parley/transport/websocket/protocol/unpredictable.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace parley::transport {

// RFC 6455 section 7.4.1, as far as this side closes with them by itself.
namespace close_code {
constexpr std::uint16_t normal = 1000;
constexpr std::uint16_t protocol_error = 1002;
constexpr std::uint16_t none_was_given = 1005;
constexpr std::uint16_t invalid_text = 1007;
constexpr std::uint16_t policy = 1008;
constexpr std::uint16_t too_large = 1009;
constexpr std::uint16_t internal_error = 1011;

// Nothing that the other end could say after it is of interest: the stream ends behind such a close frame.
constexpr bool ends_the_stream(std::uint16_t code) noexcept {
  return code == protocol_error || code == invalid_text || code == policy || code == too_large || code == internal_error;
}
}  // namespace close_code

class slow_path {
 public:
  // What was found, in order, while feed() runs. It may feed no more from in here, but do anything else.
  class finder {
   public:
    virtual void on_data(std::string_view content, opcode kind) = 0;
    virtual void on_ping(std::string_view payload) = 0;
    virtual void on_pong() = 0;
    virtual void on_close(close_reason said) = 0;
    // The connection has to be closed with this; nothing can be read after it.
    virtual void on_violation(close_reason why) = 0;

   protected:
    ~finder() = default;
  };

  // `masks`: a client's, whose frames have them; null at a server. It outlives this.
  slow_path(std::size_t max_message, unpredictable* masks);
  ~slow_path();
  slow_path(const slow_path&) = delete;
  slow_path& operator=(const slow_path&) = delete;

  // Bytes in any pieces; at most up to the end of a frame. They are overwritten.
  void feed(std::span<char> bytes, finder& to);

  // Whole frames to send. `payload`: at most 125 bytes.
  std::string ping();
  std::string pong(std::string_view payload);
  // A code that may be sent, and at most 123 bytes.
  std::string close(const close_reason& why);

 private:
  struct inner;
  const std::unique_ptr<inner> inner_;
};

}  // namespace parley::transport
