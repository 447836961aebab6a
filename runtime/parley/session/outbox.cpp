#include "parley/session/outbox.hpp"

#include <utility>

namespace parley::session {

void outbox::add(buffer frame, std::uint64_t call, bool admitted) {
  const std::size_t cost = cost_of(frame.size());
  if (total_) total_->add(alone(frame));
  if (call != 0) calls_.push_back({call, first_number_ + data_.size()});
  data_.push_back({.frame = std::move(frame), .call = call, .admitted = admitted});
  bytes_ += cost;
  if (!admitted) bounded_ += cost;
}

bool outbox::push(buffer frame, std::size_t in_transport, std::uint64_t call) {
  if (!has_room(frame.size(), in_transport)) return false;
  add(std::move(frame), call, false);
  return true;
}

void outbox::push_admitted(buffer frame, std::uint64_t call) { add(std::move(frame), call, true); }

bool outbox::push_control(buffer frame) {
  const std::size_t cost = cost_of(frame.size());
  if (control_bytes_ + cost > max_control) return false;
  control_bytes_ += cost;
  if (total_) total_->add(cost);
  control_.push_back(std::move(frame));
  return true;
}

void outbox::uncount(const entry& one) noexcept {
  const std::size_t cost = cost_of(one.frame.size());
  if (total_) total_->remove(alone(one.frame));
  bytes_ -= cost;
  if (!one.admitted) bounded_ -= cost;
}

buffer outbox::pop() {
  if (!control_.empty()) {
    buffer next = control_.pop_front();
    const std::size_t cost = cost_of(next.size());
    control_bytes_ -= cost;
    if (total_) total_->remove(cost);
    return next;
  }
  for (;;) {
    entry next = data_.pop_front();
    ++first_number_;
    if (next.call != 0) calls_.pop_front();
    uncount(next);
    if (!next.taken_back) return std::move(next.frame);
  }
}

bool outbox::take_back(std::uint64_t call) {
  if (call == 0) return false;  // a frame that opens no call
  if (call >= abandoned_from_) return true;
  std::size_t low = 0, high = calls_.size();
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    if (calls_[middle].call < call) low = middle + 1;
    else high = middle;
  }
  if (low == calls_.size() || calls_[low].call != call) return false;
  entry& found = data_[static_cast<std::size_t>(calls_[low].number - first_number_)];
  if (found.taken_back) return false;
  // Other frames may wait after it. The empty place stays in the queue and is skipped when its turn
  // comes.
  const std::size_t size = found.frame.size();
  if (total_) total_->remove(alone(found.frame) - message_room);
  bytes_ -= size;
  if (!found.admitted) bounded_ -= size;
  found.frame = {};
  found.taken_back = true;
  drop_last_taken_back();
  return true;
}

void outbox::drop_last_taken_back() {
  while (!data_.empty() && data_[data_.size() - 1].taken_back) {
    uncount(data_[data_.size() - 1]);
    data_.erase(data_.size() - 1);
    calls_.erase(calls_.size() - 1);
  }
}

void outbox::abandon(std::uint64_t refused) {
  if (!calls_.empty()) abandoned_from_ = calls_[0].call;  // ids increase, so all later ones wait too
  else if (refused != 0) abandoned_from_ = refused;
  clear();
}

void outbox::clear() {
  if (total_) {
    std::size_t all = control_bytes_;
    for (std::size_t i = 0; i < data_.size(); ++i) all += alone(data_[i].frame);
    total_->remove(all);
  }
  first_number_ += data_.size();
  data_.clear();
  control_.clear();
  calls_.clear();
  bytes_ = bounded_ = control_bytes_ = 0;
}

}  // namespace parley::session
