#include "parley/session/contract.hpp"

#include <algorithm>

namespace parley::session {

result<> contract::add(const service& added) {
  if (std::find(services_.begin(), services_.end(), &added) != services_.end()) return {};
  for (const method* m : added.methods) {
    if (by_name_.contains(m->name))
      return error{errc::invalid, "two services have a method with the wire name " + std::string(m->name)};
    if (by_id_.contains(m->id))
      return error{errc::invalid, "the method id of " + std::string(m->name) + " is taken: give it another name"};
  }
  if (added.relay_unknown && relays_unknown_) return error{errc::invalid, "two services relay unknown events"};
  for (const method* m : added.methods) {
    by_name_.emplace(m->name, m);
    by_id_.emplace(m->id, m);
    if (!m->reply.empty()) by_reply_.emplace(m->reply, m);
  }
  relays_unknown_ = relays_unknown_ || added.relay_unknown;
  services_.push_back(&added);
  return {};
}

const method* contract::find(std::string_view name) const {
  const auto it = by_name_.find(name);
  return it == by_name_.end() ? nullptr : it->second;
}

const method* contract::find(std::uint32_t id) const {
  const auto it = by_id_.find(id);
  return it == by_id_.end() ? nullptr : it->second;
}

const method* contract::find_reply(std::string_view name) const {
  const auto it = by_reply_.find(name);
  return it == by_reply_.end() ? nullptr : it->second;
}

std::size_t contract::largest_payload(std::size_t floor) const {
  for (const auto& [id, m] : by_id_) floor = std::max<std::size_t>(floor, m->max_bytes);
  return floor;
}

std::vector<wire::print> contract::prints() const {
  std::vector<wire::print> all;
  for (const service* s : services_)
    for (const method* m : s->methods) all.push_back({std::string(m->name), m->id, m->fingerprint});
  return all;
}

bool agrees(const method& mine, std::uint64_t theirs) {
  return mine.fingerprint == theirs || std::find(mine.accepted.begin(), mine.accepted.end(), theirs) != mine.accepted.end();
}

comparison compare(const contract& mine, const std::vector<wire::print>& theirs) {
  comparison found;
  std::vector<wire::print> same_names;
  for (const wire::print& p : theirs) {
    const method* m = p.name.empty() ? mine.find(p.method) : mine.find(std::string_view(p.name));
    if (!m) {
      found.missing.push_back({p.name, p.name.empty() ? p.method : wire::method_id(p.name), 0});
      continue;
    }
    same_names.push_back({std::string(m->name), m->id, m->fingerprint});
    if (!agrees(*m, p.fingerprint)) found.mismatched.push_back(same_names.back());
  }
  found.contract = wire::contract_of(same_names);
  return found;
}

}  // namespace parley::session
