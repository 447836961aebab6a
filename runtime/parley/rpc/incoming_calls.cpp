#include "parley/rpc/incoming_calls.hpp"

#include <algorithm>
#include <utility>

namespace parley::rpc {

incoming_calls::verdict incoming_calls::use_up(std::uint64_t id) {
  if (id <= highest_) return verdict::violation;
  highest_ = id;
  return verdict::run;
}

incoming_calls::verdict incoming_calls::accept(std::uint64_t id, time_point now, std::optional<std::uint32_t> deadline_ms,
                                               std::chrono::milliseconds limit) {
  if (use_up(id) == verdict::violation) return verdict::violation;
  if (calls_.size() >= max_calls_) return verdict::overloaded;
  if (deadline_ms == 0u) return verdict::late;
  const auto allowed = deadline_ms ? std::min(std::chrono::milliseconds(*deadline_ms), limit) : limit;
  const time_point deadline = now + allowed;
  calls_.emplace(id, entry{deadline});
  deadlines_.emplace(deadline, id);
  return verdict::run;
}

time_point incoming_calls::deadline_of(std::uint64_t id) const { return calls_.at(id).deadline; }

void incoming_calls::keep(std::uint64_t id, running& handler) {
  if (const auto it = calls_.find(id); it != calls_.end()) it->second.handler = &handler;
}

void incoming_calls::answered(entry& e, std::uint64_t id) {
  e.answered = true;
  auto [from, until] = deadlines_.equal_range(e.deadline);
  for (; from != until; ++from) {
    if (from->second != id) continue;
    deadlines_.erase(from);
    return;
  }
}

bool incoming_calls::finish(std::uint64_t id) {
  const auto it = calls_.find(id);
  if (it == calls_.end()) return false;
  const bool first = !it->second.answered;
  if (first) answered(it->second, id);
  calls_.erase(it);
  return first;
}

incoming_calls::cancelled incoming_calls::cancel(std::uint64_t id, time_point now) {
  if (id > highest_) return cancelled::violation;
  const auto it = calls_.find(id);
  if (it == calls_.end() || it->second.answered) return cancelled::ignored;
  if (cancelled_ == 0 || now - cancelled_since_ >= std::chrono::seconds(10)) {
    cancelled_since_ = now;
    cancelled_ = 0;
  }
  if (++cancelled_ > 4 * max_calls_) return cancelled::too_many;
  answered(it->second, id);
  // Last, for a handler may end inside.
  if (running* handler = it->second.handler) handler->stop();
  return cancelled::stopped;
}

std::vector<std::uint64_t> incoming_calls::expire(time_point now) {
  std::vector<std::uint64_t> late;
  std::vector<std::uint64_t> to_stop;
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    const std::uint64_t id = deadlines_.begin()->second;
    entry& e = calls_.at(id);
    answered(e, id);
    late.push_back(id);
    if (e.handler) to_stop.push_back(id);
  }
  for (const std::uint64_t id : to_stop)  // a handler that stops may end its own call, and others
    if (const auto it = calls_.find(id); it != calls_.end()) it->second.handler->stop();
  return late;
}

void incoming_calls::stop_all() {
  deadlines_.clear();
  std::vector<std::uint64_t> ids;
  for (auto& [id, e] : calls_) {
    e.answered = true;
    e.deadline = time_point::max();
    if (e.handler) ids.push_back(id);
  }
  for (const std::uint64_t id : ids)
    if (const auto it = calls_.find(id); it != calls_.end()) it->second.handler->stop();
}

}  // namespace parley::rpc
