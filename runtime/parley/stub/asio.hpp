// The half of the stubs that uses Asio: completion tokens, coroutines and executors. Headers of
// generated code and parley/client.hpp include it.
#pragma once

#include "parley/ends/asio_check.hpp"
#include "parley/stub/completion.hpp"
#include "parley/stub/default_token.hpp"
#include "parley/stub/gcc12.hpp"

#include <asio/async_result.hpp>
#include <asio/use_awaitable.hpp>

#include <utility>

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
