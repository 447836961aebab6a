// What a handler method returns: a value now, an error now, or a coroutine that answers later.
#pragma once

#include "parley/core/core.hpp"
#include "parley/peer/call.hpp"

#include <asio/awaitable.hpp>

#include <concepts>
#include <coroutine>
#include <optional>
#include <utility>

namespace parley {

// A plain value costs no allocation. A method that uses co_await or co_return is started on the peer's strand; `payload` and `call`
// live until it ends. An exception leaving it becomes errc::failed with a fixed text. It can await whatever an
// asio::awaitable can: timers, other clients' calls, `||`.
template <class T = void>
class [[nodiscard]] reply {
 public:
  // What the coroutine itself yields. For void it is void, so that `co_return;` works: report an error with call.fail(...).
  using later_type = std::conditional_t<std::is_void_v<T>, void, result<T>>;

  reply() requires std::is_void_v<T> = default;
  template <class U>
  requires(!std::is_void_v<T> && std::convertible_to<U, T> && !std::same_as<std::remove_cvref_t<U>, reply>)
  reply(U&& value)  // NOLINT(bugprone-forwarding-reference-overload): the constraint leaves copies and moves alone
      : now_(static_cast<T>(std::forward<U>(value))) {}
  reply(parley::error e) : now_(std::move(e)) {}
  reply(errc code) : now_(code) {}
  reply(result<T> r) : now_(std::move(r)) {}
  reply(asio::awaitable<result<T>> later) : later_(std::move(later)) {}
  reply(asio::awaitable<void> later) requires std::is_void_v<T> : later_(succeed_after(std::move(later))) {}

  // For the runtime.
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

// The promise of a reply<> coroutine. `co_return errc::denied;` in one does not compile, as a promise cannot both take a value and take
// none; the compiler then says that this type has no return_value, so its name is the advice.
namespace parley::reply_without_a_payload {
template <class Promise>
struct say_call_fail_and_then_co_return_without_a_value : Promise {};
}  // namespace parley::reply_without_a_payload

// A reply coroutine *is* an asio::awaitable coroutine, wrapped: same promise, same operations, nothing of asio::detail named.
template <class... Args>
struct std::coroutine_traits<parley::reply<void>, Args...> {
  using promise_type = parley::reply_without_a_payload::say_call_fail_and_then_co_return_without_a_value<
      typename std::coroutine_traits<asio::awaitable<void>, Args...>::promise_type>;
};
template <class T, class... Args>
struct std::coroutine_traits<parley::reply<T>, Args...> {
  using promise_type = typename std::coroutine_traits<asio::awaitable<typename parley::reply<T>::later_type>, Args...>::promise_type;
};
