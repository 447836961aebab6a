// The memory that the reader of one payload may allocate. Every decoder follows one rule
// (schema/parley/envelope.fbs, section 7).
#pragma once

#include "parley/wire/format.hpp"
#include "parley/wire/limits.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace parley {

// The size of a std::map entry: the pair, and the three pointers and the colour of the node.
template <class Key, class T>
inline constexpr std::size_t entry_size = sizeof(std::pair<const Key, T>) + 4 * sizeof(void*);

class decode_memory {
 public:
  decode_memory(std::size_t length, const decode_options& options) noexcept
      : left_(std::min(wire::memory_budget(length), options.most_memory)) {}

  // Charges the sizes of list elements, map entries and messages on the heap. Large ones are
  // charged before they are built. The bytes of strings are free, because all of them were sent.
  // Returns false when the budget is exhausted.
  bool pay(std::size_t size) noexcept {
    if (size > left_) return false;
    left_ -= size;
    return true;
  }
  std::size_t left() const noexcept { return left_; }

  // Counts memory that the value did not have before the read; see decode_options::grown.
  void grew(std::size_t size) noexcept { grown_ += size; }
  std::size_t grown() const noexcept { return grown_; }
  // Call it before a text or bytes of this size are stored in `value`.
  template <class Text>
  void will_hold(const Text& value, std::size_t size) noexcept {
    if (size > value.capacity()) grew(size);
  }

 private:
  std::size_t left_;
  std::size_t grown_ = 0;
};

// Counts the memory that a list allocates while it is read, even if the read fails halfway.
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
  // Compares the list's address, because a list only moves when it gets more room. Reading its
  // capacity would cost a division.
  static std::uintptr_t room_of(const List& list) noexcept {
    if constexpr (std::is_same_v<typename List::value_type, bool>) return list.capacity();
    else return reinterpret_cast<std::uintptr_t>(list.data());
  }

  std::uintptr_t before_;
};

inline constexpr const char* too_much_memory = "would take too much memory";

}  // namespace parley
