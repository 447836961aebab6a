// A whole program, or a test, in a coroutine: a loop on this thread for as long as there is something to do.
//
//   asio::awaitable<int> work();
//   int main() { return parley::run(work()); }
#pragma once

#include "parley/peer/asio_check.hpp"

#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/use_future.hpp>

#include <future>
#include <type_traits>
#include <utility>
#include <vector>

namespace parley {

// Returns what the coroutine returns, throws what it throws; but not before everything else on the loop has come to its end too, such as
// the closing of connections. Throws std::future_error if the coroutine waits for something that nobody can bring any more.
template <class T>
T run(asio::awaitable<T> work) {
  asio::io_context loop(1);
  std::future<T> done = asio::co_spawn(loop, std::move(work), asio::use_future);
  loop.run();
  return done.get();
}

// All at the same time. Returns in their order what they returned; throws what the first of them that threw has thrown, when all are done.
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
