// Events of the server itself.
#include "parley/server/delivery.hpp"
#include "parley/server/server_core.hpp"

#include <cstddef>

namespace parley {

sent server_loop::deliver_own(const outgoing& event) {
  delivery d;
  d.types = server_.options().types;
  d.what = event.what;
  d.to = &event.to;
  if (event.json) d.json = *event.json;
  if (event.binary) d.binary = *event.binary;
  const auto done = deliver(d, event.to.subject);
  if (!done) return done.error().code == errc::overloaded ? sent::dropped : sent::closed;
  // For a single client of this loop, the caller learns at once if it was left out.
  if (conversation* only = event.to.kind == target_kind::client ? client(event.to.name) : nullptr) {
    if (!only->session().agreed(*event.what)) return sent::mismatched;
    if (!only->session().accepts(event.what, d.frames[static_cast<std::size_t>(only->speaks())].payload)) return sent::too_large;
  }
  return sent::queued;
}

}  // namespace parley
