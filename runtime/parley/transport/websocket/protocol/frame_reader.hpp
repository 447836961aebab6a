// The fast path of received frames, which also selects the frames for the slow path.
//
// Nearly all frames are whole, final data frames without extension bits. They are unmasked in
// place, checked, and passed on as a view. Every other frame (control frames, fragments,
// violations) is called foreign here. Its bytes go to websocketpp frame by frame, so that reading
// can pause between two frames. The first two bytes of a frame and its length decide whether it is
// foreign, so both paths see the frames in the order in which they arrived.
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
    // True: received frames must be masked. False: they must not be.
    bool server = true;
    std::size_t max_message = 0;
    bool fast_path = true;  // false: every frame is foreign
    transport::manners manners{};
  };

  enum class found : std::uint8_t {
    nothing,  // the bytes were taken, and more are needed
    message,  // a whole message
    foreign,  // bytes of a frame for websocketpp
    // A text frame or the first part of one. Its bytes go to websocketpp too, which finds the same
    // error.
    not_utf8,
    // A length that is not in its shortest form. Nothing after it may be read. websocketpp finds
    // this error as well but reports it as an error of this side (1011), although it is the peer's
    // (1002).
    padded,
  };
  struct piece {
    found what = found::nothing;
    opcode kind = opcode::text;  // of a message
    // For foreign and not_utf8: the bytes before `bytes`.
    std::span<char> head;
    // The payload of a message begins on an 8-aligned address.
    std::span<char> bytes;
    // The head of a ping, a pong or an empty fragment is now complete.
    bool without_data = false;
  };

  explicit frame_reader(const rules& by) : rules_(by), masks_are_optional_(!by.server && by.manners.masked_frames) {}

  // Takes at least one byte from the front of `bytes`, at most to the end of a frame. The bytes are
  // changed in place, and possibly also the bytes before them, back to the last 8-aligned address.
  // The result is valid until the next call.
  piece next(std::span<char>& bytes);

  // room() returns memory for the next bytes of a large frame, so that the caller can read directly
  // into it. filled() reports how many bytes were read and returns the result. The room is empty if
  // direct reading gains nothing. The memory grows with the bytes that have arrived, not with the
  // size that the head promises.
  std::span<char> room();
  piece filled(std::size_t count);

  // True between frames, unless a fragmented message is in progress.
  bool between_messages() const noexcept { return have_ == 0 && !in_fragments_; }
  // Call it when all received bytes have been taken. Releases memory that only an immediately
  // following frame would use again.
  void rest() noexcept;

 private:
  bool is_plain(unsigned char first, unsigned char second) const noexcept;
  piece whole_in_place(opcode kind, std::span<char> payload, std::uint32_t mask);
  [[gnu::noinline]] piece judge_head(std::span<char>& bytes);
  piece begin_large(std::span<char>& bytes);
  [[gnu::noinline]] piece pass_on(std::span<char>& bytes);
  piece pass_on_unmasked(std::span<char>& bytes);
  [[gnu::noinline]] piece grown(std::size_t count);
  [[gnu::cold]] piece refused(opcode kind, std::span<char> payload, std::size_t promised);
  void reserve(std::size_t capacity);
  void frame_is_over() noexcept;
  opcode kind() const noexcept;
  bool brings_no_data() const noexcept;

  const rules rules_;
  const bool masks_are_optional_;

  // A head that did not arrive in one piece, or whose payload did not arrive with it.
  std::array<unsigned char, frame_bits::largest_head> head_{};
  std::uint8_t have_ = 0;    // received bytes of the head; 0: between frames
  std::uint8_t need_ = 2;    // bytes that the head will have, as far as known
  std::uint8_t passed_ = 0;  // bytes of a foreign head that websocketpp has seen
  bool plain_ = false;
  bool in_fragments_ = false;
  // In a foreign frame whose mask websocketpp must not see: that mask and the index of its next
  // byte.
  bool unmasking_ = false;
  std::uint32_t mask_ = 0;
  std::uint8_t turn_ = 0;
  std::uint64_t left_ = 0;  // bytes of the payload that have not arrived yet

  // The payload of a large frame as far as it has arrived, unmasked.
  std::unique_ptr<char[]> large_;
  std::size_t capacity_ = 0;
  std::size_t size_ = 0;
  std::size_t checked_ = 0;  // this many of its bytes are whole characters
};

}  // namespace parley::transport
