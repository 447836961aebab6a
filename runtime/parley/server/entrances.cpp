#include "parley/server/entrances.hpp"

#include "parley/ends/address.hpp"
#include "parley/ends/origins.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace parley {

namespace {

// Brings the entries to the form in which they are compared.
void check(std::vector<std::string>& entries, result<std::string> (&usable)(std::string_view, std::string_view), std::string_view option) {
  for (std::string& entry : entries) {
    auto one = usable(entry, option);
    if (!one) throw std::invalid_argument(one.error().message);
    entry = std::move(*one);
  }
}

}  // namespace

// The entry that has the port of a further path. Null: the options ask for a port of their own.
const entrance* entrances::shared_by(const port_options& chosen) const {
  if (!chosen.same_port_as) {
    for (const entrance& one : all_)
      if (chosen.port != 0 && one.has_port() && one.options.port == chosen.port && one.options.address == chosen.address)
        throw std::invalid_argument("this port is in use by the same server: set same_port_as to serve another path there");
    return nullptr;
  }
  if (*chosen.same_port_as >= all_.size()) throw std::invalid_argument("same_port_as is not the number of a port");
  if (!chosen.address.empty() || chosen.port != 0 || chosen.tls || chosen.hosts || chosen.pages || chosen.pages_only ||
      !chosen.inherited.empty())
    throw std::invalid_argument(
        "with same_port_as, the options of the port are those of the other one: set path, dialect and origins only");
  const entrance* const port = all_[*chosen.same_port_as].port;
  for (const entrance& one : all_)
    if (one.port == port && one.options.path == chosen.path) throw std::invalid_argument("this path is served on the port already");
  return port;
}

std::size_t entrances::add(port_options chosen) {
  const entrance* const shared = shared_by(chosen);
  check(chosen.origins, usable_origin, "port_options::origins");
  if (chosen.hosts) check(*chosen.hosts, usable_host, "port_options::hosts");
  const wire::envelope_format* const foreign = chosen.dialect.format;
  if (foreign && foreign->has_session()) throw std::invalid_argument("a dialect has no session of its own");
  if (foreign && with_dialect_.size() == max_dialects) throw std::invalid_argument("too many ports with a dialect");
  auto tls = loaded_tls(memory_, chosen.tls);
  entrance& one = all_.emplace_back();
  one.tls = std::move(tls);
  one.options = std::move(chosen);
  one.port = shared ? shared : &one;
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

transport::network& entrances::network_of(const entrance& at) const { return transport::network_for(at.port->options.address, memory_); }

// In a network without addresses, the listener of the first port serves all ports, and a path that
// belongs to no other port selects the first.
const entrance* entrances::serving(const entrance& at, std::string_view path) const {
  if (network_of(at).has_addresses()) {
    const auto here = std::find_if(all_.begin(), all_.end(), [&](const entrance& one) {
      return one.port == &at && !one.options.pages_only && one.options.path == path;
    });
    return here == all_.end() ? nullptr : &*here;
  }
  const auto named = std::find_if(all_.begin() + 1, all_.end(), [path](const entrance& one) { return one.options.path == path; });
  return named == all_.end() ? &at : &*named;
}

}  // namespace parley
