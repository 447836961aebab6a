// parley::block: a completion token that waits on the calling thread. Returns T and throws
// call_failed.
#pragma once

#include "parley/core/core.hpp"

#include <asio/associated_executor.hpp>
#include <asio/async_result.hpp>

#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

namespace parley {

struct block_t {
  constexpr block_t() = default;
};
inline constexpr block_t block{};

// The result of a handler that is destroyed without being called, because its executor was
// destroyed. The request may have been sent.
inline error dropped_with_its_loop() {
  error why{errc::cancelled};
  why.maybe_done = true;
  return why;
}

// The place where the blocked thread waits. It is on that thread's stack.
template <class T>
class waiting_room {
 public:
  void put(result<T> value) {
    std::lock_guard lock(mutex_);  // notify under the lock, because the waiter destroys this object after wait()
    value_ = std::move(value);
    ready_.notify_one();
  }
  // For a thread that puts the value here itself, in a function that it calls. Then nothing has to be waited for.
  bool is_ready() const noexcept { return value_.has_value(); }
  result<T> take() { return std::move(*value_); }
  result<T> wait() {
    std::unique_lock lock(mutex_);
    ready_.wait(lock, [&] { return value_.has_value(); });
    return std::move(*value_);
  }

 private:
  std::mutex mutex_;
  std::condition_variable ready_;
  std::optional<result<T>> value_;
};

template <class T>
class blocking_handler {
 public:
  explicit blocking_handler(waiting_room<T>& room) : room_(&room) {}
  blocking_handler(blocking_handler&& other) noexcept : room_(std::exchange(other.room_, nullptr)) {}
  blocking_handler& operator=(blocking_handler&&) = delete;
  ~blocking_handler() {
    if (room_) room_->put(dropped_with_its_loop());
  }
  void operator()(result<T> value) { std::exchange(room_, nullptr)->put(std::move(value)); }

 private:
  waiting_room<T>* room_;
};

// A wait on the thread that has to complete the call would never end, so it is refused at once.
inline call_failed would_never_end() {
  return call_failed{error{std::make_error_code(std::errc::resource_deadlock_would_occur),
                           "a blocking call on the thread that runs its link would never end: use the async_ form"}};
}

}  // namespace parley

template <class T>
class asio::async_result<parley::block_t, void(parley::result<T>)> {
 public:
  using return_type = T;
  template <class Initiation, class... Args>
  static T initiate(Initiation&& start, parley::block_t, Args&&... args) {
    if (start.runs_here()) throw parley::would_never_end();
    parley::waiting_room<T> room;
    std::forward<Initiation>(start)(parley::blocking_handler<T>(room), std::forward<Args>(args)...);
    return room.wait().value();
  }
};
