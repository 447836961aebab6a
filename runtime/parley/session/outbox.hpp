// Frames on their way to one peer: a control lane that goes first and a data lane in order, both bounded. Private to session.
#pragma once

#include "parley/core/core.hpp"
#include "parley/core/ring.hpp"

#include <cstdint>

namespace parley::session {

class outbox {
 public:
  // Control frames are small and answer what the peer sent; a peer that lets this much of them pile up is not reading.
  static constexpr std::size_t max_control = 64 * 1024;

  explicit outbox(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  // False: it does not fit beside what waits here and in the transport (`in_transport` bytes); nothing was queued.
  // `call`: the id of the call this frame opens, so that it can be taken back; 0 for every other frame.
  bool push(buffer frame, std::size_t in_transport, std::uint64_t call = 0);
  bool push_control(buffer frame);
  // Would a frame of the data lane fit?
  bool has_room(std::size_t size, std::size_t in_transport) const noexcept;

  bool empty() const noexcept { return data_.empty() && control_.empty(); }
  std::size_t frames() const noexcept { return data_.size() + control_.size(); }
  std::size_t bytes() const noexcept { return bytes_; }
  // The next frame to be written; there must be one.
  buffer pop();
  // Takes back a call that has not left. False: it has.
  bool take_back(std::uint64_t call);
  void clear();

 private:
  struct entry {
    buffer frame;
    std::uint64_t call = 0;
  };
  std::size_t max_bytes_;
  std::size_t bytes_ = 0;  // data lane
  std::size_t control_bytes_ = 0;
  ring<entry> data_;
  ring<buffer> control_;
};

}  // namespace parley::session
