#include "parley/peer/connection_end.hpp"

#include "parley/core/scratch.hpp"
#include "parley/peer/named_method.hpp"
#include "parley/peer/payload.hpp"

#include <algorithm>
#include <utility>

namespace parley {
namespace {

namespace close_code = session::close_code;

// The transport's, unless it is told others.
constexpr std::size_t high_mark = 64 * 1024;
constexpr std::size_t low_mark = 16 * 1024;

bool is_server(const std::string& from) { return from.empty() || from == "server"; }

}  // namespace

std::string how_it_ended(const error& why) {
  if (why.close_code == 0 || why.close_code == 1006) return "without a close";
  const std::string code = "with code " + std::to_string(why.close_code);
  return why.from_peer ? code + ", closed by the other end" : code + ", closed here: " + why.message;
}

// What is said of payloads may name keys that the peer chose, and what handlers say may hold anything.
std::string text_of_refused(std::string_view whose, const wire::fault& fault, const method* m) {
  std::string text = "a frame " + std::string(whose) + " was refused: ";
  if (m) text.append(m->name).append(": ");
  text += make_error_code(fault.code).message();
  if (fault.code == errc::bad_frame && !fault.text.empty()) text += ": " + fault.text;
  return text;
}

connection_end::connection_end(connection_owner& owner, session::session_options options, const session::contract& known,
                               std::shared_ptr<transport::clock> clock, asio::any_io_executor on)
    : owner_(&owner),
      contract_(known),
      clock_(std::move(clock)),
      on_(std::move(on)),
      alarm_(clock_->make_alarm(on_)),
      options_(std::make_unique<session::session_options>(std::move(options))),
      incoming_(options_->limits.max_calls) {
  reading_.max_depth = options_->limits.max_depth;
  reading_.ignore_unknown = true;
}

peer& connection_end::as_peer() {
  if (!peer_) peer_ = std::make_unique<parley::peer>(*this);
  return *peer_;
}

// --- opening and closing

void connection_end::speak(const dialect& how, spoken as) noexcept {
  dialect_ = &how;
  speaks_ = as;
  options_->pings = how.pings;
  options_->error_answers = how.error_answers;
  one_by_one_ = options_->one_by_one = how.gap > how.gap.zero();
  if (options_->self == side::client) answers_in_order_ = how.answers_in_order;
  awaits_a_word_ = options_->self == side::server && how.quiet_start > how.quiet_start.zero();
}

void connection_end::on_open(std::shared_ptr<transport::connection> to, std::string_view subprotocol) {
  const auto self = shared_from_this();
  connection_ = std::move(to);
  if (failure_) return connection_->abort();  // given up meanwhile
  if (!dialect_) options_->format = owner_ ? owner_->format_for(subprotocol) : nullptr;
  else if (subprotocol.empty() || subprotocol == dialect_->subprotocol) options_->format = dialect_->format;
  if (!options_->format) {
    failure_ = std::make_unique<error>(errc::version_mismatch, "the server agreed to none of the subprotocols offered");
    connection_->close(close_code::done, "no common subprotocol");
    return;
  }
  session_.emplace(std::move(*options_), contract_, static_cast<session::output&>(*this), static_cast<session::owner&>(*this));
  options_.reset();
  reading_.accept_nan_tokens = session_->plain() && session_->self() == side::client;
  if (session_->plain()) {  // the others have a heartbeat of their own
    plain_ = std::make_unique<plain_state>();
    connection_->on_pong([weak = weak_from_this()] {
      if (const auto end = weak.lock()) end->session_->pong_received(end->now());
    });
  }
  if (!dialect_) speaks_ = spoken_in(session_->format());
  else if (awaits_a_word_) hold_back(dialect_->quiet_start);
  session_->start(now());
  arm();
}

void connection_end::opened() {
  if (session_->self() == side::server) asker_.id = session_->client_id();
  if (!session_->plain() && !session_->has_feature(wire::feature::multi)) speaks_ = without_lists(speaks_);
  if (owner_) owner_->opened(*this);
}

void connection_end::close(std::uint16_t code, std::string_view text) {
  if (session_) session_->close(code, text);
  else if (connection_) connection_->close(code, text);
  else if (options_->self == side::client) give_up(errc::cancelled);
}

void connection_end::abort() {
  if (connection_) connection_->abort();
}

void connection_end::give_up(error why) {
  if (!failure_) failure_ = std::make_unique<error>(std::move(why));
  abort();
}

void connection_end::close_connection(std::uint16_t code, std::string_view text) {
  if (!failure_) {
    switch (code) {
      case close_code::contract_refused:
      case close_code::unsupported:
        failure_ = std::make_unique<error>(errc::version_mismatch, std::string(text));
        break;
      default:
        failure_ = std::make_unique<error>(errc::disconnected, std::string(text));
    }
  }
  connection_->close(code, text);
}

void connection_end::on_closed(const transport::close_reason& why, const error& how) {
  const auto self = shared_from_this();
  alarm_->clear();
  pause_.reset();
  auto calls = take_all_calls();  // while it is known which of them have left
  if (session_) session_->lost();
  const error reason = why_it_ended(why, how);
  error lost = reason;
  lost.code = errc::disconnected;
  for (auto& one : calls) end_call(std::move(one.call), lost, one.may_have_left);
  incoming_.stop_all();
  plain_.reset();
  if (owner_) std::exchange(owner_, nullptr)->closed(*this, why, reason);
  connection_.reset();
}

// What this end has decided itself, unless the other end, or this transport for the sake of bad input, had closed before.
error connection_end::why_it_ended(const transport::close_reason& why, const error& how) const {
  const bool opened_once = session_.has_value();
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
  } else if (failure_) {
    reason = *failure_;
  }
  if (opened_once || connection_) reason.close_code = why.code;
  return reason;
}

// --- time

void connection_end::arm() {
  if (!session_ || session_->closed()) return;
  time_point next = std::min({session_->next_tick(), outgoing_.next_deadline(), incoming_.next_deadline()});
  if (plain_ && plain_->searching) next = std::min(next, plain_->searching->asked_for.next_deadline());
  if (next >= armed_) return;
  armed_ = next;
  if (std::exchange(rings_, true)) return alarm_->set_again(next);
  alarm_->set(next, [weak = weak_from_this()] {
    if (const auto end = weak.lock()) end->ring();
  });
}

void connection_end::ring() {
  armed_ = time_point::max();
  try {
    act_on_time();
  } catch (...) {
    arm();
    throw;
  }
  arm();
}

void connection_end::act_on_time() {
  const time_point t = now();
  session_->tick(t);
  for (const std::uint64_t id : incoming_.expire(t)) {
    const error late{errc::deadline_exceeded};
    send_terminal(nullptr, id, &late, {});
  }
  for (auto& late : outgoing_.expire(t)) give_up(std::move(late));
  if (plain_ && plain_->searching)
    for (auto& late : plain_->searching->asked_for.expire(t)) give_up_search(std::move(late));
  if (!acting_ && session_->silent(t)) release_memory();
}

// What only a busy connection needs. Most connections are silent most of the time.
void connection_end::release_memory() {
  session_->release_memory();
  kept_ = std::vector<kept>();
  kept_at_.clear();
}

// --- session::output

session::outlet connection_end::look() const {
  if (!connection_) return {.writable = false};
  const std::size_t queued = connection_->buffered_amount();
  // Not writable only if on_drained() follows: the transport calls it after it held more than the mark, not as much.
  return {.queued = queued, .writable = !holds_back_ && queued <= high_mark};
}
void connection_end::tell_when_below(std::size_t bytes) {
  if (connection_ && bytes < high_mark) connection_->set_water_marks(bytes, std::min(bytes, low_mark));
}
void connection_end::transmit(const buffer& frame) {
  connection_->send(frame, session_->binary() ? transport::opcode::binary : transport::opcode::text);
  if (one_by_one_) hold_back(dialect_->gap);
}
void connection_end::transmit_copy(bytes_view frame) {
  connection_->send_copy(frame, session_->binary() ? transport::opcode::binary : transport::opcode::text);
  if (one_by_one_) hold_back(dialect_->gap);
}

void connection_end::hold_back(std::chrono::milliseconds time) {
  holds_back_ = true;
  const time_point until = saturating_add(now(), time);
  if (pause_) return pause_->set_again(until);
  pause_ = clock_->make_alarm(on_);
  pause_->set(until, [weak = weak_from_this()] {
    if (const auto end = weak.lock()) end->go_on();
  });
}

void connection_end::go_on() {
  holds_back_ = awaits_a_word_ = false;
  on_drained();
}

void connection_end::ping() { connection_->ping(); }

void connection_end::on_drained() {
  if (!session_) return;
  session_->drained();
  if (owner_) owner_->drained(*this);
}

// --- what arrives

// Asking the time once for all messages of a read is a twentieth of what a small call costs.
void connection_end::on_received(std::size_t bytes) {
  received_at_ = now();
  received_ += bytes;
  told_when_ = true;
}

void connection_end::on_message(bytes_view content, transport::opcode kind) {
  if (!session_) return;
  const auto self = shared_from_this();
  const bool nested = std::exchange(acting_, true);
  try {
    if (!told_when_) received_at_ = now();
    if (awaits_a_word_) go_on();
    act_on_message(content, kind);
  } catch (...) {
    acting_ = nested;
    arm();
    throw;
  }
  acting_ = nested;
  arm();
}

void connection_end::act_on_message(bytes_view content, transport::opcode kind) {
  const wire::envelope* e = session_->receive(received_at_, content, kind == transport::opcode::binary);
  if (e && owner_) {
    if (session_->plain()) act_on_plain(*e);
    else act_on(*e);
  } else if (const std::uint64_t used = session_->refused_call()) {
    if (incoming_.use_up(used) == rpc::incoming_calls::verdict::violation)
      close(close_code::protocol_violation, "a call id was used twice");
  }
}

error connection_end::received_error(const wire::envelope& e) {
  error received{e.code.value_or(errc::failed), e.text};
  received.reason_name = e.reason;
  received.from_peer = true;
  return received;
}

const method* connection_end::known(const wire::envelope& e) const {
  return session_->binary() ? contract_.find(e.method) : contract_.find(std::string_view(e.name));
}

// May the other end ask this call, or a client send this event?
bool connection_end::may_send(const method& m) const {
  return m.from == side::either || m.from == (session_->self() == side::server ? side::client : side::server);
}

void connection_end::act_on(const wire::envelope& e) {
  switch (e.kind) {
    case wire::kind::event:
      return on_event(e, known(e));
    case wire::kind::call:
      return on_call(e, known(e));
    case wire::kind::reply:
      return on_terminal(e);
    case wire::kind::error: {
      if (e.re != 0) return on_terminal(e);
      const method* const about = known(e);
      return owner_->error_received(*this, received_error(e), about ? about->name : std::string_view(e.name));
    }
    case wire::kind::cancel:
      return on_cancel(e);
    default:
      return;
  }
}

void connection_end::on_event(const wire::envelope& e, const method* m) {
  if (!m) return owner_->unknown_event(*this, e);
  const session::about what{m, &e};
  if (!m->event) return session_->refuse(now(), {.code = errc::bad_frame, .text = "a call needs an id"}, what);
  // What reaches a client from another client, the server relays.
  const bool relayed = session_->self() == side::client && !is_server(e.from);
  if (relayed ? m->from == side::server : !may_send(*m))
    return session_->refuse(now(), {.code = errc::denied, .text = "not for this end to send"}, what);
  std::string text;
  const bytes_view payload = payload_of(e, *m, session_->payload_format(), text);
  // A text may have a payload beside it, which is relayed.
  const std::size_t size = payload.size() + (payload.data() == e.payload.data() ? 0 : e.payload.size());
  if (too_large_for_us(*m, size)) return session_->refuse(now(), {.code = errc::too_large, .text = over_our_limit(*m, size).message}, what);
  if (!session_->agreed(*m)) {
    session_->count_not_delivered();
    return owner_->event_ignored(*this, *m);
  }
  owner_->event_received(*this, e, *m, payload);
}

bool connection_end::too_large_for_us(const method& m, std::size_t payload) const {
  return payload > (m.max_bytes != 0 ? m.max_bytes : session_->limits().max_message);
}

bool connection_end::too_large_for_peer(const method& m, std::size_t payload) const {
  return payload > (m.max_bytes != 0 ? m.max_bytes : session_->peer_limits().max_message);
}

error connection_end::over_our_limit(const method& m, std::size_t payload) const {
  const bool server = session_->self() == side::server;
  return payload_too_large(m, payload, session_->limits().max_message,
                           server ? "server_options::max_message" : "client_options::max_message");
}

error connection_end::over_peers_limit(const method& m, std::size_t payload) const {
  const std::string_view option = session_->self() == side::server ? "the client's max_message"
                                  : session_->plain()              ? "client_options::peer_max_message"
                                                                   : "server_options::max_message";
  return payload_too_large(m, payload, session_->peer_limits().max_message, option);
}

// --- events of this end's own

result<> connection_end::send_event(const outgoing& event) {
  if (!open()) return error{errc::disconnected, "not connected"};
  const method& m = *event.what;
  if (!session_->agreed(m)) {
    session_->count_not_delivered();
    return error{errc::version_mismatch, "the ends disagree about " + std::string(m.name)};
  }
  std::string transcoded;
  const auto payload = payload_as(session_->payload_format(), event, reading_.types, transcoded);
  if (!payload) return payload.error();
  if (too_large_for_peer(m, payload->size())) return over_peers_limit(m, payload->size());
  wire::envelope e;
  e.kind = wire::kind::event;
  e.counted = true;
  e.to = event.to;
  if (event.named && event.named->message) {
    e.text = *event.named->message;
    e.has_text = true;
  }
  // An id of no call: a server that repeats it says that its error is about an event, and not about a call in flight.
  if (session_->plain() && !dialect_ && !answers_in_order_ && session_->self() == side::client) e.foreign_id = "0";
  scratch frame;
  if (dialect_) e.name = m.name;
  if (!write_frame(session_->format(), session_->self(), m, e, *payload, *frame)) {
    // A name that no client of such a server can have.
    return error{errc::unknown_target, "this target cannot be named in this encoding"};
  }
  if (!fits(frame->size())) return error{errc::too_large, "the frame is over the dialect's bound"};
  if (!session_->send_admitted(*frame)) return error{errc::disconnected, "not connected"};
  return {};
}

// --- peer

const std::string& peer::id() const noexcept { return end_.session().client_id(); }
std::string peer::remote() const { return end_.remote(); }
std::string_view peer::subprotocol() const noexcept {
  const auto& format = end_.session().format();
  if (!format.has_session()) return {};
  return format.binary() ? wire::fbs_subprotocol : wire::json_subprotocol;
}
asio::any_io_executor peer::executor() const { return end_.executor(); }
void peer::close(std::string_view text) { end_.close(session::close_code::removed, text); }

}  // namespace parley
