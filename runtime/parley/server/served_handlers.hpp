// The handlers that one loop of a server calls: the registered handlers, and which of them handles
// a method. Private to the server room.
//
// While a handler runs, it may register other handlers and end any registration, including its own.
// A reference to a `bound` is therefore not valid after a handler has run. One thread at a time.
#pragma once

#include "parley/session/contract.hpp"
#include "parley/stub/handler.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace parley {

class served_handlers {
 public:
  struct bound {
    parley::handler* handler = nullptr;  // null: no handler
    binding how{};
    std::shared_ptr<running_replies> replies;
  };

  // The contract must outlive this object, and must contain the methods of each handler that is
  // added.
  explicit served_handlers(const session::contract& contract) noexcept : contract_(contract) {}

  // None of these methods may be bound to a handler. `id` identifies the registration.
  void add(std::uint64_t id, handler& h, std::span<const binding> bindings);
  // `ended` is called when no coroutine of the handler runs any more. It is called at once if the
  // id is not known.
  void remove(std::uint64_t id, std::function<void()> ended);

  // Null if the method has no handler.
  const bound* find(session::contract::number method) const noexcept {
    return method < bound_.size() && bound_[method].handler ? &bound_[method] : nullptr;
  }
  const bound* find(const method& m) const { return find(contract_.number_of(m.id)); }

  // Calls `f` for each handler that is registered now, unless it is removed meanwhile.
  template <class F>
  void for_each(F f) const {
    std::vector<std::uint64_t> now;
    now.reserve(registered_.size());
    for (const registered& one : registered_) now.push_back(one.id);
    for (const std::uint64_t id : now) {
      const auto found = std::find_if(registered_.begin(), registered_.end(), [id](const registered& one) { return one.id == id; });
      if (found != registered_.end()) f(*found->handler);
    }
  }

 private:
  struct registered {
    std::uint64_t id;
    parley::handler* handler;
    std::shared_ptr<running_replies> replies;
  };

  const session::contract& contract_;
  std::vector<registered> registered_;
  std::vector<bound> bound_;  // indexed by the method's number in the contract
};

}  // namespace parley
