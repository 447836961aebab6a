#include "parley/session/outbox.hpp"

#include <utility>

namespace parley::session {

bool outbox::has_room(std::size_t size, std::size_t in_transport) const noexcept {
  const std::size_t used = bytes_ + in_transport;
  // An empty queue takes any message that the peer accepts, even one larger than the bound.
  return used == 0 || (used <= max_bytes_ && size <= max_bytes_ - used);
}

bool outbox::push(buffer frame, std::size_t in_transport, std::uint64_t call) {
  if (!has_room(frame.size(), in_transport)) return false;
  bytes_ += frame.size();
  data_.push_back({std::move(frame), call});
  return true;
}

bool outbox::push_control(buffer frame) {
  if (control_bytes_ + frame.size() > max_control) return false;
  control_bytes_ += frame.size();
  control_.push_back(std::move(frame));
  return true;
}

buffer outbox::pop() {
  if (!control_.empty()) {
    buffer next = control_.pop_front();
    control_bytes_ -= next.size();
    return next;
  }
  buffer next = data_.pop_front().frame;
  bytes_ -= next.size();
  return next;
}

bool outbox::take_back(std::uint64_t call) {
  if (call == 0) return false;  // stands for frames that open none
  for (std::size_t i = 0; i < data_.size(); ++i) {
    if (data_[i].call != call) continue;
    bytes_ -= data_[i].frame.size();
    data_.erase(i);
    return true;
  }
  return false;
}

void outbox::clear() {
  data_.clear();
  control_.clear();
  bytes_ = control_bytes_ = 0;
}

}  // namespace parley::session
