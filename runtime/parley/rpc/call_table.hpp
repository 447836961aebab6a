// The open calls of one direction, indexed by id, age and deadline, without an allocation per call.
// Private to rpc, and to the code in client that queues future calls.
#pragma once

#include "parley/core/core.hpp"
#include "parley/core/flat_index.hpp"

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace parley::rpc {

// Nodes are in one array and are reused. Adding a node may move all of them. When the table becomes
// empty after a peak it releases the memory.
template <class Entry>
class call_table {
  static constexpr std::uint32_t none = flat_index::none;

 public:
  struct node {
    std::uint64_t id = 0;
    time_point deadline = time_point::max();  // max() means none
    Entry value{};

   private:
    friend class call_table;
    std::uint32_t in_heap = none;
    std::uint32_t before = none;  // the call opened before this one
    std::uint32_t after = none;   // the next call, or the next free node
  };

  std::size_t size() const noexcept { return index_.size(); }

  node* find(std::uint64_t id) noexcept {
    const auto at = position_of(id);
    return at == none ? nullptr : &nodes_[at];
  }
  const node* find(std::uint64_t id) const noexcept {
    const auto at = position_of(id);
    return at == none ? nullptr : &nodes_[at];
  }

  // Ids must increase. `deadline` is max() for none.
  node& add(std::uint64_t id, time_point deadline, Entry value) {
    std::uint32_t at = free_;
    if (at == none) {
      at = static_cast<std::uint32_t>(nodes_.size());
      nodes_.emplace_back();
    } else {
      free_ = nodes_[at].after;
    }
    node& n = nodes_[at];
    n.id = id;
    n.deadline = deadline;
    n.value = std::move(value);
    n.before = newest_;
    n.after = none;
    (newest_ == none ? oldest_ : nodes_[newest_].after) = at;
    newest_ = at;
    index_.add(flat_index::hash_of(id), at);
    if (deadline != time_point::max()) {
      heap_.push_back(at);
      rise(heap_.size() - 1);
    }
    return n;
  }

  void erase(node& n) {
    drop_deadline(n);
    const std::uint32_t at = where(n);
    (n.before == none ? oldest_ : nodes_[n.before].after) = n.after;
    (n.after == none ? newest_ : nodes_[n.after].before) = n.before;
    index_.remove(flat_index::hash_of(n.id), at);
    n.value = Entry{};
    n.after = free_;
    free_ = at;
    if (size() == 0 && nodes_.size() > kept) clear();
  }

  void drop_deadline(node& n) noexcept {
    n.deadline = time_point::max();
    if (n.in_heap == none) return;
    const std::size_t hole = std::exchange(n.in_heap, none);
    const std::uint32_t last = heap_.back();
    heap_.pop_back();
    if (hole == heap_.size()) return;
    set(hole, last);
    rise(hole);
    sink(nodes_[last].in_heap);
  }

  time_point next_deadline() const noexcept { return heap_.empty() ? time_point::max() : nodes_[heap_.front()].deadline; }
  // The node with the earliest deadline, and the older of two with the same deadline. Null if no
  // call has a deadline.
  node* first_due() noexcept { return heap_.empty() ? nullptr : &nodes_[heap_.front()]; }

  // The order of opening. Null at the end.
  const node* newest() const noexcept { return newest_ == none ? nullptr : &nodes_[newest_]; }
  node* oldest() noexcept { return oldest_ == none ? nullptr : &nodes_[oldest_]; }
  node* next(const node& n) noexcept { return n.after == none ? nullptr : &nodes_[n.after]; }

  void clear() noexcept {
    nodes_ = std::vector<node>();  // "= {}" would keep the memory
    heap_ = std::vector<std::uint32_t>();
    index_.clear();
    free_ = oldest_ = newest_ = none;
  }

  // For indexes of the owner. Valid until the node is erased.
  std::uint32_t where(const node& n) const noexcept { return static_cast<std::uint32_t>(&n - nodes_.data()); }
  node& at(std::uint32_t position) noexcept { return nodes_[position]; }

 private:
  static constexpr std::size_t kept = 64;

  std::uint32_t position_of(std::uint64_t id) const noexcept {
    return index_.find(flat_index::hash_of(id), [&](std::uint32_t p) { return nodes_[p].id == id; });
  }

  bool due_before(std::uint32_t a, std::uint32_t b) const noexcept {
    return std::pair(nodes_[a].deadline, nodes_[a].id) < std::pair(nodes_[b].deadline, nodes_[b].id);
  }
  void set(std::size_t place, std::uint32_t at) noexcept {
    heap_[place] = at;
    nodes_[at].in_heap = static_cast<std::uint32_t>(place);
  }
  void rise(std::size_t place) noexcept {
    const std::uint32_t at = heap_[place];
    for (; place != 0 && due_before(at, heap_[(place - 1) / 2]); place = (place - 1) / 2) set(place, heap_[(place - 1) / 2]);
    set(place, at);
  }
  void sink(std::size_t place) noexcept {
    const std::uint32_t at = heap_[place];
    for (;;) {
      std::size_t child = 2 * place + 1;
      if (child >= heap_.size()) break;
      if (child + 1 < heap_.size() && due_before(heap_[child + 1], heap_[child])) ++child;
      if (!due_before(heap_[child], at)) break;
      set(place, heap_[child]);
      place = child;
    }
    set(place, at);
  }

  std::vector<node> nodes_;
  std::vector<std::uint32_t> heap_;  // ordered by deadline; only calls that have one
  flat_index index_;
  std::uint32_t free_ = none;
  std::uint32_t oldest_ = none;
  std::uint32_t newest_ = none;
};

}  // namespace parley::rpc
