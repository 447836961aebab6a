#include "parley/session/session.hpp"

#include "parley/wire/kinds.hpp"
#include "parley/wire/limits.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace parley::session {
namespace {

// Copying a frame of at most this size costs less than counting its holders.
constexpr std::size_t copied_up_to = 4 * 1024;

// The number of frames that a close waits for if they have to leave one by one.
constexpr std::size_t last_frames = 64;

bool malformed(errc code) { return code == errc::bad_frame || code == errc::bad_payload || code == errc::too_large; }

std::chrono::milliseconds in_bounds(std::chrono::milliseconds heartbeat) {
  return std::clamp(heartbeat, shortest_heartbeat, std::chrono::milliseconds(std::numeric_limits<std::uint32_t>::max()));
}

// Longer than any connection lasts, but a duration that the clock can represent.
constexpr std::chrono::milliseconds longest_silence = std::chrono::hours(24 * 365 * 100);

// Adds the event that an error is about, and its target as the sender wrote it.
void name_what_failed(const about& what, wire::envelope& e) {
  if (what.method) {
    e.method = what.method->id;
    e.name = what.method->name;
  }
  if (!what.frame) return;
  if (!what.method) {
    e.method = what.frame->method;
    if (wire::is_method_name(what.frame->name)) e.name = what.frame->name;
  }
  e.to_json = what.frame->to_json;
  e.to = what.frame->to;
}

// Plain mode has no members for the event and the code, so the text contains them: "Lobby.Say: not
// here (denied)". A name that does not have the form of a wire name is input, and is left out.
std::string naming_what_failed(const about& what, errc code, std::string_view text) {
  const std::string& received = what.frame->name;
  std::string all(what.method ? what.method->name : wire::is_wire_name(received) ? received : std::string_view());
  if (!all.empty()) all += ": ";
  const std::string ending = " (" + std::string(wire_name(code)) + ")";
  return all.append(wire::cut_text(text, wire::max_text - all.size() - ending.size())).append(ending);
}

}  // namespace

peer_session::peer_session(session_options chosen, const contract& known, output& out, session::owner& owner)
    : out_(out),
      self_(chosen.self),
      plain_(!chosen.format->has_session()),
      binary_(chosen.format->binary()),
      payload_format_(chosen.format->payload_format()),
      outbox_(chosen.max_queue, chosen.total),
      options_(std::move(chosen)),
      contract_(known),
      owner_(owner) {
  settle_heartbeat();
  options_.agent.resize(wire::cut_text(options_.agent, wire::max_agent).size());
  fill_defaults(options_.limits, self_);
  peer_limits_ = options_.peer_limits;
  fill_defaults(peer_limits_, wire::other(self_));
  if (self_ == side::server) client_id_ = wire::make_client_id(options_.node);
}

void peer_session::start(time_point now) {
  last_heard_ = now;
  pings_.begin(now);
  idle_.begin(now);
  if (plain()) return become_open(now);
  state_ = state::greeting;
  next_tick_ = saturating_add(now, options_.hello_timeout);
  if (self_ == side::client) greet_server();
}

// The ping is sent early enough for its answer to arrive.
void peer_session::settle_heartbeat() {
  options_.heartbeat = in_bounds(options_.heartbeat);
  max_silence_ = 2 * options_.heartbeat;
  if (options_.max_silence <= options_.max_silence.zero()) return;
  max_silence_ = std::clamp(options_.max_silence, 2 * shortest_heartbeat, longest_silence);
  options_.heartbeat = std::min(options_.heartbeat, max_silence_ / 2);
}

void peer_session::become_open(time_point now) {
  state_ = state::open;
  next_tick_ = now + options_.heartbeat;
  owner_.opened();
}

[[gnu::hot]] const wire::envelope* peer_session::receive(time_point now, bytes_view frame, bool binary) {
  refused_call_ = 0;
  if (state_ == state::closed || state_ == state::starting) return nullptr;
  last_heard_ = now;
  asked_ = asked::nothing;
  ++counters_.frames_received;
  if (binary != binary_) {
    // A plain client has agreed to nothing, so it receives an error, as after any other mistake.
    if (plain_ && (self_ == side::server || !options_.error_answers)) {
      refuse(now, {.code = errc::bad_frame, .text = "a binary frame where text is expected"});
      return nullptr;
    }
    close(close_code::wrong_opcode, binary ? "binary frame on a text session" : "text frame on a binary session");
    return nullptr;
  }
  const wire::read_limits bounds{.max_depth = options_.limits.max_depth,
                                 .multi = plain() || state_ == state::greeting || has_feature(wire::feature::multi)};
  if (!in_) in_ = std::make_unique<wire::envelope>();
  if (auto fault = format().read(frame, self_, bounds, *in_)) {
    refused_call_ = fault->re;
    if (state_ == state::greeting) unexpected_greeting();
    else refuse(now, *fault, {nullptr, in_.get()});
    return nullptr;
  }
  if (state_ == state::greeting) {
    const wire::envelope* const said = greeting(now, *in_);
    if (!said) in_.reset();
    return said;
  }
  if (in_->unknown_kind) {  // optional, as its sender declared it
    count_idle(now);
    return nullptr;
  }
  return control(now, *in_);
}

[[gnu::hot]] const wire::envelope* peer_session::control(time_point now, const wire::envelope& e) {
  constexpr std::string_view not_agreed = "the frame uses a feature that was not agreed";
  switch (e.kind) {
    case wire::kind::call:
      // A promise to answer once cannot be ignored. A client that declared that it does not answer
      // calls gets none.
      if (!e.key.empty() || (self_ == side::client && !has_feature(wire::feature::server_calls))) {
        close(close_code::protocol_violation, not_agreed);
        return nullptr;
      }
      return &e;
    case wire::kind::error:
      // At a server, a client's errors about events only reach the log, so they count as idle. At a
      // client, they are about events that it sent itself.
      if (e.re == 0 && self_ == side::server && !count_idle(now)) return nullptr;
      return &e;
    case wire::kind::event:
    case wire::kind::reply:
    case wire::kind::cancel:
      return &e;
    case wire::kind::ping: {
      if (!pings_.take(now)) {
        close(close_code::policy, "too many pings");
        return nullptr;
      }
      wire::envelope pong;
      pong.kind = wire::kind::pong;
      pong.id = e.id;
      send_control(pong);
      return nullptr;
    }
    case wire::kind::pong:
      if (probe_ && e.id == probe_->id) probe_.reset();
      count_idle(now);
      return nullptr;  // it only shows that the peer is alive
    case wire::kind::goaway:
      return count_idle(now) ? &e : nullptr;
    case wire::kind::hello:
      close(close_code::bad_hello, "a second hello");
      return nullptr;
    case wire::kind::auth:
      if (self_ == side::server && options_.authentication == authentication::none) close(close_code::protocol_violation, not_agreed);
      else on_auth(now, e);
      return nullptr;
    default:
      close(close_code::protocol_violation, not_agreed);
      return nullptr;
  }
}

void peer_session::tick(time_point now) {
  if (state_ == state::closed || now < next_tick_) return;
  // This end did not run for this time at least. That does not count as silence of the peer.
  const auto late = now - next_tick_;
  if (state_ == state::greeting) {
    const bool stood_still = 2 * late >= options_.hello_timeout;
    if ((stood_still || out_.unread()) && std::exchange(asked_, asked::waited) != asked::waited) {
      next_tick_ = now + (stood_still ? options_.hello_timeout : shortest_heartbeat);
      return;
    }
    if (awaits_welcome()) return close(close_code::try_again_later, "the credential was not checked in time");
    return close(close_code::bad_hello, "no greeting in time");
  }
  if (state_ != state::open) return;
  if (!options_.pings) {
    next_tick_ = now + options_.heartbeat;
    return;
  }
  if (probe_ && !end_probe(now)) return;
  if (2 * late >= options_.heartbeat) {
    // The peer did not have a full heartbeat to answer in, so it gets another ping.
    last_heard_ = std::max(last_heard_, now - options_.heartbeat);
    asked_ = asked::nothing;
  } else {
    last_heard_ = std::min(last_heard_ + late, now);
    last_arrived_ = std::min(last_arrived_ + late, now);
  }
  // While a frame is still arriving, its sender cannot answer a ping. The ping is sent anyway,
  // because the peer may otherwise receive nothing.
  if (const arrivals came = out_.arrived(); came.bytes - looked_at_ >= sign_of_life) {
    looked_at_ = came.bytes;
    last_arrived_ = came.at;
    asked_ = asked::nothing;
  }
  // A peer that is not read from is still sent pings, so that it hears from this end.
  if (out_.is_paused()) {
    last_heard_ = std::max(last_heard_, now - options_.heartbeat);
    asked_ = asked::nothing;
  }
  const time_point last_sign = std::max(last_heard_, last_arrived_);
  if (now - last_sign >= max_silence_) {
    if (asked_ == asked::waited || !out_.unread()) return close(close_code::heartbeat_lost, "heartbeat lost");
    asked_ = asked::waited;  // its data is read before the peer is closed
    next_tick_ = now + shortest_heartbeat;
    return;
  }
  if (now - last_heard_ >= options_.heartbeat) {
    if (std::exchange(asked_, asked::pinged) == asked::nothing) { send_ping(); }
    // Wakes up after one heartbeat, because data that arrives meanwhile may be followed by another
    // silence.
    next_tick_ = std::min(last_sign + max_silence_, now + options_.heartbeat);
  } else {
    next_tick_ = last_heard_ + options_.heartbeat;
  }
  if (probe_) next_tick_ = std::min(next_tick_, probe_->until);
}

void peer_session::send_ping() {
  if (plain()) return out_.ping();
  wire::envelope ping;
  ping.kind = wire::kind::ping;
  ping.id = next_ping_++;
  send_control(ping);
}

void peer_session::probe(time_point now, std::chrono::milliseconds within) {
  if (state_ != state::open || !options_.pings || probe_) return;
  probe_ = std::make_unique<awaited_pong>(awaited_pong{next_ping_, now, now + within});
  send_ping();
  next_tick_ = std::min(next_tick_, probe_->until);
}

// Returns false if there is nothing else to do in this tick. Data that arrived in the second half
// of the time cannot have waited in a buffer since before the ping, and is a sign of life too.
bool peer_session::end_probe(time_point now) {
  if (now < probe_->until) return true;
  const time_point late_enough = probe_->since + (probe_->until - probe_->since) / 2;
  const bool alive = std::max(last_heard_, out_.arrived().at) >= late_enough;
  probe_.reset();
  if (alive) return true;
  close(close_code::heartbeat_lost, "no answer to a ping");
  return false;
}

bool peer_session::count_malformed(time_point now) {
  if (bad_.count(now)) return true;
  close(close_code::policy, "too many malformed messages");
  return false;
}

bool peer_session::count_idle(time_point now) {
  if (idle_.take(now)) return true;
  close(close_code::policy, "too many frames without effect");
  return false;
}

void peer_session::refuse(time_point now, const wire::fault& fault, about what) {
  if (state_ == state::closed) return;
  if (fault.close != 0) return close(fault.close, fault.text);
  if (plain() && options_.drop_on_invalid && malformed(fault.code)) return close(close_code::policy, "invalid message");
  ++counters_.refused;
  if (noted_.count(now)) owner_.refused(fault, what);
  // Data that a plain client receives may come from another client, relayed unread. It does not
  // close this connection.
  const bool anybodys = plain() && self_ == side::client;
  if (malformed(fault.code) && !anybodys && !count_malformed(now)) return;
  // For events only. Every call gets an answer, which the caller has to read.
  const bool event = fault.re == 0 && fault.foreign_re.empty();
  if (event && self_ == side::server && !malformed(fault.code) && !count_idle(now)) return;
  if (!options_.error_answers) {
    ++counters_.unanswered;
    return;
  }
  const bool answers_call = fault.re != 0 || !fault.foreign_re.empty();
  // A client reports it to its own application. A plain server would relay the answer as an event.
  if (self_ == side::client && (!answers_call || plain())) return;
  if (!answers_call && !errors_.count(now)) {
    ++counters_.unanswered;
    return;
  }
  wire::envelope e;
  e.kind = wire::kind::error;
  e.code = fault.code;
  e.text = fault.text.empty() ? std::string(make_error_code(fault.code).message()) : fault.text;
  e.has_text = true;
  e.re = fault.re;
  e.foreign_id = fault.foreign_re.empty() && what.frame ? what.frame->foreign_id : fault.foreign_re;
  e.from = "server";
  if (plain()) {
    e.to = {.kind = target_kind::client, .name = client_id_};
    if (what.frame && options_.format == &wire::plain_format()) e.text = naming_what_failed(what, fault.code, e.text);
  } else if (!answers_call) {
    name_what_failed(what, e);
  }
  if (!answers_call) {
    if (send_control(e) || closed()) return;
    // Each of these may be as long as a whole envelope.
    e.to_json = {};
    wire::clear(e.to);
    if (send_control(e) || closed()) return;
    e.name.clear();
    send_control(e);
    return;
  }
  e.counted = true;
  std::string frame;
  if (write(e, {}, frame)) send(frame);
}

bool peer_session::enqueue(buffer frame, std::uint64_t call, bool admitted) {
  if (admitted) {
    outbox_.push_admitted(std::move(frame), call);
  } else {
    const std::size_t size = frame.size(), in_transport = counted(out_.look().queued);
    if (!outbox_.push(std::move(frame), in_transport, call)) {
      total_was_full_ = outbox_.total_is_full(size, in_transport);
      close_too_slow(call);
      return false;
    }
  }
  pump();
  return true;
}

bool peer_session::send(const buffer& frame, std::uint64_t call) {
  if (state_ != state::open) return false;
  if (!goes_at_once(frame.size(), false)) return enqueue(frame, call, false);
  ++counters_.frames_sent;
  if (frame.size() <= copied_up_to && !frame.has_head()) out_.transmit_copy(frame.bytes());
  else out_.transmit(frame);
  return true;
}

bool peer_session::send(std::string& frame, std::uint64_t call) { return send(frame, call, false); }
bool peer_session::send_admitted(std::string& frame, std::uint64_t call) { return send(frame, call, self_ == side::client); }

[[gnu::hot]] bool peer_session::send(std::string& frame, std::uint64_t call, bool admitted) {
  if (state_ != state::open) return false;
  if (!goes_at_once(frame.size(), admitted))
    return enqueue(frame.size() > copied_up_to ? buffer(std::move(frame)) : buffer(frame), call, admitted);
  ++counters_.frames_sent;
  if (frame.size() > copied_up_to) out_.transmit(buffer(std::move(frame)));
  else out_.transmit_copy(as_bytes(frame));
  return true;
}

void peer_session::send_goaway(const wire::goaway& notice) {
  if (plain()) return;
  wire::envelope e;
  e.kind = wire::kind::goaway;
  std::string payload;
  wire::write_goaway(payload_format(), notice, payload);
  send_control(e, as_bytes(payload));
}

bool peer_session::send_control(const wire::envelope& e, bytes_view payload) {
  if (state_ != state::open) return false;
  std::string frame;
  if (!write(e, payload, frame)) return false;
  if (!outbox_.push_control(buffer(std::move(frame)))) {
    close_too_slow(0);
    return false;
  }
  pump();
  return true;
}

// The waiting frames would only delay the close. Its code reports that the peer missed some of
// them.
void peer_session::close_too_slow(std::uint64_t refused_call) {
  outbox_.abandon(refused_call);
  close(close_code::too_slow, "too slow");
}

void peer_session::pump() {
  if (last_words_) return pump_last();
  while (!outbox_.empty() && state_ == state::open && out_.look().writable) {
    ++counters_.frames_sent;
    out_.transmit(outbox_.pop());
  }
}

// Sends even if the transport is full. The transport drops what it cannot send in time.
void peer_session::pump_last() {
  while (!outbox_.empty() && !out_.holds_back()) out_.transmit(outbox_.pop());
  if (!outbox_.empty()) return;
  const auto last = std::move(last_words_);
  out_.close_connection(last->code, last->text);
}

void peer_session::close(std::uint16_t code, std::string_view text) {
  if (std::exchange(state_, state::closed) == state::closed) return;
  next_tick_ = time_point::max();
  if (options_.one_by_one && !outbox_.empty() && outbox_.frames() <= last_frames) {
    last_words_ = std::make_unique<last_words>(last_words{code, std::string(text)});
    return pump_last();
  }
  while (!outbox_.empty()) out_.transmit(outbox_.pop());
  out_.close_connection(code, text);
}

bool peer_session::accepts_larger(const parley::method* m, std::size_t payload) const noexcept {
  return m && payload <= m->max_bytes && (plain_ || std::find(larger_.begin(), larger_.end(), m) != larger_.end());
}

bool peer_session::agreed_after_all(const parley::method& m) const noexcept {
  return policy_ == wire::policy::warn || std::find(mismatched_.begin(), mismatched_.end(), &m) == mismatched_.end();
}

}  // namespace parley::session
