// The result of a handler method: a value, an error, or a coroutine that answers later.
#pragma once

#include "parley/core/core.hpp"
#include "parley/ends/asio_check.hpp"
#include "parley/stub/call.hpp"

#include <asio/awaitable.hpp>

#include <concepts>
#include <coroutine>
#include <optional>
#include <utility>

namespace parley {

// A plain value costs no allocation. A method that uses co_await or co_return is started on the
// peer's strand. `payload` and `call` live until it ends. An exception that leaves it becomes
// errc::failed with a fixed text. The coroutine can await whatever an asio::awaitable can, for
// example timers, calls of other clients, and `||`.
template <class T = void>
class [[nodiscard]] reply {
 public:
  // The type that the coroutine returns. It is void for reply<>, so that `co_return;` works there.
  // Such a coroutine reports an error with call.fail(...).
  using later_type = std::conditional_t<std::is_void_v<T>, void, result<T>>;

  reply() requires std::is_void_v<T> = default;
  // The constraint excludes copies and moves, hence the NOLINT.
  template <class U>
  requires(!std::is_void_v<T> && std::convertible_to<U, T> && !std::same_as<std::remove_cvref_t<U>, reply>)
  reply(U&& value)  // NOLINT(bugprone-forwarding-reference-overload)
      : now_(static_cast<T>(std::forward<U>(value))) {}
  reply(parley::error e) : now_(std::move(e)) {}
  reply(errc code) : now_(code) {}
  reply(result<T> r) : now_(std::move(r)) {}
  reply(asio::awaitable<result<T>> later) : later_(std::move(later)) {}
  reply(asio::awaitable<void> later) requires std::is_void_v<T> : later_(succeed_after(std::move(later))) {}

  // For the runtime only.
  bool is_later() const noexcept { return later_.has_value(); }
  result<T>& now() noexcept { return now_; }
  asio::awaitable<result<T>> later() { return std::move(*later_); }

 private:
  static asio::awaitable<result<T>> succeed_after(asio::awaitable<void> work) {
    co_await std::move(work);
    co_return result<T>{};
  }

  result<T> now_{};
  std::optional<asio::awaitable<result<T>>> later_;
};

}  // namespace parley

// The promise of a reply<> coroutine. `co_return errc::denied;` does not compile in one, because a
// promise cannot have both return_value and return_void. The compiler then reports that this type
// has no return_value, so the name of the type is the advice.
namespace parley::reply_without_a_payload {
template <class Promise>
struct say_call_fail_and_then_co_return_without_a_value : Promise {};
}  // namespace parley::reply_without_a_payload

// A reply coroutine is a wrapped asio::awaitable coroutine. It has the same promise and the same
// operations, and nothing here names asio::detail.
template <class... Args>
struct std::coroutine_traits<parley::reply<void>, Args...> {
  using promise_type = parley::reply_without_a_payload::say_call_fail_and_then_co_return_without_a_value<
      typename std::coroutine_traits<asio::awaitable<void>, Args...>::promise_type>;
};
template <class T, class... Args>
struct std::coroutine_traits<parley::reply<T>, Args...> {
  using promise_type = typename std::coroutine_traits<asio::awaitable<typename parley::reply<T>::later_type>, Args...>::promise_type;
};
