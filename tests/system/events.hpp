// Lets a test wait for events.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <stdexcept>
#include <utility>

// A queue of events. Waiting for the next event is the only way in which a test waits.
template <class T>
class events {
 public:
  void put(T one) {
    std::lock_guard lock(mutex_);
    all_.push_back(std::move(one));
    changed_.notify_all();
  }
  // Throws, and thus fails the test, if nothing arrives for a long time.
  T next() {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, std::chrono::seconds(30), [&] { return !all_.empty(); })) throw std::runtime_error("waited in vain");
    T one = std::move(all_.front());
    all_.pop_front();
    return one;
  }
  bool empty() const {
    std::lock_guard lock(mutex_);
    return all_.empty();
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<T> all_;
};
