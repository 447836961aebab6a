// How much memory the reader of one payload may take: one rule for every decoder, stated in schema/parley/envelope.fbs, section 7.
#pragma once

#include "parley/wire/format.hpp"
#include "parley/wire/limits.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace parley {

// What an entry of a std::map takes: the pair, and the node's three pointers and colour.
template <class Key, class T>
inline constexpr std::size_t entry_size = sizeof(std::pair<const Key, T>) + 4 * sizeof(void*);

class decode_memory {
 public:
  decode_memory(std::size_t length, const decode_options& options) noexcept
      : left_(std::min(wire::memory_budget(length), options.most_memory)) {}

  // Elements of lists, entries of maps and messages on the heap pay their sizes, before they are built if they are large. The bytes of
  // strings do not: they were all sent. False: the budget is used up.
  bool pay(std::size_t size) noexcept {
    if (size > left_) return false;
    left_ -= size;
    return true;
  }
  std::size_t left() const noexcept { return left_; }

  // Memory that the value read into did not have before; see decode_options::grown.
  void grew(std::size_t size) noexcept { grown_ += size; }
  std::size_t grown() const noexcept { return grown_; }
  // A text or bytes of this size are about to be put into `value`.
  template <class Text>
  void will_hold(const Text& value, std::size_t size) noexcept {
    if (size > value.capacity()) grew(size);
  }

 private:
  std::size_t left_;
  std::size_t grown_ = 0;
};

// Counts what a list takes anew while it is read, also where reading fails half way.
template <class List>
class growing {
 public:
  growing(decode_memory& memory, const List& list) noexcept : memory_(memory), list_(list), before_(room_of(list)) {}
  ~growing() {
    if (room_of(list_) != before_) memory_.grew(list_.capacity() * sizeof(typename List::value_type));
  }
  growing(const growing&) = delete;
  growing& operator=(const growing&) = delete;

 private:
  decode_memory& memory_;
  const List& list_;
  // Where it lies: only more room moves a list, and asking for its capacity costs a division.
  static std::uintptr_t room_of(const List& list) noexcept {
    if constexpr (std::is_same_v<typename List::value_type, bool>) return list.capacity();
    else return reinterpret_cast<std::uintptr_t>(list.data());
  }

  std::uintptr_t before_;
};

inline constexpr const char* too_much_memory = "would take too much memory";

}  // namespace parley
