#include "parley/ends/shared_loop.hpp"

#include <asio/executor_work_guard.hpp>
#include <asio/post.hpp>

#include <system_error>
#include <utility>

namespace parley {
namespace {

// How long a program may compute between two blocking operations before the own thread runs the
// loop again. Waking that often costs about half a percent of a core.
constexpr auto patience = std::chrono::milliseconds(1);
// How long a visitor may leave work before the own thread does it. The thread sleeps that long after it was woken: else it would come
// after each message.
constexpr auto gathering = std::chrono::microseconds(100);
// Functions that a visitor runs before it looks at its own operation again.
constexpr std::size_t at_once = 100;

}  // namespace

// ---- the own thread

void shared_loop::run() {
  {
    auto work = asio::make_work_guard(loop_->context());
    std::unique_lock lock(mutex_);
    while (true) {
      const part what = own_turn(lock);
      if (loop_->is_ending()) break;
      own_inside_ = true;
      posted_ = work_left_ = work_is_known_ = false;
      lock.unlock();
      if (what == part::ready) {
        while (poll() == at_once && !step_out_) {}
      } else {
        do loop_->run_one();
        while (!loop_->is_ending() && !step_out_.load(std::memory_order_relaxed));
      }
      lock.lock();
      own_inside_ = false;
      if (wanted_ > 0) visitors_.notify_all();
    }
  }
  loop_->run_rest();
}

// Returns when it is the own thread's turn to run the loop.
shared_loop::part shared_loop::own_turn(std::unique_lock<std::mutex>& lock) {
  bool gathered = false;
  std::uint64_t batch = 0;
  while (true) {
    if (!visited_) {
      if (!is_shared()) return part::all;
      if (wanted_ == 0) {
        if (outsiders_ > 0 || visits_ == seen_) return part::all;
        if (posted_ || (gathered && work_left_ && batches_ == batch)) return part::ready;
      }
    } else if (visits_ == seen_) {
      // Nothing is to be done every millisecond while it waits.
      long_visit_ = true;
      own_.wait(lock, [this] { return visits_ != seen_; });  // the next visitor may be inside already
      continue;
    }
    work_is_known_ = gathered = work_left_;
    batch = batches_;
    if (!gathered) seen_ = visits_;
    own_.wait_for(lock, gathered ? std::chrono::microseconds(gathering) : std::chrono::microseconds(patience), [this, gathered] {
      if (work_is_known_ && !gathered) return true;
      return !visited_ && (!is_shared() || (wanted_ == 0 && (outsiders_ > 0 || posted_)));
    });
  }
}

// ---- sharing

void shared_loop::share() {
  const std::lock_guard lock(mutex_);
  if (state_ == state::not_yet) state_ = state::shared;
}

void shared_loop::end_sharing() noexcept {
  if (state_ == state::ended) return;
  const std::lock_guard lock(mutex_);
  end_sharing_locked();
}

void shared_loop::end_sharing_locked() noexcept {
  state_ = state::ended;
  step_out_ = false;
  if (visitor_waits_) wake_->set();
  if (!visited_) wake_.reset();
  own_.notify_one();
  visitors_.notify_all();
}

void shared_loop::end_and_wait() noexcept {
  end_sharing();
  std::unique_lock lock(mutex_);
  visitors_.wait(lock, [this] { return !visited_; });
}

void shared_loop::notify() noexcept {
  if (!is_shared()) return;
  const std::lock_guard lock(mutex_);
  if (std::exchange(posted_, true)) return;
  if (visitor_waits_) wake_->set();
  else if (!visited_ && !own_inside_) own_.notify_one();
}

void shared_loop::count_outsider(bool comes) noexcept {
  const std::lock_guard lock(mutex_);
  if (!comes) {
    --outsiders_;
    return;
  }
  ++outsiders_;
  if (!own_inside_ && !visited_) own_.notify_one();
}

// ---- visitors

bool shared_loop::enter() {
  if (!is_shared()) return false;
  std::unique_lock lock(mutex_);
  if (!admits()) return false;
  if (own_inside_) {
    const bool first = !step_out_.exchange(true);
    try {
      asio::post(loop_->context(), [] {});  // it may be waiting in the loop
    } catch (...) {
      if (first) step_out_ = false;
      throw;
    }
    ++wanted_;
    visitors_.wait(lock, [this] { return !own_inside_ || !is_shared(); });
    if (--wanted_ == 0) step_out_ = false;
    if (own_inside_ || !admits()) {
      own_.notify_one();
      return false;
    }
  }
  visited_ = true;
  ++visits_;
  return true;
}

bool shared_loop::try_enter() noexcept {
  if (!is_shared()) return false;
  const std::lock_guard lock(mutex_);
  if (!admits() || own_inside_ || wanted_ > 0) return false;
  visited_ = true;
  ++visits_;
  return true;
}

void shared_loop::leave(left what) noexcept {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    visited_ = visitor_waits_ = false;
    ++visits_;
    const bool soon = what == left::soon && !std::exchange(work_is_known_, true);
    wake = posted_ || outsiders_ > 0 || !is_shared() || std::exchange(long_visit_, false) || soon;
    if (what == left::nothing) work_left_ = false;
    else if (!std::exchange(work_left_, true)) ++batches_;
    if (!is_shared()) {
      wake_.reset();
      visitors_.notify_all();
    }
  }
  if (wake) own_.notify_one();  // not under the lock, for which it would wait
}

std::size_t shared_loop::poll() {
  std::size_t ran = 0;
  while (ran < at_once && loop_->poll_one() > 0) ++ran;
  return ran;
}

bool shared_loop::begin_wait() noexcept {
  const std::lock_guard lock(mutex_);
  if (!wake_ && is_shared()) {
    try {
      wake_.emplace();
    } catch (const std::system_error&) { end_sharing_locked(); }
  }
  work_left_ = false;  // the visitor does it before it waits
  visitor_waits_ = !std::exchange(posted_, false) && is_shared();
  return visitor_waits_;
}

void shared_loop::was_woken() noexcept { wake_->clear(); }

}  // namespace parley
