// The frames for one peer that wait to be sent. Control frames go first, data frames in order. Both
// lanes are limited. Private to session.
//
// Each frame counts as its bytes plus message_room. At a client, frames that it sends on its own
// initiative may have been admitted before they get here. They keep their place in the order and
// count only in bytes().
#pragma once

#include "parley/core/account.hpp"
#include "parley/core/core.hpp"
#include "parley/core/ring.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>

namespace parley::session {

class outbox {
 public:
  // Control frames are small and answer what the peer sent. A peer that lets this many bytes of
  // them wait does not read.
  static constexpr std::size_t max_control = 64 * 1024;
  // If nothing waits before it, a message of this size is always accepted, whatever other peers
  // hold.
  static constexpr std::size_t always_room = 64 * 1024;

  // `total` counts the outboxes of all peers together. Null: they are not counted.
  explicit outbox(std::size_t max_bytes, std::shared_ptr<account> total = {}) : max_bytes_(max_bytes), total_(std::move(total)) {}
  ~outbox() { clear(); }
  outbox(const outbox&) = delete;
  outbox& operator=(const outbox&) = delete;

  // Returns false and queues nothing if the frame does not fit beside the waiting frames and the
  // `in_transport` bytes. `call` is the id of the call that this frame opens, so that it can be
  // removed from the queue, and 0 for every other frame. Ids increase.
  bool push(buffer frame, std::size_t in_transport, std::uint64_t call = 0);
  void push_admitted(buffer frame, std::uint64_t call = 0);
  bool push_control(buffer frame);
  // Whether a frame of the data lane fits. Under the limit over all peers, this peer must not hold
  // more than what is left for all. So the peer that holds most is refused first, and peers that
  // hold little are still accepted.
  bool has_room(std::size_t size, std::size_t in_transport) const noexcept {
    return (bounded_ + in_transport == 0 && size <= always_room) || has_room_beside(size, bounded_ + in_transport);
  }
  // Whether it is the limit over all peers that the frame exceeds.
  bool total_is_full(std::size_t size, std::size_t in_transport) const noexcept {
    const std::size_t used = bounded_ + in_transport;
    return total_ && (used != 0 || size > always_room) && used + cost_of(size) > total_->left();
  }

  bool empty() const noexcept { return data_.empty() && control_.empty(); }
  std::size_t frames() const noexcept { return data_.size() + control_.size(); }
  // The counted bytes of the data lane.
  std::size_t bytes() const noexcept { return bytes_; }
  // Removes and returns the next frame to be written. There must be one.
  buffer pop();
  // Removes a call that has not been sent. Returns false if it has been sent.
  bool take_back(std::uint64_t call);
  // Drops everything. Nothing may be pushed afterwards. The calls that waited can still be removed,
  // and so can `refused`, the call that did not fit, or 0 if the frame opened no call.
  void abandon(std::uint64_t refused);
  void clear();

 private:
  struct entry {
    buffer frame;
    std::uint64_t call = 0;
    bool admitted = false;
    bool taken_back = false;  // a call that was removed; its place counts until it is skipped
  };
  // What only this queue counts: a frame with a header is counted once for all its holders.
  bool has_room_beside(std::size_t size, std::size_t used) const noexcept {
    // An empty queue accepts any message that the peer accepts, even one larger than the limit.
    return (used == 0 || (used <= max_bytes_ && cost_of(size) <= max_bytes_ - used)) && !total_is_full(size, used - bounded_);
  }
  static std::size_t alone(const buffer& frame) noexcept { return frame.has_head() ? message_room : cost_of(frame.size()); }
  void add(buffer frame, std::uint64_t call, bool admitted);
  void uncount(const entry&) noexcept;
  void drop_last_taken_back();

  const std::size_t max_bytes_;
  const std::shared_ptr<account> total_;
  std::size_t bytes_ = 0;    // of the data lane
  std::size_t bounded_ = 0;  // of these, the bytes that were not admitted beforehand
  std::size_t control_bytes_ = 0;
  ring<entry> data_;
  ring<buffer> control_;
  struct place {
    std::uint64_t call = 0;
    std::uint64_t number = 0;  // of the frame, from the first on
  };
  ring<place> calls_;  // in the data lane, including removed ones
  std::uint64_t first_number_ = 0;
  std::uint64_t abandoned_from_ = std::numeric_limits<std::uint64_t>::max();  // this call and all later ones are never sent
};

}  // namespace parley::session
