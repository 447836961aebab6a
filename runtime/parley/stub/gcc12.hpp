// The guard against a compiler bug, the only one that this interface handles.
//
// GCC up to 12 destroys members of an aggregate twice if the aggregate is built in braces inside an
// awaited expression:
//   co_await lobby.async_say({.text = name});          // memory corruption on GCC 10 to 12; fine on GCC 13+ and clang
// Its coroutine pass moves every temporary of the statement into the frame, including those that
// initialise a member in place. GCC 13 omits those (TARGET_EXPR_ELIDING_P in gcc/cp/coroutines.cc).
// No compiler flag and no form of the called function helps, because the damage happens before the
// call. On these compilers a temporary payload together with a token that will be awaited therefore
// does not compile, and the message explains what to write instead. On other compilers the guard
// does nothing.
#pragma once

#include "parley/core/core.hpp"
#include "parley/wire/target.hpp"

#include <asio/async_result.hpp>

#include <concepts>
#include <type_traits>
#include <utility>

namespace parley {

inline constexpr bool braces_in_co_await_are_safe =
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ < 13
    false;
#else
    true;
#endif

// The result of the operation for this token. Used only on the affected compilers.
struct probe {
  template <class Handler>
  void operator()(Handler&&) const;
};
template <class Token, class T>
using returned_for = decltype(asio::async_initiate<Token, void(result<T>)>(probe{}, std::declval<std::decay_t<Token>&>()));

template <class R>
concept future_like = requires(R r) {
  r.valid();
  r.wait();
};

// True for a token whose operation will be awaited: use_awaitable, deferred, as_tuple,
// bind_executor(..., use_awaitable) and the like. With a callback or detached the operation returns
// nothing, with `block` the reply itself, and with use_future a future. Braces are safe with those.
template <class Token, class T>
concept awaited_on_gcc12 = !braces_in_co_await_are_safe && !std::is_void_v<returned_for<Token, T>> &&
                           !std::same_as<returned_for<Token, T>, T> && !future_like<returned_for<Token, T>>;

template <class Token>
void name_the_payload_first() {
  static_assert(never<Token>,
                "GCC before 13 destroys a temporary payload inside co_await twice. Name the payload on the line before: "
                "`Line line{...}; auto reply = co_await stub.async_call(line);`");
}

}  // namespace parley
