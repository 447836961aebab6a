#include "parley/routing/routing.hpp"

#include "parley/wire/target_text.hpp"

#include <algorithm>

namespace parley::routing {
namespace {

bool contains(std::span<const target_kind> kinds, target_kind wanted) {
  return std::find(kinds.begin(), kinds.end(), wanted) != kinds.end();
}

// A part that cannot be read may have no kind, and counts as allowed here. The unreadable target is
// refused after this check.
bool allowed(std::span<const target_kind> kinds, const target& wanted) {
  if (wanted.kind != target_kind::several) return wanted.kind == target_kind::none || contains(kinds, wanted.kind);
  return !wanted.parts.empty() &&
         std::all_of(wanted.parts.begin(), wanted.parts.end(), [kinds](const target& part) { return allowed(kinds, part); });
}

// Whether the envelope's target names exactly these sets, in any order.
bool names_exactly(const routed_targets& named, const target& wanted) {
  const std::span<const target_kind> kinds(named.kinds.data(), named.count);
  if (wanted.kind != target_kind::several)
    return kinds.empty() ? wanted.kind == target_kind::server : kinds.size() == 1 && wanted.kind == kinds.front();
  const auto in_parts = [&](target_kind kind) {
    return std::any_of(wanted.parts.begin(), wanted.parts.end(), [kind](const target& part) { return part.kind == kind; });
  };
  return !kinds.empty() && std::all_of(kinds.begin(), kinds.end(), in_parts) &&
         std::all_of(wanted.parts.begin(), wanted.parts.end(), [kinds](const target& part) { return contains(kinds, part.kind); });
}

}  // namespace

bool declared(std::span<const target_kind> kinds, const target& wanted) {
  if (wanted.kind != target_kind::several) return contains(kinds, wanted.kind);
  return !wanted.parts.empty() &&
         std::all_of(wanted.parts.begin(), wanted.parts.end(), [kinds](const target& part) { return contains(kinds, part.kind); });
}

result<target> choose(const method& m, const wire::envelope& e, bool lenient) {
  const target first{.kind = m.to.empty() ? target_kind::server : m.to.front()};
  if (lenient && m.to.size() == 1 && first.kind == target_kind::server) return first;
  if (!allowed(m.to, e.to) && !(lenient && e.to.kind == target_kind::others)) return error{errc::denied, "target not allowed"};
  if (e.target_unreadable) return errc::unknown_target;
  if (declared(m.to, e.to)) return e.to;
  // The target is absent or counts as absent.
  if (wire::has_name(first.kind)) return error{errc::unknown_target, "this event needs a target"};
  return first;
}

result<target> choose_by_payload(const method& m, const wire::envelope& e, bool lenient, format f, bytes_view payload,
                                 const decode_options& options) {
  routed_targets named;
  if (auto read = m.route(f, payload, options, named); !read) return std::move(read).error();
  const bool absent = !e.target_unreadable && (e.to.kind == target_kind::none || (lenient && e.to.kind == target_kind::others));
  if (!absent && (e.target_unreadable || !names_exactly(named, e.to)))
    return error{errc::denied, "the receivers in the payload differ from those in the envelope"};
  if (named.count == 0) return target{.kind = target_kind::server};
  target chosen{.kind = named.kinds[0]};
  if (named.count > 1) {
    chosen.kind = target_kind::several;
    for (std::size_t i = 0; i < named.count; ++i) chosen.parts.push_back({.kind = named.kinds[i]});
  }
  if (!declared(m.to, chosen)) return error{errc::denied, "target not allowed"};
  return chosen;
}

}  // namespace parley::routing
