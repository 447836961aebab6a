// A queue in one array. An unused queue has no memory, unlike std::deque, whose memory every idle
// connection would need. A queue in use keeps its memory, and releases that of a peak when it
// becomes empty.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace parley {

// T must be default constructible. A removed element is replaced by T{}.
template <class T>
class ring {
 public:
  bool empty() const noexcept { return size_ == 0; }
  std::size_t size() const noexcept { return size_; }
  T& front() noexcept { return slots_[first_]; }
  const T& front() const noexcept { return slots_[first_]; }
  T& operator[](std::size_t i) noexcept { return slots_[(first_ + i) & (slots_.size() - 1)]; }

  void push_back(T value) {
    if (size_ == slots_.size()) grow();
    (*this)[size_++] = std::move(value);
  }
  T pop_front() {
    T taken = std::exchange(slots_[first_], T{});
    first_ = (first_ + 1) & (slots_.size() - 1);
    --size_;
    let_go_of_a_peak();
    return taken;
  }
  // Removes an element from the middle. The time is proportional to the number of elements after
  // it.
  void erase(std::size_t i) {
    for (; i + 1 < size_; ++i) (*this)[i] = std::move((*this)[i + 1]);
    (*this)[--size_] = T{};
    let_go_of_a_peak();
  }
  void clear() noexcept {
    slots_ = std::vector<T>();  // "= {}" would keep the memory
    first_ = size_ = 0;
  }

 private:
  static constexpr std::size_t smallest = 4;
  static constexpr std::size_t kept = 64;

  void let_go_of_a_peak() noexcept {
    if (size_ == 0 && slots_.size() > kept) clear();
  }
  void grow() {
    std::vector<T> larger(slots_.empty() ? smallest : slots_.size() * 2);
    for (std::size_t i = 0; i < size_; ++i) larger[i] = std::move((*this)[i]);
    slots_ = std::move(larger);
    first_ = 0;
  }

  std::vector<T> slots_;  // its size is a power of two
  std::size_t first_ = 0;
  std::size_t size_ = 0;
};

}  // namespace parley
