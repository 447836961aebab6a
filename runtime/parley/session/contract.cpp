#include "parley/session/contract.hpp"

#include "parley/wire/kinds.hpp"

#include <algorithm>
#include <functional>
#include <utility>

namespace parley::session {
namespace {

std::uint32_t hash_of(std::string_view name) { return flat_index::hash_of(std::hash<std::string_view>()(name)); }

constexpr std::size_t most_roles = 64;  // each has a bit

std::size_t roles_with(const service& added, std::vector<std::string_view> known) {
  for (const method* m : added.methods)
    for (const auto names : {m->may_send, m->may_receive})
      for (const std::string_view name : names)
        if (std::find(known.begin(), known.end(), name) == known.end()) known.push_back(name);
  return known.size();
}

std::string both(const service& one, const service& other) { return std::string(one.name) + " and " + std::string(other.name); }

}  // namespace

// The bits of the names, which get one if they have none.
std::uint64_t contract::bits_for(std::span<const std::string_view> names) {
  std::uint64_t bits = 0;
  for (const std::string_view name : names) {
    auto at = std::find(roles_.begin(), roles_.end(), name);
    if (at == roles_.end()) at = roles_.insert(at, name);
    bits |= std::uint64_t{1} << (at - roles_.begin());
  }
  return bits;
}

std::uint64_t contract::bits_of(std::span<const std::string> names) const {
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < roles_.size(); ++i)
    if (std::find(names.begin(), names.end(), roles_[i]) != names.end()) bits |= std::uint64_t{1} << i;
  return bits;
}

const service& contract::owner_of(const method& known) const {
  return **std::find_if(services_.begin(), services_.end(),
                        [&](const service* s) { return std::find(s->methods.begin(), s->methods.end(), &known) != s->methods.end(); });
}

bool contract::knows(const service& s) const { return std::find(services_.begin(), services_.end(), &s) != services_.end(); }

result<> contract::add(const service& added) {
  if (knows(added)) return {};
  for (const method* m : added.methods) {
    if (wire::is_reserved_name(m->name) || wire::is_reserved_name(m->reply))
      return error{errc::invalid, "wire names that start with `parley.` are reserved: give " + std::string(m->name) + " another `name`"};
    if (const method* other = find(m->name))
      return error{errc::invalid, both(owner_of(*other), added) + " have a method with the wire name " + std::string(m->name) +
                                      ": give one of them a prefix of its own, (parley.service) = { prefix: \"" + std::string(added.name) +
                                      ".\" }"};
    if (const method* other = find(m->id))
      return error{errc::invalid, both(owner_of(*other), added) + " have methods with the same id, " + std::string(other->name) + " and " +
                                      std::string(m->name) + ": give one of them another `name`"};
  }
  if (added.relay_unknown && relays_unknown_) {
    const auto other = std::find_if(services_.begin(), services_.end(), [](const service* s) { return s->relay_unknown; });
    return error{errc::invalid, both(**other, added) + " both relay unknown events, but only one service may"};
  }
  if (const std::size_t count = roles_with(added, roles_); count > most_roles)
    return error{errc::invalid, "with " + std::string(added.name) + " there are " + std::to_string(count) +
                                    " roles in `may_send` and `may_receive`, but 64 is the limit"};
  for (const method* m : added.methods) {
    const auto at = static_cast<flat_index::position>(methods_.size());
    methods_.push_back(m);
    const roles who{bits_for(m->may_send), bits_for(m->may_receive)};
    if (!roles_.empty()) roles_of_.resize(methods_.size());
    if (!roles_of_.empty()) roles_of_.back() = who;
    by_name_.add(hash_of(m->name), at);
    by_id_.add(m->id, at);
  }
  relays_unknown_ = relays_unknown_ || added.relay_unknown;
  services_.push_back(&added);
  return {};
}

[[gnu::hot]] contract::number contract::number_of(std::string_view name) const {
  return by_name_.find(hash_of(name), [&](number n) { return methods_[n]->name == name; });
}

[[gnu::hot]] contract::number contract::number_of(std::uint32_t id) const {
  return by_id_.find(id, [&](number n) { return methods_[n]->id == id; });  // the id is a part of a hash already
}

std::size_t contract::largest_payload(std::size_t floor) const {
  for (const method* m : methods_) floor = std::max<std::size_t>(floor, m->max_bytes);
  return floor;
}

std::vector<wire::print> contract::prints() const {
  std::vector<wire::print> all;
  for (const service* s : services_)
    for (const method* m : s->methods) all.push_back({std::string(m->name), m->id, m->fingerprint});
  return all;
}

std::vector<wire::print> contract::accepted() const {
  std::vector<wire::print> all;
  for (const service* s : services_)
    for (const method* m : s->methods)
      for (const std::uint64_t earlier : m->accepted) all.push_back({std::string(m->name), m->id, earlier});
  return all;
}

bool agrees(const method& mine, std::uint64_t theirs) {
  return mine.fingerprint == theirs || std::find(mine.accepted.begin(), mine.accepted.end(), theirs) != mine.accepted.end();
}

comparison compare(const contract& mine, const wire::hello& theirs) {
  std::vector<std::pair<std::uint32_t, std::uint64_t>> accepted;
  accepted.reserve(theirs.accepted.size());
  for (const wire::print& p : theirs.accepted) accepted.emplace_back(p.method, p.fingerprint);
  std::sort(accepted.begin(), accepted.end());

  comparison found;
  std::vector<wire::print> same_names;
  for (const wire::print& p : theirs.methods) {
    const method* m = mine.find(p.method);
    // Two names may have the same id by chance. Then they are not the same method.
    if (!m || (!p.name.empty() && p.name != m->name)) {
      found.missing.push_back({p.name, p.method, 0});
      continue;
    }
    same_names.push_back({std::string(m->name), m->id, m->fingerprint});
    if (!agrees(*m, p.fingerprint) && !std::binary_search(accepted.begin(), accepted.end(), std::pair{m->id, m->fingerprint}))
      found.mismatched.push_back(same_names.back());
  }
  found.contract = wire::contract_of(same_names);
  return found;
}

}  // namespace parley::session
