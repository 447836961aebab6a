// The plumbing between a call inside the runtime (bytes, tickets) and a user's completion token. Used by generated stubs only.
#pragma once

#include "parley/peer/asio_check.hpp"
#include "parley/peer/block.hpp"
#include "parley/peer/core.hpp"

#include <asio/any_io_executor.hpp>
#include <asio/associated_cancellation_slot.hpp>
#include <asio/associated_executor.hpp>
#include <asio/async_result.hpp>
#include <asio/dispatch.hpp>
#include <asio/execution/outstanding_work.hpp>
#include <asio/post.hpp>
#include <asio/prefer.hpp>
#include <asio/system_executor.hpp>
#include <asio/use_awaitable.hpp>

#include <memory>
#include <type_traits>
#include <utility>

namespace parley {

// One operation in flight: owns the user's handler, decodes the answer on the link's executor, completes on the handler's.
template <class T, class Handler>
class call_operation final : public pending_call {
 public:
  call_operation(Handler handler, const method* what, const asio::any_io_executor& fallback)
      : handler_(std::move(handler)), what_(what), work_(track(asio::get_associated_executor(handler_, fallback))) {}

  void finish(result<encoded_answer> answer) override {
    result_ = read(std::move(answer));
    auto executor = work_;
    asio::dispatch(executor, complete());
  }

  void finish_late() override {
    result_ = errc::cancelled;
    // The link's loop may be gone, so a handler that named no executor completes on the system executor.
    auto executor = asio::get_associated_executor(handler_, asio::any_io_executor(asio::system_executor()));
    asio::post(executor, complete());
  }

 private:
  result<T> read(result<encoded_answer> answer) const {
    if (!answer) return std::move(answer).error();
    if constexpr (std::is_void_v<T>) {
      return {};
    } else {
      T value{};
      if (auto decoded = what_->out->read(answer->format, answer->payload, &value, answer->options); !decoded)
        return std::move(decoded).error();
      return value;
    }
  }

  auto complete() {
    return [self = std::unique_ptr<call_operation>(this)]() mutable {
      auto slot = asio::get_associated_cancellation_slot(self->handler_);
      if (slot.is_connected()) slot.clear();
      Handler handler = std::move(self->handler_);
      result<T> outcome = std::move(self->result_);
      self.reset();  // before the upcall: what it held can be used again by the next call
      std::move(handler)(std::move(outcome));
    };
  }

  // Outstanding work on the handler's executor: its loop does not run out while the call is pending. The executor keeps its own
  // type: use_future's is no any_io_executor.
  template <class Executor>
  static auto track(const Executor& executor) {
    return asio::prefer(executor, asio::execution::outstanding_work.tracked);
  }
  using tracked =
      decltype(track(asio::get_associated_executor(std::declval<const Handler&>(), std::declval<const asio::any_io_executor&>())));

  Handler handler_;
  const method* what_;
  tracked work_;
  result<T> result_;
};

// Without this hook `call || timer` would wait for both: it cancels the loser, then waits for it.
template <class Handler>
void hook_cancellation(const Handler& handler, const std::shared_ptr<core>& link, core::ticket of) {
  auto slot = asio::get_associated_cancellation_slot(handler);
  if (!slot.is_connected()) return;
  slot.assign([weak = std::weak_ptr(link), of](asio::cancellation_type) {
    if (auto core = weak.lock()) core->cancel(of);
  });
}

// Starts an operation through `Begin` (a member function of core). `block` asks it first whether waiting here could ever end.
template <class T, void (core::*Begin)(core::ticket, outgoing, std::unique_ptr<pending_call>)>
struct start_operation {
  std::shared_ptr<core> on;
  bool runs_here() const { return on->runs_here(); }

  // The check does not see it moved on: that stands in a dependent call.
  template <class Handler>
  void operator()(Handler&& handler, outgoing request) const {  // NOLINT(performance-unnecessary-value-param)
    const core::ticket of = on->reserve();
    hook_cancellation(handler, on, of);
    const method* what = request.what;
    ((*on).*Begin)(of, std::move(request),
                   std::make_unique<call_operation<T, std::decay_t<Handler>>>(std::forward<Handler>(handler), what, on->executor()));
  }
};

// What a generated `async_<call>` forwards to. The payload is encoded here, so nothing refers to it afterwards.
template <class T, class Payload, class Token>
auto async_call(const link& to, const method& what, const Payload& payload, const target& whom, Token&& token) {
  return asio::async_initiate<Token, void(result<T>)>(start_operation<T, &core::start>{to.core}, token,
                                                      encode_for(to, what, &payload, whom));
}
template <class T, class Payload, class Token>
auto async_call(const link& to, const method& what, const Payload& payload, const to::client& whom, Token&& token) {
  return async_call<T>(to, what, payload, target_traits<to::client>::value(whom), std::forward<Token>(token));
}
template <class T, class Payload, class Token>
auto async_call(const link& to, const method& what, const Payload& payload, Token&& token) {
  return async_call<T>(to, what, payload, target{}, std::forward<Token>(token));
}

// What a generated `async_<event>` forwards to: completes when the queue has taken the event.
template <class Payload, class Token>
auto async_send(const link& to, const method& what, const Payload& payload, const target& whom, Token&& token) {
  return asio::async_initiate<Token, void(result<>)>(start_operation<void, &core::send_when_room>{to.core}, token,
                                                     encode_for(to, what, &payload, whom));
}

// Starts the call, waits on this thread, reads the answer into `value` (null: none wanted). Throws call_failed. Not a template:
// instantiating Asio's token machinery for `block` in every generated blocking method would cost each user's translation unit 0.4 s.
void wait_for_answer(const link& to, outgoing request, void* value);

// What a generated blocking `<call>` forwards to.
template <class T, class Payload>
T call_and_wait(const link& to, const method& what, const Payload& payload, const target& whom = {}) {
  if constexpr (std::is_void_v<T>) {
    wait_for_answer(to, encode_for(to, what, &payload, whom), nullptr);
  } else {
    T value{};
    wait_for_answer(to, encode_for(to, what, &payload, whom), &value);
    return value;
  }
}
template <class T, class Payload>
T call_and_wait(const link& to, const method& what, const Payload& payload, const to::client& whom) {
  return call_and_wait<T>(to, what, payload, target_traits<to::client>::value(whom));
}

// What a generated `<event>` forwards to.
template <class Payload>
sent send_event(const link& to, const method& what, const Payload& payload, const target& whom) {
  return to.core->send(encode_for(to, what, &payload, whom));
}

}  // namespace parley
