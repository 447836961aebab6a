// Answers routing's questions about the other loops of a server. Private to the server room.
#pragma once

#include "parley/conversation/spoken.hpp"
#include "parley/routing/audience.hpp"
#include "parley/server/server_core.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace parley {

// The current state: a client that connects afterwards is not a receiver. Used on the loop `here`.
class other_loops {
 public:
  other_loops(server_core& server, const server_loop& here) noexcept : server_(server), here_(here) {}

  template <class Found>
  bool find(const std::string& id, Found found) const {
    const auto known = server_.directory().find(id);
    if (!known) return false;
    if (known->loop != &here_) found(known->loop, form_of(known->kind));
    return true;
  }

  template <class Found>
  bool find_user(const std::string& name, Found found) const {
    bool there = false;
    server_.users().each(name, [&](const server_core::whereabouts& where) {
      if (where.loop == &here_) return;
      found(where.loop, form_of(where.kind));
      there = true;
    });
    return there;
  }

  // Whether a client or principal that the target names has one of the roles, at any loop.
  bool has_role(const target& named, std::uint64_t roles) const {
    if (named.kind == target_kind::client) {
      const auto known = server_.directory().find(named.name);
      return known && (known->roles & roles) != 0;
    }
    bool found = false;
    server_.users().each(named.name, [&](const server_core::whereabouts& where) { found = found || (where.roles & roles) != 0; });
    return found;
  }

  template <class Found>
  void each(Found found) const {
    for (const std::unique_ptr<server_loop>& loop : server_.loops()) {
      if (loop.get() == &here_) continue;
      routing::forms needed = 0;
      for (std::size_t kind = 0; kind < spoken_kinds; ++kind)
        if (loop->counts().speaking(static_cast<spoken>(kind)) != 0) needed |= form_of(static_cast<spoken>(kind));
      if (needed != 0) found(loop.get(), needed);
    }
  }

 private:
  server_core& server_;
  const server_loop& here_;
};

static_assert(routing::other_places<other_loops, server_loop*>);

}  // namespace parley
