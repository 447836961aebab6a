#include "parley/conversation/attachment.hpp"

#include "parley/ends/loop_executor.hpp"

#include <algorithm>
#include <utility>

namespace parley {
namespace {

namespace close_code = session::close_code;

// The defaults of the transport.
constexpr std::size_t high_mark = 64 * 1024;
constexpr std::size_t low_mark = 16 * 1024;

transport::opcode opcode_of(const session::peer_session& s) noexcept {
  return s.binary() ? transport::opcode::binary : transport::opcode::text;
}

}  // namespace

attachment::attachment(std::shared_ptr<conversation> of, std::shared_ptr<transport::clock> clock, const speed_terms* speed)
    : conversation_(std::move(of)),
      clock_(std::move(clock)),
      pacing_(conversation_->make_pacing()),
      alarm_(clock_->make_alarm(conversation_->executor().executor)),
      throttle_(speed ? std::make_unique<throttle>(*speed) : nullptr) {
  conversation_->attach(*this);
}

attachment::~attachment() { conversation_->forget(*this); }

// --- Opening and closing.

void attachment::on_open(std::shared_ptr<transport::connection> to, std::string_view subprotocol) {
  const auto self = shared_from_this();
  connection_ = std::move(to);
  if (failure_) return connection_->abort();  // give_up() was called meanwhile
  const wire::envelope_format* const format = conversation_->choose_format(subprotocol);
  if (!format) {
    failure_ = std::make_unique<error>(errc::version_mismatch, "the server accepted none of the offered subprotocols");
    connection_->close(close_code::done, "no common subprotocol");
    return;
  }
  if (!format->has_session()) {  // formats with a session have a heartbeat of their own
    connection_->on_pong([weak = weak_from_this()] {
      if (const auto end = weak.lock()) end->conversation_->session().pong_received(end->now());
    });
  }
  if (pacing_) hold_back_until(pacing_->opened(now()));
  conversation_->begin(*format, now());
  arm();
}

void attachment::give_up(error why) {
  if (!failure_) failure_ = std::make_unique<error>(std::move(why));
  abort();
}

void attachment::close_connection(std::uint16_t code, std::string_view text) {
  if (!failure_) {
    const bool mismatch = code == close_code::contract_refused || code == close_code::unsupported;
    failure_ = std::make_unique<error>(mismatch ? errc::version_mismatch : errc::disconnected, std::string(text));
  }
  connection_->close(code, text);
}

void attachment::on_closed(const transport::close_reason& why, const error& how) {
  const auto self = shared_from_this();
  alarm_->clear();
  pause_.reset();
  ending_ = &why;
  if (throttle_) throttle_->alarm.reset();
  conversation_->detach(why.code, why_it_ended(why, how));
  ending_ = nullptr;
  connection_.reset();
}

// The reason that this end decided, unless the other end, or the transport because of bad input,
// closed the connection first.
error attachment::why_it_ended(const transport::close_reason& why, const error& how) const {
  const bool opened_once = conversation_->has_session();
  error reason = how;
  if (failure_ && how.code == errc::cancelled) {
    reason = *failure_;
  } else if (opened_once) {
    reason = error{errc::disconnected, why.code == 1006 ? "the connection was lost" : how.message};
    reason.from_peer = how.from_peer;
    if (how.from_peer) {
      reason.message = "closed by the other end with code " + std::to_string(why.code);
      if (!why.text.empty()) reason.message += ": " + why.text;
    }
    if (how.from_peer && (why.code == close_code::contract_refused || why.code == close_code::unsupported))
      reason.code = errc::version_mismatch;
    if (how.from_peer && (why.code == close_code::credential_refused || why.code == close_code::credential_expired))
      reason.code = errc::unauthenticated;
  } else if (failure_) {
    reason = *failure_;
  }
  if (opened_once || connection_) reason.close_code = why.code;
  return reason;
}

// --- Time.

[[gnu::hot]] void attachment::tick_by(time_point next) {
  if (next >= armed_) return;
  armed_ = next;
  if (std::exchange(rings_, true)) return alarm_->set_again(next);
  alarm_->set(next, [weak = weak_from_this()] {
    if (const auto end = weak.lock()) end->ring();
  });
}

void attachment::ring() {
  armed_ = time_point::max();
  try {
    const time_point t = now();
    conversation_->tick(t);
    if (!acting_) conversation_->rest(t);
  } catch (...) {
    arm();
    throw;
  }
  arm();
}

// --- Outgoing frames.

[[gnu::hot]] session::outlet attachment::look() const {
  if (!connection_) return {.writable = false};
  const std::size_t queued = connection_->buffered_amount();
  // `writable` may only be false if on_drained() follows. The transport calls on_drained() only
  // after the amount has exceeded the mark, so an amount equal to the mark is writable.
  return {.queued = queued, .writable = queued <= high_mark && !holds_back()};
}

void attachment::tell_when_below(std::size_t bytes) {
  if (connection_ && bytes < high_mark) connection_->set_water_marks(bytes, std::min(bytes, low_mark));
}

void attachment::transmit(const buffer& frame) {
  connection_->send(frame, opcode_of(conversation_->session()));
  if (pacing_) hold_back_until(pacing_->sent(now()));
}

[[gnu::hot]] void attachment::transmit_copy(bytes_view frame) {
  connection_->send_copy(frame, opcode_of(conversation_->session()));
  if (pacing_) hold_back_until(pacing_->sent(now()));
}

void attachment::hold_back_until(time_point until) {
  if (until == time_point::max()) return;
  if (pause_) return pause_->set_again(until);
  pause_ = clock_->make_alarm(conversation_->executor().executor);
  pause_->set(until, [weak = weak_from_this()] {
    if (const auto end = weak.lock()) end->go_on();
  });
}

void attachment::go_on() {
  pacing_->go_on();
  on_drained();
}

void attachment::on_drained() {
  if (conversation_->has_session()) conversation_->drained();
}

// --- Incoming messages.

// Reads the clock once for all messages that arrived together. Reading it for each would be a
// twentieth of the cost of a small call.
[[gnu::hot]] void attachment::on_received(std::size_t bytes) {
  received_at_ = now();
  received_ += bytes;
  told_when_ = true;
}

[[gnu::hot]] void attachment::on_message(bytes_view content, transport::opcode kind) {
  if (!conversation_->has_session()) return;
  const auto self = shared_from_this();
  const bool nested = std::exchange(acting_, true);
  try {
    if (!told_when_) received_at_ = now();
    if (pacing_ && pacing_->awaits_a_word()) go_on();
    conversation_->receive(received_at_, content, kind == transport::opcode::binary);
  } catch (...) {
    acting_ = nested;
    arm();
    throw;
  }
  acting_ = nested;
  arm();
  if (throttle_) count(content.size());
}

void attachment::count(std::size_t bytes) {
  switch (throttle_->speed.count(received_at_, bytes)) {
    case speed_limit::verdict::go_on:
      return;
    case speed_limit::verdict::close:
      return conversation_->close(close_code::policy, "more messages or bytes than this server allows");
    case speed_limit::verdict::pause:
      break;
  }
  if (!connection_) return;
  connection_->pause_reading();
  if (!std::exchange(throttle_->paused, true)) conversation_->slowed_down(throttle_->speed.too_many_messages());
  if (throttle_->alarm) return throttle_->alarm->set_again(throttle_->speed.resumes_at());
  throttle_->alarm = clock_->make_alarm(conversation_->executor().executor);
  throttle_->alarm->set(throttle_->speed.resumes_at(), [weak = weak_from_this()] {
    if (const auto end = weak.lock()) end->read_again();
  });
}

void attachment::read_again() {
  throttle_->paused = false;
  if (connection_) connection_->resume_reading();
}

}  // namespace parley
