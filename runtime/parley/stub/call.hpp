// The call that a handler answers. Does not use Asio.
#pragma once

#include "parley/core/raise.hpp"
#include "parley/stub/core.hpp"
#include "parley/stub/peer.hpp"

#include <concepts>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace parley {

// Lives until the reply is complete. Use it only on its executor, that is, in the handler.
class call {
 public:
  // The caller.
  const origin& from() const noexcept { return *from_; }
  // The client that made the call. Throws std::logic_error in a client's handler, because the
  // caller is then the server, which is not a peer.
  parley::peer& peer() const {
    if (!peer_) raise(std::logic_error("parley::call::peer: a client answers its server, which is not a peer"));
    return *peer_;
  }
  // Who makes the call, as peer().principal(). In a client's handler, nobody in particular.
  const parley::principal& principal() const noexcept { return peer_ ? peer_->principal() : nobody_in_particular(); }
  // The time at which the caller stops waiting. Work that cannot finish by then is wasted.
  time_point deadline() const noexcept { return deadline_; }
  // Whether the caller disconnected, cancelled the call or ran out of time. A coroutine handler is
  // also interrupted in its co_await.
  bool cancelled() const noexcept { return cancelled_; }
  // The asio::any_io_executor that runs the handler. A template, so that only its callers need
  // Asio.
  template <class Loop = loop_executor>
  const auto& executor() const noexcept {
    const Loop* const on = on_;
    return (on ? *on : nowhere<Loop>).executor;
  }

  // Answers with this error, whatever the handler returns.
  //
  //   handler returns   in a plain function      in a coroutine
  //   reply<T>          return call.fail(...);   co_return call.fail(...);
  //   reply<>           return call.fail(...);   call.fail(...); co_return;
  error fail(error e) {
    failure_ = std::move(e);
    return *failure_;
  }
  error fail(errc code, std::string text) { return fail(error{code, std::move(text)}); }
  // Answers with code `failed` and this text.
  template <class Text>
  requires std::convertible_to<const Text&, std::string_view> error fail(const Text& text) {
    return fail(errc::failed, std::string(std::string_view(text)));
  }
  // Answers with an error that the schema defines: code `failed`, with the name of an enum value as
  // its reason. The enum is the one in the method's option `errors`. Throws std::invalid_argument
  // for a value of another enum and for a value without a name. The caller then receives `failed`,
  // and the log contains the cause.
  template <class Reason>
  requires std::is_enum_v<Reason> && requires(Reason r) { name_of(r); } error fail(Reason reason, std::string text = {}) {
    return refuse(name_of(reason), std::move(text));
  }

 private:
  friend class serving;
  error refuse(std::string_view reason, std::string text);
  static inline const origin nobody{};
  template <class Loop>
  static inline const Loop nowhere{};

  // The connection's own objects, kept alive by every call that is answered later.
  const origin* from_ = &nobody;
  const loop_executor* on_ = nullptr;
  parley::peer* peer_ = nullptr;
  const method* what_ = nullptr;
  time_point deadline_ = time_point::max();
  bool cancelled_ = false;
  std::optional<error> failure_;
};

}  // namespace parley
