#include "parley/routing/routing.hpp"

namespace parley::routing {
namespace {

bool contains(std::span<const target_kind> kinds, target_kind wanted) {
  return std::find(kinds.begin(), kinds.end(), wanted) != kinds.end();
}

}  // namespace

bool declared(std::span<const target_kind> kinds, const target& wanted) {
  if (wanted.kind != target_kind::several) return contains(kinds, wanted.kind);
  return std::all_of(wanted.parts.begin(), wanted.parts.end(), [&](const target& part) { return contains(kinds, part.kind); });
}

result<target> choose(const method& m, const wire::envelope& e, bool lenient) {
  const target first{.kind = m.to.empty() ? target_kind::server : m.to.front()};
  const bool server_alone = m.to.size() == 1 && m.to.front() == target_kind::server;
  if (lenient && server_alone) return first;
  if (e.target_unreadable) return errc::unknown_target;
  if (e.to.kind == target_kind::none) {
    // A default that needs a name cannot stand for an absent target.
    if (first.kind == target_kind::client) return error{errc::unknown_target, "this event needs a target"};
    return first;
  }
  if (!declared(m.to, e.to)) {
    if (lenient && e.to.kind == target_kind::others && first.kind != target_kind::client) return first;
    return error{errc::denied, "target not allowed"};
  }
  return e.to;
}

result<target> choose_by_payload(const method& m, const wire::envelope& e, bool lenient, format f, bytes_view payload,
                                 const decode_options& options) {
  routed_targets named;
  if (auto read = m.route(f, payload, options, named); !read) return std::move(read).error();
  target chosen{.kind = target_kind::server};
  if (named.count == 1) chosen.kind = named.kinds[0];
  if (named.count > 1) {
    chosen.kind = target_kind::several;
    for (std::size_t i = 0; i < named.count; ++i) chosen.parts.push_back({.kind = named.kinds[i]});
  }
  const bool absent = !e.target_unreadable &&
                      (e.to.kind == target_kind::none || (lenient && e.to.kind == target_kind::others));
  if (!absent && !(e.to.kind == chosen.kind && e.to.parts == chosen.parts))
    return error{errc::denied, "the payload names other receivers than the envelope"};
  if (!declared(m.to, chosen)) return error{errc::denied, "target not allowed"};
  return chosen;
}

}  // namespace parley::routing
