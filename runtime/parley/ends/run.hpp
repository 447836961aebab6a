// Runs a whole program or test as a coroutine, on a loop in the calling thread.
//
//   asio::awaitable<int> work();
//   int main() { return parley::run(work()); }
#pragma once

#include "parley/ends/asio_check.hpp"

#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/use_future.hpp>

#include <future>
#include <type_traits>
#include <utility>
#include <vector>

namespace parley {

// Runs the coroutine, and returns what it returns or throws what it throws. First waits for all
// other work on the loop, such as the closing of connections. Throws std::future_error if the loop
// runs out of work while the coroutine still waits.
template <class T>
T run(asio::awaitable<T> work) {
  asio::io_context loop(1);
  std::future<T> done = asio::co_spawn(loop, std::move(work), asio::use_future);
  loop.run();
  return done.get();
}

// Runs all coroutines at the same time and returns their results in the same order. If some of them
// threw, throws the exception of the first one in the list, after all have ended.
template <class T>
auto run(std::vector<asio::awaitable<T>> works) {
  asio::io_context loop(1);
  std::vector<std::future<T>> done;
  done.reserve(works.size());
  for (auto& work : works) done.push_back(asio::co_spawn(loop, std::move(work), asio::use_future));
  loop.run();
  if constexpr (std::is_void_v<T>) {
    for (auto& one : done) one.get();
  } else {
    std::vector<T> values;
    values.reserve(done.size());
    for (auto& one : done) values.push_back(one.get());
    return values;
  }
}

}  // namespace parley
