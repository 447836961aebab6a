// The memory of the calls that are served. It is kept from one call of a method to the next.
// Private to conversation.
#pragma once

#include "parley/session/contract.hpp"
#include "parley/stub/answers.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace parley {

class call_slots {
 public:
  using number = session::contract::number;

  // The memory that is kept for one method: twice the largest payload that a server accepts by
  // default. Larger memory is released, so no sequence of payloads makes a connection hold more
  // than this for each method.
  static constexpr std::size_t most_kept = 128 * 1024;

  // Null if no memory is kept.
  std::shared_ptr<call_memory> take(number method) noexcept {
    if (method >= places_.size() || places_[method] == 0) return nullptr;
    return std::move(slots_[places_[method] - 1]);
  }
  [[gnu::hot]] void give_back(number method, std::shared_ptr<call_memory> used) {
    if (used->grown() > most_kept) return;
    if (method >= places_.size() || places_[method] == 0) make_place(method);
    slots_[places_[method] - 1] = std::move(used);
  }
  void release() noexcept {
    slots_ = std::vector<std::shared_ptr<call_memory>>();
    places_ = std::vector<std::uint32_t>();
  }

 private:
  [[gnu::cold]] void make_place(number method) {
    if (method >= places_.size()) places_.resize(std::size_t{method} + 1);
    slots_.emplace_back();
    places_[method] = static_cast<std::uint32_t>(slots_.size());
  }

  std::vector<std::shared_ptr<call_memory>> slots_;
  std::vector<std::uint32_t> places_;  // by method, a position in slots_ plus 1, or 0; most methods are not called on a connection
};

}  // namespace parley
