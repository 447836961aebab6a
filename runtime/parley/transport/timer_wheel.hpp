// Times in ticks, by the thousand: set and taken back in constant time, without memory of its own per time. Private to transport.
//
// Five wheels of 32 slots, each turning 32 times slower than the one before. A time stands in the slowest wheel that it must, and comes down
// wheel by wheel as it draws near; on the first it is exact. Between two slots that hold something nothing has to be done, however
// long that is. No clock and no threads: the owner says what tick it is.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace parley::transport {

class timer_wheel {
 public:
  using tick = std::uint64_t;
  static constexpr tick never = ~tick{0};

  // Belongs to its owner, who takes it out before it goes.
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
    node** link_ = nullptr;        // what points to this one; null: not in a wheel
    std::uint8_t slot_ = no_slot;  // of all; so that an empty one can be marked
  };

  bool empty() const noexcept { return count_ == 0; }
  tick now() const noexcept { return now_; }
  // While it is empty: it need not walk from where it was left.
  void start_at(tick now) noexcept { now_ = now; }

  // A tick that has passed counts as the next one. The node must not wait already.
  void add(node&, tick when) noexcept;
  void remove(node&) noexcept;
  // When there is something to do: a time has come, or comes down to a faster wheel. `never`: empty.
  tick next() const noexcept;
  // Moves on to the next tick that has something to do, if it is not after `limit`, or else to `limit`. Returns a time that has come, one
  // after the other, no longer waiting; null: none is left.
  node* turn(tick limit) noexcept;

 private:
  static constexpr unsigned bits = 5;
  static constexpr std::size_t slots = std::size_t{1} << bits;
  static constexpr std::size_t levels = 5;
  static constexpr std::uint8_t no_slot = levels * slots;  // the list of those that are due

  static std::size_t place(tick when, std::size_t level) noexcept { return when >> (bits * level) & (slots - 1); }
  void put(node&) noexcept;
  void link(node&, std::size_t slot) noexcept;
  void come_down(std::size_t slot) noexcept;

  tick now_ = 0;
  std::size_t count_ = 0;
  std::array<std::uint32_t, levels> used_{};       // a bit for each slot that holds something
  std::array<node*, levels * slots + 1> first_{};  // the last: due
};

}  // namespace parley::transport
