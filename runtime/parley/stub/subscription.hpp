// Handlers for incoming events, and the handle that ends a handler. Does not use Asio.
#pragma once

#include "parley/stub/core.hpp"
#include "parley/wkt.hpp"

#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>

namespace parley {

// The handle on a handler. Destroying it does not end the handler, which then lives as long as the
// link. Use scoped_subscription to end it with a scope.
class subscription {
 public:
  subscription() = default;
  subscription(std::weak_ptr<core> link, std::uint64_t id) : link_(std::move(link)), id_(id) {}

  // Ends the handler. May be called from any thread. On the link's executor no event is delivered
  // afterwards. From another thread a delivery that is already running may still finish.
  void cancel() {
    if (auto core = link_.lock()) core->unsubscribe(id_);
    link_.reset();
  }

 private:
  std::weak_ptr<core> link_;
  std::uint64_t id_ = 0;
};

class scoped_subscription {
 public:
  scoped_subscription(subscription s) : subscription_(std::move(s)) {}
  scoped_subscription(scoped_subscription&& other) noexcept : subscription_(std::exchange(other.subscription_, {})) {}
  scoped_subscription& operator=(scoped_subscription other) noexcept {
    std::swap(subscription_, other.subscription_);
    return *this;
  }
  ~scoped_subscription() { subscription_.cancel(); }

 private:
  subscription subscription_;
};

// The signatures accepted for an event handler. It returns void or asio::awaitable<void>.
//
//   (const Payload&)   (const Payload&, const origin&)
//   ()                 (const origin&)                  if Payload is parley::empty
template <class F, class Payload>
concept event_handler = std::invocable<F&, const Payload&> || std::invocable<F&, const Payload&, const origin&> ||
                        (std::same_as<Payload, empty> && (std::invocable<F&> || std::invocable<F&, const origin&>));

// Runs the coroutine of an event handler that returns `Returned`. stub/asio.hpp defines it for
// asio::awaitable<void>.
template <class Returned, class Subscriber, class Payload>
struct handler_coroutine {
  static constexpr bool is_one = false;
};

template <class Payload, class F>
class event_subscriber final : public subscriber, public std::enable_shared_from_this<event_subscriber<Payload, F>> {
 public:
  event_subscriber(const method& what, F f) : what_(what), f_(std::move(f)) {}

  result<> deliver(format f, bytes_view bytes, const decode_options& options, const origin& from, handler_host& at) override {
    using returned = decltype(call(std::declval<const Payload&>(), from));
    Payload payload{};
    if (auto decoded = what_.in->read(f, bytes, &payload, options); !decoded) return decoded;
    // Keeps this object alive, because a handler may end its own subscription.
    auto self = this->shared_from_this();
    if constexpr (std::is_void_v<returned>) {
      call(payload, from);
    } else {
      using coroutine = handler_coroutine<returned, event_subscriber, Payload>;
      static_assert(coroutine::is_one, "an event handler returns void or asio::awaitable<void>");
      std::shared_ptr<running_handler> running = at.begin_handler(what_, from);
      if (!running) return {};
      coroutine::start(at.handlers_run_on(), std::move(self), std::move(payload), from, std::move(running));
    }
    return {};
  }

 private:
  template <class, class, class>
  friend struct handler_coroutine;
  auto call(const Payload& payload, const origin& from) {
    if constexpr (std::invocable<F&, const Payload&, const origin&>) return f_(payload, from);
    else if constexpr (std::invocable<F&, const Payload&>) return f_(payload);
    else if constexpr (std::invocable<F&, const origin&>) return f_(from);
    else return f_();
  }

  const method& what_;
  F f_;
};

// A generated `on_<event>` calls this function.
template <class Payload, event_handler<Payload> F>
subscription subscribe(const endpoint& to, const method& what, F&& handler) {
  auto entry = std::make_shared<event_subscriber<Payload, std::decay_t<F>>>(what, std::forward<F>(handler));
  return {to.core, to.core->subscribe(what, std::move(entry))};
}

}  // namespace parley
