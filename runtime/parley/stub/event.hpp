// An event on its way through the server, as a handler sees it, and what the handler may decide.
// Does not use Asio.
#pragma once

#include "parley/stub/core.hpp"
#include "parley/stub/peer.hpp"
#include "parley/wire/target.hpp"

#include <memory>
#include <optional>
#include <utility>

namespace parley {

// Lives as long as the handler runs. Use it on the peer's executor only.
class event {
 public:
  event(const origin& from, parley::peer& peer, const target& to) : from_(from), peer_(peer), to_(to) {}
  // The sender, as the receivers see it.
  const origin& from() const noexcept { return from_; }
  parley::peer& peer() const noexcept { return peer_; }  // the sender
  // Who the sender is, as peer().principal().
  const parley::principal& principal() const noexcept { return peer_.principal(); }
  const target& to() const noexcept { return to_; }  // the receivers, if the event is relayed

  // Refuses the event, whatever the handler returns. No receiver gets it, and the sender receives
  // the code and text of `why` in client::on_error. A handler that returns void can refuse only
  // this way. The last call counts.
  void refuse(error why) { refusal_ = std::move(why); }
  // The error of the last refuse(), if any.
  const std::optional<error>& refusal() const noexcept { return refusal_; }

 private:
  const origin& from_;
  parley::peer& peer_;
  const target& to_;
  std::optional<error> refusal_;
};

// The decision on an event for other clients. A handler returns one of these:
//
//   relay::pass         the receivers get the event unchanged
//   relay::drop         no receiver gets it, and the sender gets no error
//   relay::with(line)   the receivers get this payload instead
//   an error or errc    no receiver gets it, and the sender receives the code and the text. A code
//                       that is not an errc is reported as `failed`
class [[nodiscard]] relay {
 public:
  static const relay pass;
  static const relay drop;

  // Replaces the payload. `Payload` must be the event's own type. With another type the event is
  // refused with `failed`.
  template <class Payload>
  static relay with(Payload payload) {
    relay r(verdict::rewrite);
    r.what_ = &codec_for<Payload>;
    r.payload_ = std::make_shared<const Payload>(std::move(payload));
    return r;
  }

  relay(error e) : verdict_(verdict::refuse), why_(std::move(e)) {}
  relay(errc code) : relay(error{code}) {}

  enum class verdict { pass, drop, rewrite, refuse };
  verdict decision() const noexcept { return verdict_; }
  const error& why() const noexcept { return *why_; }
  const void* payload() const noexcept { return payload_.get(); }
  const codec* payload_codec() const noexcept { return what_; }

 private:
  explicit relay(verdict v) : verdict_(v) {}
  verdict verdict_;
  std::optional<error> why_;
  const codec* what_ = nullptr;
  std::shared_ptr<const void> payload_;
};
inline const relay relay::pass{relay::verdict::pass};
inline const relay relay::drop{relay::verdict::drop};

}  // namespace parley
