// What a handler knows about the call it answers.
#pragma once

#include "parley/peer/asio_check.hpp"
#include "parley/peer/core.hpp"

#include <asio/any_io_executor.hpp>

#include <optional>
#include <stdexcept>
#include <string>
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

  // Answers with this error, whatever the handler returns; `return call.fail(...)` where it returns a reply<T> with T.
  error fail(error e) {
    failure_ = std::move(e);
    return *failure_;
  }
  // A refusal that the schema names (option `errors`): code `failed`, with the value's name.
  template <class Reason>
  requires std::is_enum_v<Reason> && requires(Reason r) { name_of(r); } error fail(Reason reason, std::string text = {}) {
    error e{errc::failed, std::move(text)};
    e.reason_name = name_of(reason);
    return fail(std::move(e));
  }

 private:
  friend class serving;
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
