// From an event to its receivers: they are found, every form that one of them needs is made before the first one gets the event, and each
// gets its frame. Receivers on other loops: server_crossing.cpp.
#include "parley/peer/delivery.hpp"
#include "parley/peer/server_core.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace parley {
namespace {

// Framing once costs more than it saves for fewer receivers.
constexpr std::size_t framed_once_from = 8;

}  // namespace

result<> server_loop::deliver(delivery& d, const std::string& subject) {
  // Taken for the time of this delivery: a log sink may send something itself.
  std::vector<connection_end*> receivers = std::move(receivers_);
  const auto put_back = [&] { receivers_ = std::move(receivers); };
  reach elsewhere;
  if (!server_.has_several_loops()) {
    if (auto found = clients_.resolve(*d.to, subject, receivers); !found) return put_back(), found;
  } else {
    if (auto found = find_elsewhere(*d.to, subject, elsewhere); !found) return put_back(), found;
    clients_.resolve_present(*d.to, subject, receivers);
  }
  d.for_many = receivers.size() > framed_once_from || !elsewhere.loops.empty();
  // All formats first: nobody gets an event that somebody could not.
  for (connection_end* end : receivers)
    if (auto made = d.make(end->speaks(), server_); !made) return put_back(), made;
  for (std::size_t kind = 0; kind < spoken_kinds; ++kind)
    if (elsewhere.kinds[kind])
      if (auto made = d.make(static_cast<spoken>(kind), server_); !made) return put_back(), made;

  if (!elsewhere.loops.empty())
    if (auto put = cross(d, subject, elsewhere.loops); !put) return put_back(), put;

  hand_out(d.what, d.frames, receivers);
  d.handed_to = receivers.size();
  put_back();
  return {};
}

void server_loop::hand_out(const method* what, const frames_made& frames, const std::vector<connection_end*>& receivers) {
  std::uint64_t delivered = 0;
  std::uint64_t left_out = 0;
  for (connection_end* end : receivers) {
    session::peer_session& to = end->session();
    const made_frame& made = frames[static_cast<std::size_t>(end->speaks())];
    // Nobody made it: its kind cannot understand it; or it is another loop's event, and this client came since, the first of its kind.
    if (made.content.empty() || (what && !to.agreed(*what)) || !to.accepts(what, made.payload)) {
      to.count_not_delivered();
      ++left_out;
    } else if (to.send(made.content)) {
      ++delivered;
    }
  }
  deliveries_ += delivered;
  if (left_out != 0) left_out_ += left_out;
}

// Is there anybody whom a target names? Sets, and the sender, always are.
bool server_loop::is_there(const target& to) const {
  switch (to.kind) {
    case target_kind::client:
      return server_.has_several_loops() ? server_.directory().find(to.name).has_value() : clients_.find(to.name) != nullptr;
    case target_kind::several:
      return std::any_of(to.parts.begin(), to.parts.end(), [this](const target& part) { return is_there(part); });
    default:
      return true;
  }
}

// Clients of other loops, and what they speak, as of now: who comes later was not there when it was sent.
result<> server_loop::find_elsewhere(const target& to, const std::string& subject, reach& out) const {
  const auto include = [&](server_loop& loop) {
    if (&loop != this && std::find(out.loops.begin(), out.loops.end(), &loop) == out.loops.end()) out.loops.push_back(&loop);
  };
  const auto one = [&](const std::string& id) -> result<> {
    const auto known = server_.directory().find(id);
    if (!known) return errc::unknown_target;
    if (known->loop == this) return {};
    include(*known->loop);
    out.kinds[static_cast<std::size_t>(known->kind)] = true;
    return {};
  };
  switch (to.kind) {
    case target_kind::server:
      return {};
    case target_kind::sender:
      return one(subject);
    case target_kind::client:
      return one(to.name);
    case target_kind::all:
    case target_kind::others:
      for (const auto& loop : server_.loops()) {
        if (loop.get() == this) continue;
        for (std::size_t kind = 0; kind < spoken_kinds; ++kind) {
          if (loop->population(static_cast<spoken>(kind)) == 0) continue;
          include(*loop);
          out.kinds[kind] = true;
        }
      }
      return {};
    case target_kind::several: {
      bool anybody = false;
      for (const target& part : to.parts)
        if (find_elsewhere(part, subject, out)) anybody = true;
      return anybody ? result<>() : errc::unknown_target;
    }
    default:
      return errc::unknown_target;
  }
}

}  // namespace parley
