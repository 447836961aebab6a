#include "parley/rpc/incoming_calls.hpp"

#include <algorithm>
#include <utility>

namespace parley::rpc {

incoming_calls::incoming_calls(std::size_t max_calls)
    : max_calls_(max_calls),
      // Calls that got no handler or were over count, too: else a peer that opens and cancels in a loop would never be told to go.
      cancels_(static_cast<std::uint32_t>(std::min<std::size_t>(max_calls, 1'000'000) * 4), std::chrono::seconds(10)) {}

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
  const auto it = calls_.find(id);
  if (it == calls_.end()) return;
  it->second.handler = &handler;
  if (it->second.answered) stop(id);
}

void incoming_calls::stop(std::uint64_t id) {
  if (const auto it = calls_.find(id); it != calls_.end())
    if (running* const handler = std::exchange(it->second.handler, nullptr)) handler->stop();
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
  if (!cancels_.count(now)) return cancelled::too_many;
  const auto it = calls_.find(id);
  if (it == calls_.end() || it->second.answered) return cancelled::ignored;
  answered(it->second, id);
  stop(id);
  return cancelled::stopped;
}

std::vector<std::uint64_t> incoming_calls::expire(time_point now) {
  std::vector<std::uint64_t> late;
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    const std::uint64_t id = deadlines_.begin()->second;
    answered(calls_.at(id), id);
    late.push_back(id);
  }
  // Only now: a handler that stops may end its own call, and others.
  for (const std::uint64_t id : late) stop(id);
  return late;
}

void incoming_calls::stop_all() {
  deadlines_.clear();
  std::vector<std::uint64_t> ids;
  for (auto& [id, e] : calls_) {
    e.answered = true;
    ids.push_back(id);
  }
  std::sort(ids.begin(), ids.end());
  for (const std::uint64_t id : ids) stop(id);
}

}  // namespace parley::rpc
