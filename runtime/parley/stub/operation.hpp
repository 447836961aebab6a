// One asynchronous operation: the user's handler, which is called once. Used by stubs and
// connections.
#pragma once

#include "parley/core/core.hpp"

#include <asio/any_io_executor.hpp>
#include <asio/associated_cancellation_slot.hpp>
#include <asio/associated_executor.hpp>
#include <asio/dispatch.hpp>
#include <asio/execution/outstanding_work.hpp>
#include <asio/post.hpp>
#include <asio/prefer.hpp>
#include <asio/system_executor.hpp>

#include <cstdint>
#include <exception>
#include <memory>
#include <type_traits>
#include <utility>

namespace parley {

// Owns a handler and completes it on its executor. `Self` derives from this class. It is destroyed
// before the handler is called, so that the next operation can use its memory again.
template <class T, class Handler>
class completing {
 protected:
  completing(Handler handler, const asio::any_io_executor& fallback)
      : handler_(std::move(handler)), work_(track(asio::get_associated_executor(handler_, fallback))) {}

  template <class Self>
  static void complete(std::unique_ptr<Self> self, result<T> outcome) {
    self->result_ = std::move(outcome);
    auto executor = self->work_;
    asio::dispatch(executor, contained_upcall(std::move(self)));
  }

  // The link's loop may be destroyed at any moment, so a handler without an associated executor
  // completes on the system executor. The outstanding work of the loop is released here, while the
  // loop still exists.
  template <class Self>
  static void complete_late(std::unique_ptr<Self> self) {
    self->result_ = errc::cancelled;
    const tracked until_posted = std::move(self->work_);  // an executor that was moved from holds no work
    const asio::any_io_executor nobodys{asio::system_executor()};
    auto executor = asio::get_associated_executor(self->handler_, nobodys);
    // The system executor has threads that the program did not choose. An exception must not end
    // the program there, and there is no log any more.
    bool on_nobodys = false;
    if constexpr (std::is_same_v<decltype(executor), asio::any_io_executor>) on_nobodys = executor == nobodys;
    asio::post(executor, [self = std::move(self), on_nobodys]() mutable {
      try {
        upcall(std::move(self));
      } catch (...) {
        if (!on_nobodys) throw;
      }
    });
  }

 private:
  // dispatch() may run the handler inside a function that has lent memory or iterates over a list.
  // An exception of the handler must leave run(), as Asio promises, but must not pass through that
  // function. It is therefore thrown again in a turn of its own.
  template <class Self>
  static auto contained_upcall(std::unique_ptr<Self> held) {
    return [self = std::move(held)]() mutable {
      const tracked on = std::move(self->work_);
      try {
        upcall(std::move(self));
      } catch (...) {
        asio::post(on, [thrown = std::current_exception()] { std::rethrow_exception(thrown); });
      }
    };
  }

  template <class Self>
  static void upcall(std::unique_ptr<Self> self) {
    auto slot = asio::get_associated_cancellation_slot(self->handler_);
    if (slot.is_connected()) slot.clear();
    Handler handler = std::move(self->handler_);
    result<T> outcome = std::move(self->result_);
    self.reset();
    std::move(handler)(std::move(outcome));
  }

  // Outstanding work on the handler's executor, so that its loop does not end while the operation
  // is pending. The executor keeps its own type, because the executor of use_future is not an
  // any_io_executor.
  template <class Executor>
  static auto track(const Executor& executor) {
    return asio::prefer(executor, asio::execution::outstanding_work.tracked);
  }
  using tracked =
      decltype(track(asio::get_associated_executor(std::declval<const Handler&>(), std::declval<const asio::any_io_executor&>())));

  Handler handler_;
  tracked work_;
  result<T> result_;
};

// Lets `operation || timer` cancel this operation. Without it, the expression would wait until the
// operation ends by itself. `End` has cancel(ticket).
template <class Handler, class End>
void hook_cancellation(const Handler& handler, const std::shared_ptr<End>& end, std::uint64_t ticket) {
  auto slot = asio::get_associated_cancellation_slot(handler);
  if (!slot.is_connected()) return;
  slot.assign([weak = std::weak_ptr(end), ticket](asio::cancellation_type) {
    if (auto still = weak.lock()) still->cancel(ticket);
  });
}

// An operation whose result is a value that needs no decoding. finish() or finish_late() is called
// once, and never inside the call that starts the operation. Either destroys the object.
template <class T>
class operation {
 public:
  virtual ~operation() = default;
  virtual void finish(result<T>) = 0;  // on the executor of its end
  virtual void finish_late() = 0;      // the end is closed: completes with `cancelled`, on any thread
};

template <class T, class Handler>
class held_operation final : public operation<T>, private completing<T, Handler> {
 public:
  held_operation(Handler handler, const asio::any_io_executor& fallback) : completing<T, Handler>(std::move(handler), fallback) {}

  void finish(result<T> outcome) override { this->complete(std::unique_ptr<held_operation>(this), std::move(outcome)); }
  void finish_late() override { this->complete_late(std::unique_ptr<held_operation>(this)); }

 private:
  friend completing<T, Handler>;
};

}  // namespace parley
