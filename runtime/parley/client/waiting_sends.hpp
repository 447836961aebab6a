// Calls and events of a client that wait for the link, for the transport or for room in the queue. Private to the
// client room.
#pragma once

#include "parley/rpc/call_table.hpp"
#include "parley/stub/core.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace parley {

struct waiting_send {
  core::ticket of = 0;
  outgoing what;
  time_point deadline = time_point::max();
  std::unique_ptr<pending_call> call;  // null: an event without an operation
  bool event = false;
  std::uint8_t repeats = 0;  // how often it was sent again after a loss
};

// In the order of their start. A cancelled or late one is found without searching the others.
class waiting_sends {
 public:
  bool empty() const noexcept { return all_.size() == 0; }
  std::size_t size() const noexcept { return all_.size(); }
  time_point next_deadline() const noexcept { return all_.next_deadline(); }

  // The ticket must be unique and not 0.
  void add(waiting_send one) {
    const core::ticket of = one.of;
    const time_point deadline = one.deadline;
    all_.add(of, deadline, std::move(one));
  }
  // The one that has waited longest. Null if none waits.
  const waiting_send* first() noexcept {
    const auto* const node = all_.oldest();
    return node ? &node->value : nullptr;
  }
  std::optional<waiting_send> take_first() { return take_out(all_.oldest()); }
  std::optional<waiting_send> take(core::ticket of) { return take_out(all_.find(of)); }
  // Removes one whose deadline has passed, the earliest first.
  std::optional<waiting_send> take_due(time_point now) {
    auto* const node = all_.first_due();
    return node && node->deadline <= now ? take_out(node) : std::nullopt;
  }
  std::vector<waiting_send> take_all() {
    std::vector<waiting_send> all;
    all.reserve(all_.size());
    for (auto* node = all_.oldest(); node; node = all_.next(*node)) all.push_back(std::move(node->value));
    all_.clear();
    return all;
  }

 private:
  using table = rpc::call_table<waiting_send>;

  std::optional<waiting_send> take_out(table::node* node) {
    if (!node) return std::nullopt;
    std::optional<waiting_send> taken(std::move(node->value));
    all_.erase(*node);
    return taken;
  }

  table all_;
};

}  // namespace parley
