// What a handler knows about the call it answers.
#pragma once

#include "parley/peer/asio_check.hpp"
#include "parley/peer/core.hpp"

#include <asio/any_io_executor.hpp>

#include <concepts>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace parley {

class peer;

// Lives until the reply is complete. Use it on its executor only, that is: in the handler.
class call {
 public:
  const origin& from() const noexcept { return *from_; }
  // The client that asks. Throws std::logic_error at a client, which answers its server: that is not a peer.
  parley::peer& peer() const {
    if (!peer_) throw std::logic_error("parley::call::peer: a client answers its server, which is not a peer");
    return *peer_;
  }
  // When the caller stops waiting. Work that cannot finish by then is wasted.
  time_point deadline() const noexcept { return deadline_; }
  // The caller went away, cancelled, or ran out of time. A coroutine handler is also interrupted in its co_await.
  bool cancelled() const noexcept { return cancelled_; }
  const asio::any_io_executor& executor() const noexcept { return *executor_; }

  // Answers with this error, whatever the handler returns. Where it returns a reply<T> with T: `return call.fail(...)`, in a coroutine
  // `co_return call.fail(...)`. Where it returns a reply<>: the same, but a coroutine says `call.fail(...)` and then `co_return;`.
  error fail(error e) {
    failure_ = std::move(e);
    return *failure_;
  }
  error fail(errc code, std::string text) { return fail(error{code, std::move(text)}); }
  // Code `failed`, with this text.
  template <class Text>
  requires std::convertible_to<const Text&, std::string_view> error fail(const Text& text) {
    return fail(errc::failed, std::string(std::string_view(text)));
  }
  // A refusal that the schema names: code `failed`, with the name of a value of the enum in the method's option `errors`. Throws
  // std::invalid_argument for a value of another enum, or one without a name: the caller then gets `failed`, and the log says why.
  template <class Reason>
  requires std::is_enum_v<Reason> && requires(Reason r) { name_of(r); } error fail(Reason reason, std::string text = {}) {
    return refuse(name_of(reason), std::move(text));
  }

 private:
  friend class serving;
  error refuse(std::string_view reason, std::string text);
  static inline const origin nobody{};
  static inline const asio::any_io_executor nowhere{};

  // The connection's, which every call that is answered later holds.
  const origin* from_ = &nobody;
  const asio::any_io_executor* executor_ = &nowhere;
  parley::peer* peer_ = nullptr;
  const method* what_ = nullptr;
  time_point deadline_ = time_point::max();
  bool cancelled_ = false;
  std::optional<error> failure_;
};

}  // namespace parley
