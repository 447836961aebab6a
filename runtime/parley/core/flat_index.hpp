// Finds positions by hash in one array of small cells. An entry needs no memory of its own. The
// array grows and shrinks without access to the keys.
//
//   flat_index where;                                            // of things in a vector
//   where.add(hash, position);
//   auto at = where.find(hash, [&](auto p) { return things[p].id == id; });     // or flat_index::none
//   where.remove(hash, at);
//
// The owner keeps the keys and decides which candidate matches. Hashes must be mixed, because their
// low bits choose the cell.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace parley {

class flat_index {
 public:
  using position = std::uint32_t;
  static constexpr position none = ~position{0};

  // A hash for numbers that count upwards.
  static constexpr std::uint32_t hash_of(std::uint64_t number) noexcept {
    return static_cast<std::uint32_t>(number * 0x9e3779b97f4a7c15 >> 32);
  }

  template <class Same>
  position find(std::uint32_t hash, Same same) const {
    if (size_ == 0) return none;
    for (std::size_t at = hash & mask();; at = (at + 1) & mask()) {
      const cell& c = cells_[at];
      if (c.where == none) return none;
      if (c.hash == hash && same(c.where)) return c.where;
    }
  }

  // The entry must not exist.
  [[gnu::hot]] void add(std::uint32_t hash, position where) {
    if ((size_ + 1) * 4 > cells_.size() * 3) resize(cells_.empty() ? smallest : cells_.size() * 2);
    put({hash, where});
    ++size_;
  }

  // The entry must exist.
  [[gnu::hot]] void remove(std::uint32_t hash, position where) {
    std::size_t hole = place_of(hash, where);
    // Each entry after the hole that may be stored in it moves up, so that no search ends too
    // early.
    for (std::size_t at = (hole + 1) & mask(); cells_[at].where != none; at = (at + 1) & mask()) {
      const std::size_t home = cells_[at].hash & mask();
      if (((at - home) & mask()) < ((at - hole) & mask())) continue;
      cells_[hole] = cells_[at];
      hole = at;
    }
    cells_[hole] = {};
    --size_;
    if (cells_.size() > smallest && size_ * 8 < cells_.size()) resize(cells_.size() / 2);
  }

  // Changes the position of an entry.
  void move(std::uint32_t hash, position from, position to) { cells_[place_of(hash, from)].where = to; }

  std::size_t size() const noexcept { return size_; }
  void clear() noexcept {
    cells_ = std::vector<cell>();
    size_ = 0;
  }

 private:
  static constexpr std::size_t smallest = 8;
  struct cell {
    std::uint32_t hash = 0;
    position where = none;
  };

  std::size_t mask() const noexcept { return cells_.size() - 1; }
  std::size_t place_of(std::uint32_t hash, position where) const noexcept {
    std::size_t at = hash & mask();
    while (cells_[at].where != where) at = (at + 1) & mask();
    return at;
  }
  void put(cell c) noexcept {
    std::size_t at = c.hash & mask();
    while (cells_[at].where != none) at = (at + 1) & mask();
    cells_[at] = c;
  }
  void resize(std::size_t count) {
    const auto old = std::exchange(cells_, std::vector<cell>(count));
    for (const cell& c : old)
      if (c.where != none) put(c);
  }

  std::vector<cell> cells_;  // a power of two, at most three quarters of them used
  std::size_t size_ = 0;
};

}  // namespace parley
