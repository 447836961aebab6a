// The memory of the calls that are served. It is kept from one call of a method to the next.
// Private to conversation.
#pragma once

#include "parley/core/flat_index.hpp"
#include "parley/stub/answers.hpp"
#include "parley/wire/method.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace parley {

class call_slots {
 public:
  // The memory that is kept for one method: twice the largest payload that a server accepts by
  // default. Larger memory is released, so no sequence of payloads makes a connection hold more
  // than this for each method.
  static constexpr std::size_t most_kept = 128 * 1024;

  // Null if no memory is kept.
  std::shared_ptr<call_memory> take(const method& m) {
    const auto at = find(m);
    return at == flat_index::none ? nullptr : std::move(slots_[at].memory);
  }
  void give_back(const method& m, std::shared_ptr<call_memory> used) {
    if (used->grown() > most_kept) return;
    const auto at = find(m);
    if (at != flat_index::none) {
      slots_[at].memory = std::move(used);
    } else {
      index_.add(hash_of(m), static_cast<flat_index::position>(slots_.size()));
      slots_.push_back({&m, std::move(used)});
    }
  }
  void release() {
    slots_ = {};
    index_.clear();
  }

 private:
  struct slot {
    const method* what;
    std::shared_ptr<call_memory> memory;
  };

  static std::uint32_t hash_of(const method& m) { return flat_index::hash_of(reinterpret_cast<std::uintptr_t>(&m)); }
  flat_index::position find(const method& m) const {
    return index_.find(hash_of(m), [&](auto at) { return slots_[at].what == &m; });
  }

  std::vector<slot> slots_;
  flat_index index_;
};

}  // namespace parley
