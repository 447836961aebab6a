// The half of the stubs that uses Asio: completion tokens, coroutines and executors. Headers of
// generated code and parley/client.hpp include it.
#pragma once

#include "parley/ends/asio_check.hpp"
#include "parley/ends/loop_executor.hpp"
#include "parley/stub/completion.hpp"
#include "parley/stub/default_token.hpp"
#include "parley/stub/gcc12.hpp"
#include "parley/stub/serve.hpp"
#include "parley/stub/subscription.hpp"

#include <asio/async_result.hpp>
#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/use_awaitable.hpp>

#include <exception>
#include <memory>
#include <utility>

namespace parley {

template <class Subscriber, class Payload>
struct handler_coroutine<asio::awaitable<void>, Subscriber, Payload> {
  static constexpr bool is_one = true;

  static void start(const loop_executor& on, std::shared_ptr<Subscriber> self, Payload payload, const origin& from,
                    std::shared_ptr<running_handler> running) {
    asio::co_spawn(on.executor, run(std::move(self), std::move(payload), from),
                   [running = std::move(running)](const std::exception_ptr& thrown) {
                     if (thrown) running->threw(thrown);
                   });
  }

 private:
  // The coroutine refers to its payload, its origin and its handler. All three live in this frame.
  static asio::awaitable<void> run(std::shared_ptr<Subscriber> self, Payload payload, origin from) { co_await self->call(payload, from); }
};

}  // namespace parley

// default_token is asio::use_awaitable, so `co_await lobby.async_add(numbers)` needs no token.
template <class Result, class... Values>
class asio::async_result<parley::default_token, Result(Values...)> {
  using awaited = asio::async_result<asio::use_awaitable_t<>, Result(Values...)>;

 public:
  using return_type = typename awaited::return_type;
  template <class Initiation, class... Args>
  static return_type initiate(Initiation&& start, parley::default_token, Args&&... args) {
    return awaited::initiate(std::forward<Initiation>(start), asio::use_awaitable, std::forward<Args>(args)...);
  }
};
