// The fast path of received frames, and the switch to the slow one.
//
// Whole, final data frames without extension bits are nearly all that ever comes. They are unmasked where they lie, checked, and handed
// on as a view. Every other frame (control frames, fragments, violations) is foreign here: its bytes are for websocketpp, frame by
// frame, so that reading can pause between two. What is foreign is decided by a frame's first two bytes and its length; so both paths
// see the frames in the order in which they came.
#pragma once

#include "parley/transport/websocket/protocol/frame.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace parley::transport {

class frame_reader {
 public:
  struct rules {
    bool server = true;  // frames must be masked; else they must not
    std::size_t max_message = 0;
    bool fast_path = true;  // false: every frame is foreign
    transport::manners manners{};
  };

  enum class found : std::uint8_t {
    nothing,   // bytes were taken, and more is needed
    message,   // a whole one
    foreign,   // bytes of a frame, for websocketpp
    not_utf8,  // a text frame, or the first part of one: for websocketpp as well, which will find the same
    padded,    // a length that is not written in its shortest form: nothing after it is to be read. websocketpp finds that too, and
               // calls it an error of this side (1011); it is the peer's (1002)
  };
  struct piece {
    found what = found::nothing;
    opcode kind = opcode::text;  // of a message
    std::span<char> head;        // foreign, not_utf8: what comes before `bytes`
    std::span<char> bytes;       // a message's payload begins on an 8-aligned address
    bool without_data = false;   // the head of a ping, a pong or an empty fragment is now complete
  };

  explicit frame_reader(const rules& by) : rules_(by), masks_are_optional_(!by.server && by.manners.masked_frames) {}

  // Takes bytes (at least one) off the front of `bytes`, up to the end of a frame at most. They are changed in place; so may be the bytes
  // before them, back to the last 8-aligned address. What it gives is valid until the next call.
  piece next(std::span<char>& bytes);

  // While a frame that is larger than what came at once is under way: where its next bytes may be written to directly, and what that
  // made. Empty when there is nothing to gain. Memory grows with what has come, not with what the frame's head promised.
  std::span<char> room();
  piece filled(std::size_t count);

  // Neither inside a frame nor between the fragments of a message.
  bool between_messages() const noexcept { return have_ == 0 && !in_fragments_; }
  // All bytes that there are have been taken: lets go of memory that the next frame would only use again if it came at once.
  void rest() noexcept;

 private:
  bool is_plain(unsigned char first, unsigned char second) const noexcept;
  piece whole_in_place(opcode kind, std::span<char> payload, std::uint32_t mask);
  piece judge_head(std::span<char>& bytes);
  piece begin_large(std::span<char>& bytes);
  piece pass_on(std::span<char>& bytes);
  piece pass_on_unmasked(std::span<char>& bytes);
  piece grown(std::size_t count);
  piece refused(opcode kind, std::span<char> payload, std::size_t promised);
  void reserve(std::size_t capacity);
  void frame_is_over() noexcept;
  opcode kind() const noexcept;
  bool brings_no_data() const noexcept;

  const rules rules_;
  const bool masks_are_optional_;

  // A head that did not come at once, or whose payload did not come with it.
  std::array<unsigned char, frame_bits::largest_head> head_{};
  std::uint8_t have_ = 0;    // bytes of the head; 0: between frames
  std::uint8_t need_ = 2;    // bytes the head will have, as far as known
  std::uint8_t passed_ = 0;  // bytes of a foreign head that websocketpp has seen
  bool plain_ = false;
  bool in_fragments_ = false;
  bool unmasking_ = false;  // a foreign frame whose mask websocketpp is not to see,
  std::uint32_t mask_ = 0;  // that mask,
  std::uint8_t turn_ = 0;   // and which of its bytes is next
  std::uint64_t left_ = 0;  // bytes of the payload that are still to come

  // A large frame's payload as far as it has come, unmasked.
  std::unique_ptr<char[]> large_;
  std::size_t capacity_ = 0;
  std::size_t size_ = 0;
  std::size_t checked_ = 0;  // so many of its bytes are whole characters
};

}  // namespace parley::transport
