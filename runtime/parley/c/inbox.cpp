#include "parley/c/handles.hpp"

#include <utility>

namespace parley::c {

bool inbox::take_all(parley_on_message handler, void* user) {
  std::lock_guard lock(mutex_);
  if (handler_) return false;
  handler_ = handler;
  user_ = user;
  return true;
}

void inbox::put(parley_message message) {
  std::unique_lock lock(mutex_);
  if (closed_) return;
  if (handler_) {
    // The handler is set before the client connects and never changes. It is called without the
    // lock, and may use the client.
    lock.unlock();
    return handler_(user_, &message);
  }
  bytes_ += message.size();
  if (bytes_ > limit_) {
    closed_ = true;
    message = {.kind = PARLEY_LOST, .text = "too many messages were not polled", .code = PARLEY_OVERLOADED};
    if (link_) link_->close();
  }
  waiting_.push_back(std::move(message));
  if (closed_) came_.notify_all();
  else came_.notify_one();
}

parley_code inbox::wait(std::chrono::nanoseconds for_how_long, bool for_ever, std::unique_ptr<parley_message>& out) {
  std::unique_lock lock(mutex_);
  if (handler_) return PARLEY_INVALID;
  const auto ready = [this] { return closed_ || !waiting_.empty(); };
  if (for_ever) came_.wait(lock, ready);
  else if (!came_.wait_for(lock, for_how_long, ready)) return PARLEY_DEADLINE_EXCEEDED;
  if (waiting_.empty()) return PARLEY_CANCELLED;
  out = std::make_unique<parley_message>(std::move(waiting_.front()));
  bytes_ -= std::min(bytes_, out->size());
  waiting_.pop_front();
  return PARLEY_OK;
}

void inbox::close() {
  std::lock_guard lock(mutex_);
  closed_ = true;
  came_.notify_all();
}

void inbox::forget_client() {
  std::lock_guard lock(mutex_);
  link_ = nullptr;
}

}  // namespace parley::c
