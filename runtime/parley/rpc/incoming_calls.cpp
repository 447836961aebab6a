#include "parley/rpc/incoming_calls.hpp"

#include <algorithm>
#include <utility>

namespace parley::rpc {

incoming_calls::incoming_calls(std::size_t max_calls)
    : max_calls_(max_calls),
      // Includes cancels of calls that got no handler or were over. Otherwise a peer that opens and
      // cancels in a loop would never be closed.
      cancels_(static_cast<std::uint32_t>(std::min<std::size_t>(max_calls, 1'000'000) * 4), std::chrono::seconds(10)) {}

incoming_calls::verdict incoming_calls::use_up(std::uint64_t id) {
  if (id <= highest_) return verdict::violation;
  highest_ = id;
  return verdict::run;
}

[[gnu::hot]] incoming_calls::verdict incoming_calls::accept(std::uint64_t id, time_point now, std::optional<std::uint32_t> deadline_ms,
                                                            std::chrono::milliseconds limit) {
  if (use_up(id) == verdict::violation) return verdict::violation;
  if (calls_.size() >= max_calls_ || hold_too_much()) return verdict::overloaded;
  if (deadline_ms == 0u) return verdict::late;
  const auto allowed = deadline_ms ? std::min(std::chrono::milliseconds(*deadline_ms), limit) : limit;
  calls_.add(id, now + allowed, {});
  return verdict::run;
}

void incoming_calls::keep(std::uint64_t id, running& handler, std::size_t holds) {
  table::node* const call = calls_.find(id);
  if (!call) return;
  call->value.handler = &handler;
  held_ += call->value.holds = holds;
  if (call->value.answered) stop(id);
}

void incoming_calls::stop(std::uint64_t id) {
  if (table::node* const call = calls_.find(id))
    if (running* const handler = std::exchange(call->value.handler, nullptr)) handler->stop();
}

void incoming_calls::answered(table::node& call) {
  call.value.answered = true;
  calls_.drop_deadline(call);
}

[[gnu::hot]] bool incoming_calls::finish(std::uint64_t id) {
  table::node* const call = calls_.find(id);
  if (!call) return false;
  const bool first = !call->value.answered;
  held_ -= call->value.holds;
  calls_.erase(*call);
  return first;
}

incoming_calls::cancelled incoming_calls::cancel(std::uint64_t id, time_point now) {
  if (id > highest_) return cancelled::violation;
  if (!cancels_.count(now)) return cancelled::too_many;
  table::node* const call = calls_.find(id);
  if (!call || call->value.answered) return cancelled::ignored;
  answered(*call);
  stop(id);
  return cancelled::stopped;
}

std::vector<std::uint64_t> incoming_calls::expire(time_point now) {
  std::vector<std::uint64_t> late;
  while (table::node* const call = calls_.first_due()) {
    if (call->deadline > now) break;
    answered(*call);
    late.push_back(call->id);
  }
  // Handlers are stopped only after the loop, because a handler that stops may end its own call and
  // others.
  for (const std::uint64_t id : late) stop(id);
  return late;
}

void incoming_calls::stop_all() {
  std::vector<std::uint64_t> ids;
  for (table::node* call = calls_.oldest(); call; call = calls_.next(*call)) {
    answered(*call);
    ids.push_back(call->id);
  }
  for (const std::uint64_t id : ids) stop(id);
}

}  // namespace parley::rpc
