#include "parley/transport/loopback/mailbox.hpp"

#include "parley/transport/loopback/network.hpp"

#include <asio/post.hpp>

#include <utility>

namespace parley::transport {

mailbox::mailbox(const asio::any_io_executor& on, std::shared_ptr<loopback_network> network) : on_(on), network_(std::move(network)) {}

void mailbox::set_owner(std::weak_ptr<reader> owner) {
  const std::lock_guard lock(guard_);
  owner_ = std::move(owner);
}

void mailbox::set_paused(bool paused) {
  const std::lock_guard lock(guard_);
  paused_ = paused;
  schedule();
}

void mailbox::post(std::function<void()> what) {
  const std::lock_guard lock(guard_);
  if (on_) asio::post(*on_, std::move(what));
}

void mailbox::sever() noexcept {
  std::deque<letter> dropped_first, dropped;  // destroyed without the lock, because a letter may hold another box
  const std::lock_guard lock(guard_);
  on_.reset();
  owner_.reset();
  dropped_first.swap(first_);
  dropped.swap(waiting_);
}

bool mailbox::has_waiting() {
  const std::lock_guard lock(guard_);
  return !first_.empty() || (!held_ && !waiting_.empty());
}

bool mailbox::put(letter one) {
  const std::lock_guard lock(guard_);
  if (!on_) return false;
  waiting_.push_back(std::move(one));
  schedule();
  return true;
}

bool mailbox::put_first(letter one) {
  const std::lock_guard lock(guard_);
  if (!on_) return false;
  first_.push_back(std::move(one));
  schedule();
  return true;
}

bool mailbox::put_only(letter one) {
  std::deque<letter> dropped;
  const std::lock_guard lock(guard_);
  if (!on_) return false;
  dropped.swap(waiting_);
  first_.push_back(std::move(one));
  schedule();
  return true;
}

void mailbox::wake() {
  const std::lock_guard lock(guard_);
  held_ = false;
  schedule();
}

// Call with the lock held. Asio copies the executor inside, and the copy must not outlive the lock:
// sever() would then not release the last reference to it.
void mailbox::schedule() {
  if (!on_ || scheduled_ || (first_.empty() && (paused_ || held_ || waiting_.empty()))) return;
  scheduled_ = true;
  asio::post(*on_, [self = shared_from_this()] { self->deliver(); });
}

void mailbox::deliver() {
  std::optional<letter> one;
  std::shared_ptr<reader> owner;
  {
    const std::lock_guard lock(guard_);
    scheduled_ = false;
    owner = owner_.lock();
    if (!owner) return;
    if (!first_.empty()) {
      one = std::move(first_.front());
      first_.pop_front();
    } else if (!paused_ && !held_ && !waiting_.empty()) {
      held_ = !network_->may_deliver(weak_from_this());
      if (held_) return;
      one = std::move(waiting_.front());
      waiting_.pop_front();
    } else {
      return;
    }
    schedule();
  }
  owner->on_letter(std::move(*one));
}

}  // namespace parley::transport
