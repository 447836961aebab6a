// Events and blocking calls, which have no completion token. Does not use Asio. Used by generated
// stubs only.
#pragma once

#include "parley/stub/core.hpp"
#include "parley/wire/target.hpp"

#include <type_traits>

namespace parley {

// Starts the call, waits on this thread, and reads the answer into `value`. Null: no answer is
// wanted. Throws call_failed. Not a template, because the templates of Asio's tokens in every
// generated blocking method would cost each translation unit of the user 0.4 s.
void wait_for_answer(const endpoint& to, outgoing request, void* value);

// A generated blocking `<call>` calls this function.
template <class T, class Payload>
T call_and_wait(const endpoint& to, const method& what, const Payload& payload, const target& whom = {}) {
  if constexpr (std::is_void_v<T>) {
    wait_for_answer(to, encode_for(to, what, &payload, whom), nullptr);
  } else {
    T value{};
    wait_for_answer(to, encode_for(to, what, &payload, whom), &value);
    return value;
  }
}
template <class T, class Payload>
T call_and_wait(const endpoint& to, const method& what, const Payload& payload, const to::client& whom) {
  return call_and_wait<T>(to, what, payload, target_traits<to::client>::value(whom));
}

// A generated `<event>` calls this function.
template <class Payload>
sent send_event(const endpoint& to, const method& what, const Payload& payload, const target& whom) {
  return to.core->send(encode_for(to, what, &payload, whom));
}

}  // namespace parley
