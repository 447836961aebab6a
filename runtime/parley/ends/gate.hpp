// Posts to the executor of a client or a raw connection, from any thread, until it is closed. Not installed.
//
// Functions that are posted before shut() run before the function that shut() posts. Later
// functions are not posted, and their operations complete at once (finish_late). The lock is held
// while a function is posted, so that no operation is posted after the last function and waits
// forever.
#pragma once

#include <asio/any_io_executor.hpp>
#include <asio/post.hpp>

#include <atomic>
#include <memory>
#include <mutex>
#include <utility>

namespace parley {

class gate {
 public:
  explicit gate(asio::any_io_executor on) : on_(std::move(on)) {}

  // Posts f(*self) to the executor. `self` lives until it has run. Returns false and posts nothing
  // if the gate is shut.
  template <class Self, class F>
  bool post(std::shared_ptr<Self> self, F f) {
    std::lock_guard lock(mutex_);
    if (shut_) return false;
    asio::post(on_, [self = std::move(self), f = std::move(f)]() mutable { f(*self); });
    return true;
  }

  // Posts f(*self, std::move(done)). Returns false if the gate is shut. The operation was then
  // completed late.
  template <class Self, class Operation, class F>
  bool post(std::shared_ptr<Self> self, std::unique_ptr<Operation> done, F f) {
    {
      std::lock_guard lock(mutex_);
      if (!shut_) {
        asio::post(on_, [self = std::move(self), done = std::move(done), f = std::move(f)]() mutable { f(*self, std::move(done)); });
        return true;
      }
    }
    done.release()->finish_late();
    return false;
  }

  // Shuts the gate and posts f(*self), which is the last function to run. Does nothing if the gate
  // is shut already.
  template <class Self, class F>
  void shut(std::shared_ptr<Self> self, F last) {
    std::lock_guard lock(mutex_);
    if (shut_.exchange(true)) return;
    asio::post(on_, [self = std::move(self), last = std::move(last)]() mutable { last(*self); });
  }
  // Shuts the gate without a last function, because the executor is being destroyed.
  void shut() noexcept {
    std::lock_guard lock(mutex_);
    shut_ = true;
  }

  bool is_shut() const noexcept { return shut_; }

 private:
  const asio::any_io_executor on_;
  std::mutex mutex_;
  std::atomic<bool> shut_ = false;  // written under the lock
};

}  // namespace parley
