// Frames on their way to one peer: a control lane that goes first and a data lane in order, both bounded. Private to session.
//
// Every frame counts as its bytes and message_room more. Frames that this end sends of its own accord may have been admitted before they get
// here (a client's); they are in the same order as all others, and count in bytes() only.
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
  // Control frames are small and answer what the peer sent; a peer that lets this much of them pile up is not reading.
  static constexpr std::size_t max_control = 64 * 1024;
  // A message of this size always leaves if nothing waits before it, whatever others hold.
  static constexpr std::size_t always_room = 64 * 1024;

  // `total`: what the outboxes of all peers hold together; null: nobody counts it.
  explicit outbox(std::size_t max_bytes, std::shared_ptr<account> total = {}) : max_bytes_(max_bytes), total_(std::move(total)) {}
  ~outbox() { clear(); }
  outbox(const outbox&) = delete;
  outbox& operator=(const outbox&) = delete;

  // False: it does not fit beside what waits here and in the transport (`in_transport` bytes); nothing was queued.
  // `call`: the id of the call this frame opens, so that it can be taken back; 0 for every other frame. Ids only grow.
  bool push(buffer frame, std::size_t in_transport, std::uint64_t call = 0);
  void push_admitted(buffer frame, std::uint64_t call = 0);
  bool push_control(buffer frame);
  // Would a frame of the data lane fit? For the bound over all peers it must not be more than what is left for all of them: so who holds
  // most is the first to find no room, and those who hold little still do.
  bool has_room(std::size_t size, std::size_t in_transport) const noexcept {
    return (bounded_ + in_transport == 0 && size <= always_room) || has_room_beside(size, bounded_ + in_transport);
  }
  // Is it the bound over all peers that it does not fit in?
  bool total_is_full(std::size_t size, std::size_t in_transport) const noexcept;

  bool empty() const noexcept { return data_.empty() && control_.empty(); }
  std::size_t frames() const noexcept { return data_.size() + control_.size(); }
  // Of the data lane, as counted.
  std::size_t bytes() const noexcept { return bytes_; }
  // The next frame to be written; there must be one.
  buffer pop();
  // Takes back a call that has not left. False: it has.
  bool take_back(std::uint64_t call);
  // Drops everything, for good: nothing is pushed afterwards. The calls that waited can still be taken back, and so can `refused`, the call
  // that found no room; 0 if it was another frame.
  void abandon(std::uint64_t refused);
  void clear();

 private:
  struct entry {
    buffer frame;
    std::uint64_t call = 0;
    bool admitted = false;
    bool taken_back = false;  // a call that was removed; its place is counted until it is skipped
  };
  // What nobody else counts: a frame with a head is counted once for all who hold it.
  bool has_room_beside(std::size_t size, std::size_t used) const noexcept;
  static std::size_t alone(const buffer& frame) noexcept { return frame.has_head() ? message_room : cost_of(frame.size()); }
  void add(buffer frame, std::uint64_t call, bool admitted);
  void uncount(const entry&) noexcept;
  void drop_last_taken_back();

  const std::size_t max_bytes_;
  const std::shared_ptr<account> total_;
  std::size_t bytes_ = 0;    // data lane
  std::size_t bounded_ = 0;  // those of it that were not admitted before
  std::size_t control_bytes_ = 0;
  ring<entry> data_;
  ring<buffer> control_;
  struct place {
    std::uint64_t call = 0;
    std::uint64_t number = 0;  // of the frame, since the beginning
  };
  ring<place> calls_;  // of the data lane, those taken back as well
  std::uint64_t first_number_ = 0;
  std::uint64_t abandoned_from_ = std::numeric_limits<std::uint64_t>::max();  // this call and all later ones never leave
};

}  // namespace parley::session
