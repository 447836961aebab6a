// The little of RFC 6455 section 5 that is done here: heads of outgoing data frames, and where incoming frames end. What is inside
// incoming frames is websocketpp's business.
#pragma once

#include "parley/transport/transport.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace parley::transport {

// The head of a whole, final data frame: 2, 4 or 10 bytes, and 4 more when there is a mask.
class frame_head {
 public:
  frame_head(opcode kind, std::size_t payload_size);
  // A client's: RFC 6455 5.3 wants a mask that nobody can foretell.
  frame_head(opcode kind, std::size_t payload_size, std::uint32_t mask);
  std::string_view bytes() const noexcept { return {bytes_.data(), size_}; }

 private:
  std::array<char, 14> bytes_{};
  std::size_t size_ = 0;
};

// Appends `payload` masked with the four bytes of `mask`, as frame_head wrote them.
void append_masked(std::string& out, std::string_view payload, std::uint32_t mask);

// Follows the incoming bytes from frame to frame, so that each frame can be handed on alone: between two of them reading can pause.
class frame_splitter {
 public:
  // How many of `bytes` (at least one) belong to the frame they continue.
  std::size_t next(std::span<const char> bytes);
  // The last bytes made a length that is not written in its shortest form. websocketpp finds that too, and calls it an error of this
  // side (1011); it is the peer's (1002).
  bool length_is_padded() const noexcept { return padded_; }

 private:
  void head_complete();

  std::array<unsigned char, 14> head_{};
  std::size_t have_ = 0;       // bytes of the head
  std::size_t need_ = 2;       // bytes the head will have, as far as known
  std::uint64_t payload_ = 0;  // bytes of the payload that are still to come
  bool padded_ = false;
};

}  // namespace parley::transport
