// One question to the application that is answered with a reply<T>, until it is answered or given up.
// For the runtime only.
#pragma once

#include "parley/stub/reply.hpp"

#include <asio/any_io_executor.hpp>
#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/post.hpp>

#include <exception>
#include <functional>
#include <memory>
#include <utility>

namespace parley {

// Used on its executor only. Lives until its owner has released it and the coroutine has ended. A
// derived class has what the question refers to.
template <class T>
class asked_reply : public std::enable_shared_from_this<asked_reply<T>> {
 public:
  // `thrown`, if it is not null, is what the application has thrown.
  using done = std::function<void(const std::exception_ptr& thrown, result<T> answer)>;

  virtual ~asked_reply() = default;

  // Calls ask(), which returns a reply<T>. Then calls `then` once, inside this function unless the
  // answer is a coroutine, or after give_up() never.
  template <class Ask>
  void start(const asio::any_io_executor& on, Ask ask, done then) {
    done_ = std::move(then);
    on_ = on;
    try {
      reply<T> answer = ask();
      if (!answer.is_later()) return finish(nullptr, std::move(answer.now()));
      auto ended = [self = this->shared_from_this()](const std::exception_ptr& thrown, result<T> later) {
        self->finish(thrown, std::move(later));
      };
      asio::co_spawn(on, answer.later(), asio::bind_cancellation_slot(signal_.slot(), std::move(ended)));
    } catch (...) { finish(std::current_exception(), {}); }
  }

  // Interrupts the coroutine, if there is one. The interruption is posted, so that the coroutine does
  // not end inside the caller.
  void give_up() {
    if (!std::exchange(done_, nullptr)) return;
    asio::post(on_, [self = this->shared_from_this()] { self->signal_.emit(asio::cancellation_type::terminal); });
  }

 private:
  void finish(const std::exception_ptr& thrown, result<T> answer) {
    if (const done then = std::exchange(done_, nullptr)) then(thrown, std::move(answer));
  }

  done done_;
  asio::cancellation_signal signal_;
  asio::any_io_executor on_;
};

}  // namespace parley
