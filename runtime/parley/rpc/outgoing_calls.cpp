#include "parley/rpc/outgoing_calls.hpp"

#include <utility>

namespace parley::rpc {

std::uint64_t outgoing_calls::open(ticket of, const method& m, time_point deadline, std::unique_ptr<pending_call> completion) {
  const std::uint64_t id = next_id_++;
  calls_.emplace(id, entry{of, &m, deadline, std::move(completion)});
  by_ticket_.emplace(of, id);
  if (deadline != time_point::max()) deadlines_.emplace(deadline, id);
  return id;
}

std::unique_ptr<pending_call> outgoing_calls::complete(entry& e) {
  if (e.completion) by_ticket_.erase(e.of);
  return std::move(e.completion);
}

void outgoing_calls::drop_deadline(entry& e, std::uint64_t id) {
  const time_point deadline = std::exchange(e.deadline, time_point::max());
  if (deadline == time_point::max()) return;
  auto [from, until] = deadlines_.equal_range(deadline);
  for (; from != until; ++from) {
    if (from->second != id) continue;
    deadlines_.erase(from);
    return;
  }
}

outgoing_calls::named_answer outgoing_calls::take(table::iterator it) {
  drop_deadline(it->second, it->first);
  named_answer taken{.found = true, .id = it->first, .method = it->second.method, .completion = complete(it->second)};
  calls_.erase(it);
  return taken;
}

void outgoing_calls::forget(std::uint64_t id) { take_terminal(id); }

std::unique_ptr<pending_call> outgoing_calls::take_terminal(std::uint64_t id) {
  const auto it = calls_.find(id);
  return it == calls_.end() ? nullptr : take(it).completion;
}

const method* outgoing_calls::method_of(std::uint64_t id) const {
  const auto it = calls_.find(id);
  return it == calls_.end() ? nullptr : it->second.method;
}

std::optional<outgoing_calls::given_up> outgoing_calls::cancel(ticket of) {
  const auto found = by_ticket_.find(of);
  if (found == by_ticket_.end()) return std::nullopt;
  const std::uint64_t id = found->second;
  return given_up{id, errc::cancelled, complete(calls_.at(id))};
}

std::vector<outgoing_calls::given_up> outgoing_calls::expire(time_point now) {
  std::vector<given_up> late;
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    const std::uint64_t id = deadlines_.begin()->second;
    entry& e = calls_.at(id);
    drop_deadline(e, id);
    late.push_back({id, errc::deadline_exceeded, complete(e)});
  }
  return late;
}

std::vector<std::unique_ptr<pending_call>> outgoing_calls::take_all() {
  std::vector<std::unique_ptr<pending_call>> all;
  for (auto& [id, e] : calls_)
    if (e.completion) all.push_back(std::move(e.completion));
  calls_.clear();
  by_ticket_.clear();
  deadlines_.clear();
  return all;
}

outgoing_calls::named_answer outgoing_calls::take_named(std::string_view answer_name, std::uint64_t unsent) {
  for (auto it = calls_.begin(); it != calls_.end() && it->first < unsent; ++it) {
    const method& m = *it->second.method;
    if ((m.reply.empty() ? m.name : m.reply) == answer_name) return take(it);
  }
  return {};
}

outgoing_calls::named_answer outgoing_calls::take_oldest(std::uint64_t unsent) {
  const auto oldest = calls_.begin();
  if (oldest == calls_.end() || oldest->first >= unsent) return {};
  return take(oldest);
}

}  // namespace parley::rpc
