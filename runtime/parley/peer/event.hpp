// What a server's handler knows about an event on its way, and what it may decide.
#pragma once

#include "parley/peer/core.hpp"
#include "parley/wire/target.hpp"

#include <memory>
#include <optional>
#include <utility>

namespace parley {

class peer;

// Lives as long as the handler runs, on the peer's executor.
class event {
 public:
  event(const origin& from, parley::peer& peer, const target& to) : from_(from), peer_(peer), to_(to) {}
  const origin& from() const noexcept { return from_; }
  parley::peer& peer() const noexcept { return peer_; }  // the client that sent
  const target& to() const noexcept { return to_; }      // whom it goes to, if it is passed on

  // Refuses the event, whatever the handler returns: nobody receives it, and its sender gets `why` (code and text) in client::on_error.
  // The only way to refuse for a handler that returns void. Called again, the last refusal counts.
  void refuse(error why) { refusal_ = std::move(why); }
  const std::optional<error>& refusal() const noexcept { return refusal_; }

 private:
  const origin& from_;
  parley::peer& peer_;
  const target& to_;
  std::optional<error> refusal_;
};

// What becomes of an event that others are to receive: `return relay::pass`, `relay::drop`, `relay::with(line)`, or an error, which
// the sender gets to see with code `denied` unless it says another.
class [[nodiscard]] relay {
 public:
  static const relay pass;  // on to the receivers, as it came
  static const relay drop;  // to nobody, and the sender hears nothing

  // This payload instead; of the event's own type.
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
