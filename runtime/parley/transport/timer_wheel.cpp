#include "parley/transport/timer_wheel.hpp"

#include <algorithm>
#include <bit>

namespace parley::transport {

void timer_wheel::link(node& one, std::size_t slot) noexcept {
  node*& first = first_[slot];
  one.slot_ = static_cast<std::uint8_t>(slot);
  one.after_ = first;
  if (first) first->link_ = &one.after_;
  one.link_ = &first;
  first = &one;
  if (slot != no_slot) used_[slot / slots] |= std::uint32_t{1} << slot % slots;
}

void timer_wheel::remove(node& one) noexcept {
  if (!one.waits()) return;
  *one.link_ = one.after_;
  if (one.after_) one.after_->link_ = one.link_;
  one.link_ = nullptr;
  if (one.slot_ != no_slot && !first_[one.slot_]) used_[one.slot_ / slots] &= ~(std::uint32_t{1} << one.slot_ % slots);
  --count_;
}

// Puts the node on the fastest wheel on which its slot is still ahead. If no wheel reaches that
// far, the node goes to the last slot of the slowest wheel, and is put again when that slot comes.
void timer_wheel::put(node& one) noexcept {
  if (one.when_ <= now_) return link(one, no_slot);
  for (std::size_t level = 0; level < levels; ++level) {
    if ((one.when_ >> (bits * level)) - (now_ >> (bits * level)) < slots) return link(one, level * slots + place(one.when_, level));
  }
  link(one, (levels - 1) * slots + (place(now_, levels - 1) + slots - 1) % slots);
}

void timer_wheel::add(node& one, tick when) noexcept {
  one.when_ = std::max(when, now_ + 1);
  ++count_;
  put(one);
}

timer_wheel::tick timer_wheel::next() const noexcept {
  if (first_[no_slot]) return now_;
  tick soonest = never;
  for (std::size_t level = 0; level < levels; ++level) {
    if (used_[level] == 0) continue;
    const std::size_t from = place(now_, level) + 1;
    const auto ahead = static_cast<tick>(std::countr_zero(std::rotr(used_[level], static_cast<int>(from % slots)))) + 1;
    soonest = std::min(soonest, ((now_ >> (bits * level)) + ahead) << (bits * level));
  }
  return soonest;
}

void timer_wheel::come_down(std::size_t slot) noexcept {
  while (node* const one = first_[slot]) {
    remove(*one);
    ++count_;
    put(*one);
  }
}

timer_wheel::node* timer_wheel::turn(tick limit) noexcept {
  while (!first_[no_slot]) {
    const tick to = next();
    if (to > limit) {
      now_ = std::max(now_, limit);
      return nullptr;
    }
    now_ = to;
    // The slowest wheel first, because a node that leaves it may have to leave a faster wheel in
    // the same step.
    for (std::size_t level = levels; level-- > 0;)
      if ((now_ & ((tick{1} << (bits * level)) - 1)) == 0) come_down(level * slots + place(now_, level));
  }
  node* const due = first_[no_slot];
  remove(*due);
  return due;
}

}  // namespace parley::transport
