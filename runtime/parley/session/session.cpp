#include "parley/session/session.hpp"

#include <algorithm>
#include <utility>

namespace parley::session {
namespace {

// What this release offers: calls made by the server, several targets and except-lists.
constexpr std::uint64_t offered = wire::feature::server_calls | wire::feature::multi;

bool malformed(errc code) { return code == errc::bad_frame || code == errc::bad_payload || code == errc::too_large; }

std::uint32_t default_message_limit(side receiver) { return receiver == side::server ? 65'536 : 1'048'576; }

side other(side s) { return s == side::server ? side::client : side::server; }

void fill_defaults(wire::limits& l, side receiver) {
  if (l.max_message == 0) l.max_message = default_message_limit(receiver);
}

}  // namespace

peer_session::peer_session(session_options chosen, const contract& known, output& out)
    : options_(std::move(chosen)), contract_(known), out_(out), outbox_(options_.max_queue) {
  fill_defaults(options_.limits, options_.self);
  fill_defaults(peer_limits_, other(options_.self));
  if (options_.self == side::server) client_id_ = wire::make_client_id();
}

void peer_session::start(time_point now) {
  last_heard_ = now;
  if (plain()) return become_open(now);
  state_ = state::greeting;
  next_tick_ = now + options_.hello_timeout;
  if (options_.self == side::client) greet_server(now);
}

void peer_session::greet_server(time_point) {
  wire::hello hello;
  hello.features = offered;
  hello.agent = options_.agent;
  hello.methods = listed_ = contract_.prints();
  hello.contract = wire::contract_of(hello.methods);
  hello.limits = options_.limits;
  std::string payload;
  wire::write_hello(format().payload_format(), hello, payload);
  wire::envelope e;
  e.kind = wire::kind::hello;
  std::string frame;
  write(e, as_bytes(payload), frame);
  ++counters_.frames_sent;
  out_.transmit(buffer(std::move(frame)));
}

void peer_session::become_open(time_point now) {
  state_ = state::open;
  next_tick_ = now + options_.heartbeat;
  out_.opened();
}

const wire::envelope* peer_session::receive(time_point now, bytes_view frame, bool binary) {
  refused_call_ = 0;
  if (state_ == state::closed || state_ == state::starting) return nullptr;
  last_heard_ = now;
  ping_sent_ = false;
  ++counters_.frames_received;
  if (binary != format().binary()) {
    close(close_code::wrong_opcode, binary ? "binary frame on a text session" : "text frame on a binary session");
    return nullptr;
  }
  const wire::read_limits bounds{.max_depth = options_.limits.max_depth,
                                 .multi = plain() || state_ == state::greeting || has_feature(wire::feature::multi)};
  if (auto fault = format().read(frame, options_.self, bounds, in_)) {
    refused_call_ = fault->re;
    if (state_ == state::greeting) close(close_code::bad_hello, "expected a greeting");
    else refuse(now, *fault);
    return nullptr;
  }
  if (in_.unknown_kind) return nullptr;  // optional by its own word
  if (state_ == state::greeting) return greeting(now, in_);
  return control(now, in_);
}

const wire::envelope* peer_session::greeting(time_point now, const wire::envelope& e) {
  if (options_.self == side::server) {
    if (e.kind == wire::kind::hello) on_hello(now, e);
    else close(close_code::bad_hello, "expected hello");
    return nullptr;
  }
  if (e.kind == wire::kind::welcome) on_welcome(now, e);
  else if (e.kind == wire::kind::error) close(close_code::done, "refused by the server");
  else close(close_code::protocol_violation, "expected welcome");
  return nullptr;
}

void peer_session::on_hello(time_point now, const wire::envelope& e) {
  wire::hello hello;
  if (auto fault = wire::read_hello(format().payload_format(), e.payload, hello)) return close(close_code::bad_hello, fault->text);
  if ((hello.required & ~offered) != 0) return close(close_code::unsupported, "a required feature is not supported");
  comparison found = compare(contract_, hello.methods);
  for (const wire::print& p : found.mismatched) mismatched_.push_back(contract_.find(p.method));
  if (!found.mismatched.empty() && options_.policy == wire::policy::refuse) {
    std::string text = "contract differs: " + found.mismatched.front().name;
    return close(close_code::contract_refused, text);
  }
  if (options_.policy == wire::policy::warn) mismatched_.clear();
  features_ = hello.features & offered;
  peer_limits_ = hello.limits;
  fill_defaults(peer_limits_, side::client);

  wire::welcome welcome;
  welcome.features = features_;
  welcome.agent = options_.agent;
  welcome.client_id = client_id_;
  welcome.outcome = hello.resume ? wire::outcome::fresh : wire::outcome::fresh_session;
  welcome.contract = found.contract;
  welcome.mismatched = std::move(found.mismatched);
  welcome.missing = std::move(found.missing);
  welcome.policy = options_.policy;
  welcome.limits = options_.limits;
  welcome.heartbeat_ms = static_cast<std::uint32_t>(options_.heartbeat.count());
  const bool greet_again = welcome.outcome == wire::outcome::fresh;
  if (greet_again) welcome.client_id.clear();
  std::string payload;
  wire::write_welcome(format().payload_format(), welcome, payload);
  wire::envelope answer;
  answer.kind = wire::kind::welcome;
  std::string frame;
  write(answer, as_bytes(payload), frame);
  ++counters_.frames_sent;
  out_.transmit(buffer(std::move(frame)));
  if (greet_again) {  // resume is not offered: the client greets once more, as a newcomer
    mismatched_.clear();
    next_tick_ = now + options_.hello_timeout;
    return;
  }
  become_open(now);
}

void peer_session::on_welcome(time_point now, const wire::envelope& e) {
  wire::welcome welcome;
  if (auto fault = wire::read_welcome(format().payload_format(), e.payload, welcome))
    return close(close_code::protocol_violation, fault->text);
  if (welcome.outcome != wire::outcome::fresh_session)
    return close(close_code::protocol_violation, "a resume was answered that nobody asked for");
  features_ = welcome.features & offered;
  peer_limits_ = welcome.limits;
  fill_defaults(peer_limits_, side::server);
  client_id_ = welcome.client_id;
  // The server does not know which of its shapes this end accepts: strike those.
  for (const wire::print& p : welcome.mismatched) {
    const parley::method* m = p.name.empty() ? contract_.find(p.method) : contract_.find(std::string_view(p.name));
    if (m && !agrees(*m, p.fingerprint)) mismatched_.push_back(m);
  }
  if (welcome.policy == wire::policy::warn) mismatched_.clear();
  listed_.clear();
  listed_.shrink_to_fit();
  if (welcome.heartbeat_ms != 0) options_.heartbeat = std::chrono::milliseconds(welcome.heartbeat_ms);
  become_open(now);
}

const wire::envelope* peer_session::control(time_point now, const wire::envelope& e) {
  switch (e.kind) {
    case wire::kind::event:
    case wire::kind::call:
    case wire::kind::reply:
    case wire::kind::error:
    case wire::kind::cancel:
      return &e;
    case wire::kind::ping: {
      if (!pings_.count(now)) {
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
    case wire::kind::goaway:
      return nullptr;  // heard, and that is all it says
    case wire::kind::hello:
      close(close_code::bad_hello, "a second hello");
      return nullptr;
    default:
      // Frames of features that were not agreed.
      close(close_code::protocol_violation, "a frame of a feature that was not agreed");
      return nullptr;
  }
}

void peer_session::tick(time_point now) {
  if (state_ == state::closed || now < next_tick_) return;
  if (state_ == state::greeting) return close(close_code::bad_hello, "no greeting in time");
  if (state_ != state::open) return;
  const auto silent = now - last_heard_;
  if (silent >= 2 * options_.heartbeat) return close(close_code::heartbeat_lost, "heartbeat lost");
  if (silent >= options_.heartbeat) {
    if (!std::exchange(ping_sent_, true)) {
      if (plain()) {
        out_.ping();
      } else {
        wire::envelope ping;
        ping.kind = wire::kind::ping;
        ping.id = next_ping_++;
        send_control(ping);
      }
    }
    next_tick_ = last_heard_ + 2 * options_.heartbeat;
    return;
  }
  next_tick_ = last_heard_ + options_.heartbeat;
}

void peer_session::refuse(time_point now, const wire::fault& fault, about what) {
  if (state_ == state::closed) return;
  if (fault.close != 0) return close(fault.close, fault.text);
  if (plain() && options_.drop_on_invalid) return close(close_code::policy, "invalid message");
  ++counters_.refused;
  if (malformed(fault.code) && !bad_.count(now)) return close(close_code::policy, "too many malformed messages");
  const bool answers_call = fault.re != 0 || !fault.foreign_re.empty();
  // A client tells its own application; a plain server would take the answer for an event and pass it on.
  if (options_.self == side::client && (!answers_call || plain())) return;
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
  e.foreign_id = fault.foreign_re;
  e.from = "server";
  if (plain()) {
    e.to = {.kind = target_kind::client, .name = client_id_};
  } else if (!answers_call && what.method) {
    e.method = what.method->id;
    e.name = what.method->name;
    e.to_written = what.to;
  }
  if (!answers_call) {
    send_control(e);
    return;
  }
  e.counted = true;
  std::string frame;
  write(e, {}, frame);
  send(buffer(std::move(frame)));
}

bool peer_session::send(buffer frame, std::uint64_t call) {
  if (state_ != state::open) return false;
  if (!outbox_.push(std::move(frame), out_.in_transport(), call)) {
    outbox_.clear();  // what waits would only delay the close; the peer learns that it missed something from the code
    close(close_code::too_slow, "too slow");
    return false;
  }
  pump();
  return true;
}

bool peer_session::send_control(const wire::envelope& e) {
  if (state_ != state::open) return false;
  std::string frame;
  write(e, {}, frame);
  if (!outbox_.push_control(buffer(std::move(frame)))) {
    outbox_.clear();
    close(close_code::too_slow, "too slow");
    return false;
  }
  pump();
  return true;
}

void peer_session::pump() {
  while (!outbox_.empty() && state_ == state::open && out_.writable()) {
    ++counters_.frames_sent;
    out_.transmit(outbox_.pop());
  }
}

void peer_session::close(std::uint16_t code, std::string_view text) {
  if (std::exchange(state_, state::closed) == state::closed) return;
  while (!outbox_.empty()) out_.transmit(outbox_.pop());
  next_tick_ = time_point::max();
  out_.close_connection(code, text);
}

bool peer_session::agreed(const parley::method& m) const noexcept {
  return std::find(mismatched_.begin(), mismatched_.end(), &m) == mismatched_.end();
}

}  // namespace parley::session
