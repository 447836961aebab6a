// The slow path: reads all frames that are not plain with websocketpp's processor, without
// websocketpp's connection. It parses and checks control frames, fragments and all invalid frames,
// and it writes control frames. The connection acts on the results.
//
// Short-lived: created when the first such frame arrives, and destroyed when no fragmented message
// is in progress.
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

// The codes of RFC 6455 section 7.4.1 that this end uses on its own initiative.
namespace close_code {
constexpr std::uint16_t normal = 1000;
constexpr std::uint16_t protocol_error = 1002;
constexpr std::uint16_t none_was_given = 1005;
constexpr std::uint16_t invalid_text = 1007;
constexpr std::uint16_t policy = 1008;
constexpr std::uint16_t too_large = 1009;
constexpr std::uint16_t internal_error = 1011;

// Whether this end ignores everything that the peer sends after this close frame. The stream then
// ends after it.
constexpr bool ends_the_stream(std::uint16_t code) noexcept {
  return code == protocol_error || code == invalid_text || code == policy || code == too_large || code == internal_error;
}
}  // namespace close_code

class slow_path {
 public:
  // Receives what feed() finds, in order. It must not call feed(), but may do anything else.
  class finder {
   public:
    virtual void on_data(std::string_view content, opcode kind) = 0;
    virtual void on_ping(std::string_view payload) = 0;
    virtual void on_pong() = 0;
    virtual void on_close(close_reason said) = 0;
    // The connection must be closed with this reason. Nothing can be read afterwards.
    virtual void on_violation(close_reason why) = 0;

   protected:
    ~finder() = default;
  };

  // `masks` is a client's source of masks, and null at a server. It must outlive this object.
  slow_path(std::size_t max_message, unpredictable* masks);
  ~slow_path();
  slow_path(const slow_path&) = delete;
  slow_path& operator=(const slow_path&) = delete;

  // Takes bytes in pieces of any size, but not beyond the end of a frame. The bytes are
  // overwritten.
  void feed(std::span<char> bytes, finder& to);

  // Whole frames to send. `payload` has at most 125 bytes.
  std::string ping();
  std::string pong(std::string_view payload);
  // The code must be one that may be sent, and the text has at most 123 bytes.
  std::string close(const close_reason& why);

 private:
  struct inner;
  const std::unique_ptr<inner> inner_;
};

}  // namespace parley::transport
