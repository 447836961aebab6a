// Connects a call inside the runtime (bytes, tickets) with a user's completion token. Used by
// generated stubs only.
#pragma once

#include "parley/ends/asio_check.hpp"
#include "parley/ends/loop_executor.hpp"
#include "parley/stub/block.hpp"
#include "parley/stub/core.hpp"
#include "parley/stub/operation.hpp"

#include <asio/any_io_executor.hpp>
#include <asio/async_result.hpp>
#include <asio/use_awaitable.hpp>

#include <memory>
#include <type_traits>
#include <utility>

namespace parley {

// One operation in flight. It owns the user's handler, decodes the answer on the link's executor,
// and completes on the handler's executor.
template <class T, class Handler>
class call_operation final : public pending_call, private completing<T, Handler> {
 public:
  call_operation(Handler handler, const method* what, const asio::any_io_executor& fallback)
      : completing<T, Handler>(std::move(handler), fallback), what_(what) {}

  void finish(result<encoded_answer> answer) override { this->complete(std::unique_ptr<call_operation>(this), read(std::move(answer))); }
  void finish_late() override { this->complete_late(std::unique_ptr<call_operation>(this)); }

 private:
  friend completing<T, Handler>;

  result<T> read(result<encoded_answer> answer) const {
    if (!answer) return std::move(answer).error();
    if constexpr (std::is_void_v<T>) {
      return {};
    } else {
      T value{};
      if (auto decoded = what_->out->read(answer->format, answer->payload, &value, answer->options); !decoded)
        return unreadable_answer(std::move(decoded).error());
      return value;
    }
  }

  const method* what_;
};

// Starts an operation through `Begin` (a member function of core). `block` first checks with
// runs_here() whether waiting on this thread could ever end.
template <class T, void (core::*Begin)(core::ticket, outgoing, std::unique_ptr<pending_call>)>
struct start_operation {
  std::shared_ptr<core> on;
  bool runs_here() const { return on->runs_here(); }

  // The check does not see that `request` is moved, because the move is in a dependent call.
  template <class Handler>
  void operator()(Handler&& handler, outgoing request) const {  // NOLINT(performance-unnecessary-value-param)
    const core::ticket of = on->reserve();
    hook_cancellation(handler, on, of);
    const method* what = request.what;
    ((*on).*Begin)(
        of, std::move(request),
        std::make_unique<call_operation<T, std::decay_t<Handler>>>(std::forward<Handler>(handler), what, on->runs_on().executor));
  }
};

// A generated `async_<call>` calls this function. The payload is encoded here, so nothing refers to
// it afterwards.
template <class T, class Payload, class Token>
auto async_call(const endpoint& to, const method& what, const Payload& payload, const target& whom, Token&& token) {
  return asio::async_initiate<Token, void(result<T>)>(start_operation<T, &core::start>{to.core}, token,
                                                      encode_for(to, what, &payload, whom));
}
template <class T, class Payload, class Token>
auto async_call(const endpoint& to, const method& what, const Payload& payload, const to::client& whom, Token&& token) {
  return async_call<T>(to, what, payload, target_traits<to::client>::value(whom), std::forward<Token>(token));
}
template <class T, class Payload, class Token>
auto async_call(const endpoint& to, const method& what, const Payload& payload, Token&& token) {
  return async_call<T>(to, what, payload, target{}, std::forward<Token>(token));
}

// A generated `async_<event>` calls this function. Completes when the event is queued.
template <class Payload, class Token>
auto async_send(const endpoint& to, const method& what, const Payload& payload, const target& whom, Token&& token) {
  return asio::async_initiate<Token, void(result<>)>(start_operation<void, &core::send_when_room>{to.core}, token,
                                                     encode_for(to, what, &payload, whom));
}

}  // namespace parley
