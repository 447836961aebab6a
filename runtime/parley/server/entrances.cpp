#include "parley/server/entrances.hpp"

#include "parley/ends/address.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace parley {

std::size_t entrances::add(port_options chosen) {
  const wire::envelope_format* const foreign = chosen.dialect.format;
  if (foreign && foreign->has_session()) throw std::invalid_argument("a dialect has no session of its own");
  if (foreign && with_dialect_.size() == max_dialects) throw std::invalid_argument("too many ports with a dialect");
  auto tls = loaded_tls(memory_, chosen.tls);
  entrance& one = all_.emplace_back();
  one.tls = std::move(tls);
  one.options = std::move(chosen);
  if (foreign) {
    one.kind = static_cast<spoken>(static_cast<std::size_t>(spoken::dialect) + with_dialect_.size());
    with_dialect_.push_back(&one);
  }
  return all_.size() - 1;
}

const dialect& entrances::dialect_of(spoken kind) const {
  return with_dialect_[static_cast<std::size_t>(kind) - static_cast<std::size_t>(spoken::dialect)]->options.dialect;
}

const wire::envelope_format& entrances::format_of(spoken kind) const {
  switch (kind) {
    case spoken::binary:
    case spoken::binary_without_lists:
      return wire::fbs_format();
    case spoken::json:
    case spoken::json_without_lists:
      return wire::json_format();
    case spoken::plain:
      return wire::plain_format();
    default:
      return *dialect_of(kind).format;
  }
}

transport::network& entrances::network_of(const entrance& at) const { return transport::network_for(at.options.address, memory_); }

// In a network without addresses, the listener of the first port serves all ports, and a path that
// belongs to no other port selects the first.
const entrance* entrances::serving(const entrance& at, std::string_view path) const {
  if (network_of(at).has_addresses()) return at.options.path == path ? &at : nullptr;
  const auto named = std::find_if(all_.begin() + 1, all_.end(), [path](const entrance& one) { return one.options.path == path; });
  return named == all_.end() ? &at : &*named;
}

}  // namespace parley
