// Delivers an event. First finds its receivers. Then makes every form that a receiver needs, before
// the first receiver gets the event. Then gives each receiver its frame. server_crossing.cpp
// delivers to other loops.
#include "parley/server/delivery.hpp"
#include "parley/server/other_loops.hpp"
#include "parley/server/server_core.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace parley {
namespace {

// For fewer receivers, framing once costs more than it saves.
constexpr std::size_t framed_once_from = 8;

}  // namespace

result<> server_loop::deliver(delivery& d, const std::string& subject) {
  // Borrowed for this delivery, because a log sink may send another event meanwhile.
  lent to(found_);
  if (auto found = find_receivers(*d.to, subject, *to); !found) return found;
  d.for_many = to->here.size() > framed_once_from || !to->places.empty();
  if (auto made = make_for(d, *to); !made) return made;
  if (!to->places.empty())
    if (auto put = cross(d, subject, to->places); !put) return put;
  hand_out(d.what, d.frames, to->here);
  d.handed_to = to->here.size();
  return {};
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
