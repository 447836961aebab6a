#include "parley/rpc/outgoing_calls.hpp"

#include <utility>

namespace parley::rpc {

std::uint64_t outgoing_calls::open(ticket of, const method& m, time_point deadline, std::unique_ptr<pending_call> completion) {
  const std::uint64_t id = next_id_++;
  const table::node& call = calls_.add(id, deadline, {of, &m, std::move(completion)});
  by_ticket_.add(flat_index::hash_of(of), calls_.where(call));
  return id;
}

std::unique_ptr<pending_call> outgoing_calls::complete(table::node& call) {
  if (call.value.completion) by_ticket_.remove(flat_index::hash_of(call.value.of), calls_.where(call));
  return std::move(call.value.completion);
}

outgoing_calls::named_answer outgoing_calls::take(table::node& call) {
  named_answer taken{.found = true, .id = call.id, .method = call.value.method, .completion = complete(call)};
  calls_.erase(call);
  return taken;
}

void outgoing_calls::forget(std::uint64_t id) { take_terminal(id); }

void outgoing_calls::forget_given_up(std::uint64_t before) {
  for (table::node* call = calls_.oldest(); call && call->id < before;) {
    table::node& past = *call;
    call = calls_.next(past);
    if (!past.value.completion) calls_.erase(past);
  }
}

std::unique_ptr<pending_call> outgoing_calls::take_terminal(std::uint64_t id) {
  table::node* const call = calls_.find(id);
  return call ? take(*call).completion : nullptr;
}

const method* outgoing_calls::method_of(std::uint64_t id) const {
  const table::node* const call = calls_.find(id);
  return call ? call->value.method : nullptr;
}

std::optional<outgoing_calls::given_up> outgoing_calls::cancel(ticket of) {
  const auto found = by_ticket_.find(flat_index::hash_of(of), [&](std::uint32_t at) { return calls_.at(at).value.of == of; });
  if (found == flat_index::none) return std::nullopt;
  table::node& call = calls_.at(found);
  return given_up{call.id, errc::cancelled, call.value.method, complete(call)};
}

std::vector<outgoing_calls::given_up> outgoing_calls::expire(time_point now) {
  std::vector<given_up> late;
  while (table::node* const call = calls_.first_due()) {
    if (call->deadline > now) break;
    calls_.drop_deadline(*call);
    late.push_back({call->id, errc::deadline_exceeded, call->value.method, complete(*call)});
  }
  return late;
}

std::vector<outgoing_calls::given_up> outgoing_calls::take_above(std::uint64_t id) {
  std::vector<given_up> above;
  for (table::node* call = calls_.oldest(); call;) {
    table::node& one = *call;
    call = calls_.next(one);
    if (one.id <= id) continue;
    const method* const what = one.value.method;
    if (auto completion = complete(one)) above.push_back({one.id, errc::disconnected, what, std::move(completion)});
    calls_.erase(one);
  }
  return above;
}

std::vector<outgoing_calls::given_up> outgoing_calls::take_all() {
  std::vector<given_up> all;
  for (table::node* call = calls_.oldest(); call; call = calls_.next(*call))
    if (call->value.completion) all.push_back({call->id, errc::disconnected, call->value.method, std::move(call->value.completion)});
  calls_.clear();
  by_ticket_.clear();
  return all;
}

outgoing_calls::named_answer outgoing_calls::take_named(std::string_view answer_name, std::uint64_t unsent) {
  for (table::node* call = calls_.oldest(); call && call->id < unsent; call = calls_.next(*call)) {
    const method& m = *call->value.method;
    if ((m.reply.empty() ? m.name : m.reply) == answer_name) return take(*call);
  }
  return {};
}

outgoing_calls::named_answer outgoing_calls::take_oldest(std::uint64_t unsent) {
  table::node* const call = calls_.oldest();
  if (!call || call->id >= unsent) return {};
  return take(*call);
}

}  // namespace parley::rpc
