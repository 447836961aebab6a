#include "parley/conversation/plain_calls.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

namespace parley {

bool plain_answers::in_flight(std::string_view foreign_id) const noexcept {
  return std::any_of(foreign_ids_.begin(), foreign_ids_.end(), [&](const auto& running) { return running.second == foreign_id; });
}

std::uint64_t plain_answers::accept(const std::string& foreign_id, bool in_order) {
  const std::uint64_t id = next_id_++;
  if (!foreign_id.empty()) foreign_ids_.emplace(id, foreign_id);
  else if (in_order) in_order_.push_back({id});
  return id;
}

std::optional<std::string> plain_answers::take_foreign_id(std::uint64_t id) {
  auto found = foreign_ids_.extract(id);
  if (!found) return std::nullopt;
  return std::move(found.mapped());
}

bool plain_answers::wait_in_order(std::uint64_t id, const std::string& frame) {
  if (!in_order_.empty() && in_order_.front().id == id) {
    in_order_.pop_front();
    return false;
  }
  for (std::size_t i = 0; i < in_order_.size(); ++i) {
    if (in_order_[i].id != id) continue;
    in_order_[i].answered = true;
    in_order_[i].frame = frame;
    waiting_bytes_ += cost_of(frame.size());
  }
  return true;
}

std::optional<std::string> plain_answers::next_in_order() {
  if (in_order_.empty() || !in_order_.front().answered) return std::nullopt;
  std::string next = std::move(in_order_.front().frame);
  in_order_.pop_front();
  waiting_bytes_ -= cost_of(next.size());
  return next;
}

namespace {

// Returns a call id of this end as a plain server repeats it. 0 for any other text.
std::uint64_t repeated_id(std::string_view text) {
  std::uint64_t id = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), id);
  return failed == std::errc() && end == text.data() + text.size() ? id : 0;
}

}  // namespace

void plain_questions::add(std::uint64_t id, const std::string& frame) {
  waiting_bytes_ += cost_of(frame.size());
  waiting_.push_back({id, frame});
}

std::optional<plain_questions::question> plain_questions::next(std::size_t in_flight) {
  const bool many = echoes_ids_ || in_order_;
  if (waiting_.empty() || (!many && in_flight != waiting_.size())) return std::nullopt;
  auto next = waiting_.pop_front();
  waiting_bytes_ -= cost_of(next.frame.size());
  return next;
}

bool plain_questions::take_back(std::uint64_t id) {
  for (std::size_t i = 0; i < waiting_.size(); ++i) {
    if (waiting_[i].id != id) continue;
    waiting_bytes_ -= cost_of(waiting_[i].frame.size());
    waiting_.erase(i);
    return true;
  }
  return false;
}

rpc::outgoing_calls::named_answer plain_questions::answered_by(const wire::envelope& e, rpc::outgoing_calls& calls) {
  rpc::outgoing_calls::named_answer answered;
  if (const std::uint64_t re = repeated_id(e.foreign_id); calls.was_opened(re)) {
    echoes_ids_ = true;
    answered.found = true;
    answered.id = re;
    answered.method = calls.method_of(re);
    answered.completion = calls.take_terminal(re);
    return answered;
  }
  // A server that repeats ids puts one into each answer, so an error without an id is about an
  // event.
  if (echoes_ids_ || !e.foreign_id.empty()) return answered;
  // Calls that were not sent cannot have been answered.
  const auto unsent = waiting_.empty() ? std::numeric_limits<std::uint64_t>::max() : waiting_.front().id;
  answered = e.kind == wire::kind::error ? calls.take_oldest(unsent) : calls.take_named(e.name, unsent);
  if (answered.found && in_order_) {
    // The server will not answer earlier calls that were given up.
    answered_up_to_ = std::max(answered_up_to_, answered.id);
    calls.forget_given_up(answered_up_to_);
  }
  return answered;
}

std::optional<std::string_view> plain_questions::give_up(std::uint64_t id, errc why, std::size_t max_calls, rpc::outgoing_calls& calls) {
  if (echoes_ids_) return std::nullopt;
  if (in_order_) {
    if (id < answered_up_to_) calls.forget(id);
    // The number of calls in flight is at its limit and all of them are given up. This connection
    // will not recover.
    else if (calls.in_flight() >= max_calls && calls.all_given_up()) return "answers are overdue";
    return std::nullopt;
  }
  // On the same connection, the late answer could be taken for the answer to the next call.
  if (why == errc::deadline_exceeded) return "an answer is overdue";
  return std::nullopt;
}

}  // namespace parley
