#include "parley/peer/own_id.hpp"

#include "parley/wire/hello.hpp"
#include "parley/wire/target_text.hpp"

#include <algorithm>

namespace parley {
namespace {

constexpr std::size_t most_candidates = 64;

}  // namespace

// 122 random bits, in the form of a client id.
own_id_search::own_id_search() : payload_('"' + wire::make_client_id(wire::make_node_id()) + '"') {}

std::optional<own_id_search::finding> own_id_search::heard(const wire::envelope& event) {
  if (as_text(event.payload) != payload_ || event.from.empty()) return std::nullopt;
  const target sender{.kind = target_kind::client, .name = event.from};
  if (event.to == sender) return finding{event.from, true};
  if (event.to.kind != target_kind::all || asked_.size() == most_candidates || !wire::has_plain_text(sender)) return std::nullopt;
  if (std::find(asked_.begin(), asked_.end(), event.from) != asked_.end()) return std::nullopt;
  asked_.push_back(event.from);
  return finding{event.from, false};
}

}  // namespace parley
