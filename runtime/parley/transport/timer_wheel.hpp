// A timer wheel for thousands of timers. Setting and cancelling take constant time and allocate no
// memory. Private to transport.
//
// There are five wheels of 32 slots. Each turns 32 times slower than the one before. A timer is
// placed on the fastest wheel that reaches far enough and moves to faster wheels as its time draws
// near. On the first wheel it is exact. Between two used slots there is nothing to do, however long
// that is. The wheel has no clock and no threads: its owner passes the current tick.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace parley::transport {

class timer_wheel {
 public:
  using tick = std::uint64_t;
  static constexpr tick never = ~tick{0};

  // Belongs to the caller, which must remove it before destroying it.
  class node {
   public:
    node() = default;
    node(const node&) = delete;
    node& operator=(const node&) = delete;
    bool waits() const noexcept { return link_ != nullptr; }

   private:
    friend class timer_wheel;
    tick when_ = 0;
    node* after_ = nullptr;
    node** link_ = nullptr;        // points to the pointer to this node; null: not in a wheel
    std::uint8_t slot_ = no_slot;  // index over all wheels, so that an empty slot can be marked
  };

  bool empty() const noexcept { return count_ == 0; }
  tick now() const noexcept { return now_; }
  // Sets the current tick of an empty wheel, which skips the ticks since it was last used.
  void start_at(tick now) noexcept { now_ = now; }

  // A tick in the past counts as the next one. The node must not be in a wheel already.
  void add(node&, tick when) noexcept;
  void remove(node&) noexcept;
  // The next tick at which a timer is due or moves to a faster wheel. `never` if the wheel is
  // empty.
  tick next() const noexcept;
  // Advances to the next tick with work, but not beyond `limit`. Each call returns one due node,
  // which has been removed from the wheel. Null if no node is left.
  node* turn(tick limit) noexcept;

 private:
  static constexpr unsigned bits = 5;
  static constexpr std::size_t slots = std::size_t{1} << bits;
  static constexpr std::size_t levels = 5;
  static constexpr std::uint8_t no_slot = levels * slots;  // the list of the due nodes

  static std::size_t place(tick when, std::size_t level) noexcept { return when >> (bits * level) & (slots - 1); }
  void put(node&) noexcept;
  void link(node&, std::size_t slot) noexcept;
  void come_down(std::size_t slot) noexcept;

  tick now_ = 0;
  std::size_t count_ = 0;
  std::array<std::uint32_t, levels> used_{};       // one bit for each slot that is not empty
  std::array<node*, levels * slots + 1> first_{};  // the last one is the list of the due nodes
};

}  // namespace parley::transport
