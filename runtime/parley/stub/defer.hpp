// A reply that is completed later, by other code.
//
//   auto [reply, later] = parley::defer<MatchFound>();
//   waiting_.push_back(std::move(later));       // another handler or thread answers
//   return std::move(reply);
#pragma once

#include "parley/stub/reply.hpp"
#include "parley/transport/lifeline.hpp"

#include <asio/associated_cancellation_slot.hpp>
#include <asio/async_result.hpp>
#include <asio/post.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

namespace parley {

// The state shared by the two halves. Any thread may answer. The reply waits on its peer's executor
// and is dropped when that executor's context is destroyed. An answer that comes after that is
// ignored.
template <class T>
class deferred_answer {
 public:
  void put(result<T> value) {
    // Destroyed without the lock, because its destructor may wait for drop().
    std::unique_ptr<waiter> waiting;
    std::lock_guard lock(mutex_);
    if (std::exchange(done_, true)) return;
    if (!waiting_) {
      value_ = std::move(value);
      return;
    }
    waiting = std::move(waiting_);
    // Used up under the lock, because drop() waits for the lock before the executor is destroyed.
    // The handler only posts.
    const auto handler = std::exchange(waiting->handler, nullptr);
    handler(std::move(value));
  }
  // `handler` only posts to `on` and runs nothing itself. It keeps nothing of the coroutine
  // afterwards.
  void wait(const asio::any_io_executor& on, std::function<void(result<T>)> handler) {
    std::lock_guard lock(mutex_);
    if (value_) return handler(std::move(*value_));
    waiting_ = std::make_unique<waiter>(on, *this, std::move(handler));
  }

 private:
  struct waiter final : transport::tethered {
    waiter(const asio::any_io_executor& on, deferred_answer& in, std::function<void(result<T>)> then)
        : tethered(on), answer(in), handler(std::move(then)) {}
    ~waiter() { untie(); }
    void sever() noexcept override { answer.drop(); }

    deferred_answer& answer;
    std::function<void(result<T>)> handler;
  };

  void drop() noexcept {
    std::unique_ptr<waiter> waiting;
    std::lock_guard lock(mutex_);
    waiting = std::move(waiting_);
  }

  std::mutex mutex_;
  bool done_ = false;
  std::optional<result<T>> value_;
  std::unique_ptr<waiter> waiting_;
};

// The half that answers. It is movable, may be used once, and may be used from any thread. If it is
// destroyed unused, the caller receives `failed`.
template <class T = void>
class later {
 public:
  explicit later(std::shared_ptr<deferred_answer<T>> meeting) : meeting_(std::move(meeting)) {}
  later(later&&) noexcept = default;
  later& operator=(later&& other) noexcept {
    std::swap(meeting_, other.meeting_);
    return *this;
  }
  ~later() { answer(error{errc::failed, "the handler dropped the call"}); }

  // Answers the call. The first answer counts. The answer to a cancelled call is ignored.
  void answer(result<T> value) {
    if (auto meeting = std::exchange(meeting_, nullptr)) meeting->put(std::move(value));
  }

 private:
  std::shared_ptr<deferred_answer<T>> meeting_;
};

// The result of defer().
template <class T = void>
struct deferred {
  parley::reply<T> reply;
  parley::later<T> later;
};

namespace detail {

template <class T>
asio::awaitable<result<T>> await_answer(std::shared_ptr<deferred_answer<T>> meeting) {
  auto executor = co_await asio::this_coro::executor;
  // Named before it is awaited, because GCC 12 destroys the captures of a temporary lambda twice
  // (gcc12.hpp).
  auto start = [meeting, executor](auto handler) {
    // A std::function is copyable, but the handler is move-only. It is used once.
    auto shared = std::make_shared<decltype(handler)>(std::move(handler));
    auto slot = asio::get_associated_cancellation_slot(*shared);
    if (slot.is_connected()) slot.assign([meeting](asio::cancellation_type) { meeting->put(errc::cancelled); });
    meeting->wait(executor, [shared, executor](result<T> value) {
      // Moved, so that the executor alone decides when and where the coroutine ends, even if it
      // drops the posted function.
      asio::post(executor, [handler = std::move(*shared), value = std::move(value)]() mutable {
        auto done = asio::get_associated_cancellation_slot(handler);
        if (done.is_connected()) done.clear();
        std::move(handler)(std::move(value));
      });
    });
  };
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<>&, void(result<T>)>(start, asio::use_awaitable);
}

}  // namespace detail

// Creates both halves: the reply for the handler to return, and the object that answers it. Any
// thread may call it.
template <class T = void>
deferred<T> defer() {
  auto meeting = std::make_shared<deferred_answer<T>>();
  return {reply<T>(detail::await_answer<T>(meeting)), later<T>(meeting)};
}

}  // namespace parley
