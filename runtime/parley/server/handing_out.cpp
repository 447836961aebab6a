// Delivers an event. First finds its receivers. Then makes every form that a receiver needs, before
// the first receiver gets the event. Then gives each receiver its frame. server_crossing.cpp
// delivers to other loops.
#include "parley/server/delivery.hpp"
#include "parley/server/other_loops.hpp"
#include "parley/server/server_core.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace parley {
namespace {

// For fewer receivers, framing once costs more than it saves.
constexpr std::size_t framed_once_from = 8;

// Whether the target names clients or principals, and no set.
bool names_clients(const target& to) {
  if (to.kind == target_kind::several) return !to.parts.empty() && std::all_of(to.parts.begin(), to.parts.end(), names_clients);
  return to.kind == target_kind::client || to.kind == target_kind::user;
}

error nobody_may_receive() { return {errc::denied, "the receiver does not have a role that may receive this"}; }

}  // namespace

result<> server_loop::deliver(delivery& d, const std::string& subject) {
  // Borrowed for this delivery, because a log sink may send another event meanwhile.
  lent to(found_);
  if (auto found = find_receivers(*d.to, subject, *to); !found) return found;
  if (d.what && !d.what->may_receive.empty())
    if (auto kept = keep_those_with_a_role(*d.what, *d.to, *to); !kept) return kept;
  d.for_many = to->here.size() > framed_once_from || !to->places.empty();
  if (auto made = make_for(d, *to); !made) return made;
  if (!to->places.empty())
    if (auto put = cross(d, subject, to->places); !put) return put;
  hand_out(d.what, d.frames, to->here);
  d.handed_to = to->here.size();
  return {};
}

void server_loop::keep_those_with_a_role(const method& m, std::vector<conversation*>& receivers) const {
  const std::uint64_t roles = server_.contract().receivers_of(server_.contract().number_of(m.id));
  std::erase_if(receivers, [roles](const conversation* end) { return (end->roles() & roles) == 0; });
}

result<> server_loop::keep_those_with_a_role(const method& m, const target& to, audience::found& found) const {
  const std::size_t before = found.here.size();
  keep_those_with_a_role(m, found.here);
  const bool left_out = found.here.size() != before || !found.places.empty();
  if (!found.here.empty() || !left_out || !names_clients(to)) return {};
  if (found.places.empty()) return nobody_may_receive();
  const std::uint64_t roles = server_.contract().receivers_of(server_.contract().number_of(m.id));
  const other_loops elsewhere(server_, *this);
  const auto has_role = [&](const target& one) { return elsewhere.has_role(one, roles); };
  const bool somebody = to.kind == target_kind::several ? std::any_of(to.parts.begin(), to.parts.end(), has_role) : has_role(to);
  return somebody ? result<>() : nobody_may_receive();
}

result<> server_loop::find_receivers(const target& to, const std::string& subject, audience::found& out) {
  if (!server_.has_several_loops()) return clients_.walk(to, subject, routing::nowhere{}, out);
  // With one loop, an empty list is not an error: the event has no receivers.
  if (to.kind == target_kind::several && to.parts.empty()) return errc::unknown_target;
  return clients_.walk(to, subject, other_loops(server_, *this), out);
}

bool server_loop::may_reach(const target& to) const {
  if (!server_.has_several_loops()) return clients_.may_reach(to, routing::nowhere{});
  return clients_.may_reach(to, other_loops(server_, *this));
}

// Makes every form first. If one fails, no receiver gets the event.
result<> server_loop::make_for(delivery& d, const audience::found& to) {
  for (conversation* end : to.here)
    if (auto made = d.make(end->speaks(), server_); !made) return made;
  for (std::size_t kind = 0; kind < spoken_kinds; ++kind)
    if ((to.needed_there & form_of(static_cast<spoken>(kind))) != 0)
      if (auto made = d.make(static_cast<spoken>(kind), server_); !made) return made;
  return {};
}

// No receiver disappears meanwhile, because a transport reports the end of a connection in a turn
// of its own.
void server_loop::hand_out(const method* what, const frames_made& frames, const std::vector<conversation*>& receivers) {
  std::uint64_t delivered = 0;
  std::uint64_t left_out = 0;
  for (conversation* end : receivers) {
    session::peer_session& to = end->session();
    const made_frame& made = frames[static_cast<std::size_t>(end->speaks())];
    // There is no frame if clients of this kind cannot read the event. There is also none if
    // another loop made the event before the first client of this kind connected here.
    if (made.content.empty() || (what && !to.agreed(*what)) || !to.accepts(what, made.payload)) {
      to.count_not_delivered();
      ++left_out;
    } else if (to.send(made.content)) {
      ++delivered;
    }
  }
  counts_.deliveries += delivered;
  if (left_out != 0) counts_.left_out += left_out;
}

}  // namespace parley
