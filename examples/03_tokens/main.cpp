// One call, and every way to wait for it: blocking, callback, future, coroutine, with a deadline,
// and raced against a timer. Server and client are in one process and use memory. The code is the
// same over a socket.
#include "lobby/v1/lobby.client.hpp"
#include "lobby/v1/lobby.server.hpp"

#include <parley/client.hpp>
#include <parley/loopback.hpp>
#include <parley/server.hpp>

#include <asio/co_spawn.hpp>
#include <asio/experimental/awaitable_operators.hpp>
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_future.hpp>

#include <exception>
#include <future>
#include <iostream>
#include <numeric>

using namespace lobby::v1;
using namespace std::chrono_literals;
using namespace asio::experimental::awaitable_operators;

namespace {

struct Adder final : LobbyHandler {
  parley::reply<Sum> add(const Numbers& n, parley::call& call) override {
    if (n.numbers.empty()) return never(call);
    return Sum{.value = std::accumulate(n.numbers.begin(), n.numbers.end(), 0.0)};
  }
  parley::reply<Sum> never(parley::call& call) {  // a coroutine; it is interrupted when the caller stops waiting
    asio::steady_timer timer(call.executor(), 1h);
    co_await timer.async_wait(asio::use_awaitable);
    co_return Sum{};
  }
};

// Stubs are handles, so they are passed by value.
asio::awaitable<void> in_a_coroutine(LobbyClient lobby) {
  Numbers numbers{.numbers = {1, 2, 3}};  // named first: before GCC 13, no braces and no capturing lambda next to co_await
  parley::result<Sum> sum = co_await lobby.async_add(numbers);
  std::cout << "coroutine: " << sum.value().value << '\n';

  Numbers nothing;
  asio::steady_timer timer(co_await asio::this_coro::executor, 10ms);
  auto first = co_await (lobby.async_add(nothing) || timer.async_wait(asio::use_awaitable));
  std::cout << "raced: " << (first.index() == 1 ? "the timer won" : "the call won") << '\n';
}

}  // namespace

int main() {
  parley::loopback network;
  parley::server server{{.loopback = &network}};
  Adder adder;
  server.add(adder);
  server.start();
  {
    parley::client link{"mem://lobby", {.loopback = &network}};
    LobbyClient lobby{link};

    std::cout << "blocking: " << lobby.add({.numbers = {1, 2}}).value << '\n';

    std::promise<double> called;
    lobby.async_add({.numbers = {3, 4}}, [&](parley::result<Sum> sum) { called.set_value(sum.value().value); });
    std::cout << "callback: " << called.get_future().get() << '\n';

    std::cout << "future: " << lobby.async_add({.numbers = {5, 6}}, asio::use_future).get().value().value << '\n';

    asio::io_context mine;
    std::exception_ptr failed;
    asio::co_spawn(mine, in_a_coroutine(lobby), [&](std::exception_ptr e) { failed = e; });
    mine.run();
    if (failed) std::rethrow_exception(failed);

    try {
      lobby.with({.deadline = 10ms}).add({});
    } catch (const parley::call_failed& late) { std::cout << "deadline: " << late.what() << '\n'; }
  }
  server.stop();
  server.join();  // before the handlers are destroyed
}
