#include "parley/conversation/conversation.hpp"

#include "parley/conversation/payload.hpp"
#include "parley/conversation/sizes.hpp"
#include "parley/core/scratch.hpp"

#include <algorithm>
#include <utility>

namespace parley {
namespace {

bool is_server(const std::string& from) { return from.empty() || from == "server"; }

// Adds the options that the dialect sets for the session.
session::session_options spoken_by(const dialect* d, session::session_options options) {
  if (!d) return options;
  options.pings = d->pings;
  options.error_answers = d->error_answers;
  options.one_by_one = d->gap > d->gap.zero();
  return options;
}

}  // namespace

std::string how_it_ended(const error& why) {
  if (why.close_code == 0 || why.close_code == 1006) return "without a close";
  const std::string code = "with code " + std::to_string(why.close_code);
  return why.from_peer ? code + ", closed by the other end" : code + ", closed here: " + why.message;
}

// Contains no text about payloads or from handlers. The former may contain keys that the peer
// chose, and the latter anything.
std::string text_of_refused(std::string_view whose, const wire::fault& fault, const method* m) {
  std::string text = "a frame " + std::string(whose) + " was refused: ";
  if (m) text.append(m->name).append(": ");
  text += make_error_code(fault.code).message();
  if (fault.code == errc::bad_frame && !fault.text.empty()) text += ": " + fault.text;
  return text;
}

conversation::conversation(conversation_owner& of, conversation_setup setup, std::shared_ptr<const loop_executor> on)
    : owner_(&of),
      contract_(*setup.contract),
      dialect_(setup.dialect),
      speaks_(setup.speaks),
      on_(std::move(on)),
      options_(std::make_unique<session::session_options>(spoken_by(setup.dialect, std::move(setup.session)))),
      answering_(*this, options_->limits.max_calls),
      asking_(*this, setup.dialect ? setup.dialect->answers_in_order : setup.answers_in_order) {
  reading_.max_depth = options_->limits.max_depth;
  reading_.ignore_unknown = true;
  reading_.types = setup.types;
}

conversation::~conversation() = default;

// --- The connection.

std::unique_ptr<pacing> conversation::make_pacing() const {
  return dialect_ && pacing::wanted(*dialect_, options_->self) ? std::make_unique<pacing>(*dialect_, options_->self) : nullptr;
}

void conversation::forget(const conversation_io& gone) noexcept {
  if (io_ != &gone) return;
  if (session_) session_->lost();  // a handler's coroutine may still hold this conversation and close it
  io_ = nullptr;
}

const wire::envelope_format* conversation::choose_format(std::string_view subprotocol) const {
  if (!dialect_) return owner_ ? owner_->format_for(subprotocol) : nullptr;
  return subprotocol.empty() || subprotocol == dialect_->subprotocol ? dialect_->format : nullptr;
}

void conversation::begin(const wire::envelope_format& format, time_point now) {
  options_->format = &format;
  session_.emplace(std::move(*options_), contract_, *io_, static_cast<session::owner&>(*this));
  options_.reset();
  const bool client = session_->self() == side::client;
  reading_.accept_nan_tokens = session_->plain() && client;
  if (session_->plain() && client) asking_.begin_plain();
  else if (session_->plain()) answering_.begin_plain();
  if (!dialect_) speaks_ = spoken_in(format);
  session_->start(now);
}

void conversation::opened() {
  if (session_->self() == side::server) asker_.id = session_->client_id();
  if (!session_->plain() && !session_->has_feature(wire::feature::multi)) speaks_ = without_lists(speaks_);
  if (owner_) owner_->opened(*this);
}

void conversation::welcome(time_point now, std::uint32_t auth_ms) {
  session_->welcome(now, auth_ms);
  tick_sooner();
}

const parley::principal& conversation::principal() const noexcept { return identity_ ? identity_->who : nobody_in_particular(); }

void conversation::set_principal(parley::principal who) {
  if (!identity_) identity_ = std::make_unique<identity>();
  identity_->who = std::move(who);
  identity_->roles = contract_.bits_of(identity_->who.roles);
  identity_->known_roles = contract_.role_count();
}

std::uint64_t conversation::roles() const noexcept {
  if (!identity_) return 0;
  if (identity_->known_roles != contract_.role_count()) {  // a service was added since
    identity_->roles = contract_.bits_of(identity_->who.roles);
    identity_->known_roles = contract_.role_count();
  }
  return identity_->roles;
}

void conversation::drained() {
  session_->drained();
  if (owner_) owner_->drained(*this);
}

void conversation::close(std::uint16_t code, std::string_view text) {
  if (session_) session_->close(code, text);
  else if (io_ && !io_->reached() && options_->self == side::client) io_->give_up(errc::cancelled);
}

void conversation::detach(std::uint16_t code, const error& why) {
  const auto self = shared_from_this();
  auto calls = asking_.take_all();  // while the session knows which of them were sent
  if (session_) session_->lost();
  error lost = why;
  lost.code = errc::disconnected;
  calls_lost_ =
      static_cast<std::size_t>(std::count_if(calls.begin(), calls.end(), [](const asking::lost& one) { return one.may_have_left; }));
  asking::end(std::move(calls), lost);
  answering_.end();
  asking_.end_plain();
  if (owner_) std::exchange(owner_, nullptr)->closed(*this, code, why);
  io_ = nullptr;
}

// --- Time.

[[gnu::hot]] time_point conversation::next_tick() const noexcept {
  if (!session_ || session_->closed()) return time_point::max();
  return std::min({session_->next_tick(), asking_.next_deadline(), answering_.next_deadline()});
}

void conversation::tick(time_point now) {
  session_->tick(now);
  answering_.expire(now);
  asking_.expire(now);
}

void conversation::probe(time_point now, std::chrono::milliseconds within) {
  if (!session_) return;
  session_->probe(now, within);
  tick_sooner();
}

void conversation::rest(time_point now) {
  if (!session_->silent(now)) return;
  session_->release_memory();
  answering_.rest();
}

// --- Incoming frames.

[[gnu::hot]] void conversation::receive(time_point now, bytes_view content, bool binary) {
  received_at_ = now;
  const wire::envelope* e = session_->receive(now, content, binary);
  if (e && owner_) {
    if (session_->plain()) act_on_plain(*e);
    else act_on(*e);
  } else if (const std::uint64_t used = session_->refused_call()) {
    answering_.use_up(used);
  }
}

[[gnu::hot]] session::contract::number conversation::number_of(const wire::envelope& e) const {
  return session_->binary() ? contract_.number_of(e.method) : contract_.number_of(std::string_view(e.name));
}

bool conversation::may_send(const method& m, session::contract::number n) const {
  if (m.from != side::either && m.from != (session_->self() == side::server ? side::client : side::server)) return false;
  return m.may_send.empty() || has_role_for(n);
}

// Roles belong to clients. A client does not check what its server sends.
bool conversation::has_role_for(session::contract::number n) const {
  return session_->self() == side::client || (roles() & contract_.senders_of(n)) != 0;
}

error conversation::not_allowed(const method& m, std::string_view otherwise) const {
  if (m.from == side::server || m.may_send.empty() || session_->self() == side::client) return {errc::denied, std::string(otherwise)};
  if (identity_) return {errc::denied, "this needs a role that the sender does not have"};
  return {errc::denied, "this needs a role, and the sender has shown no credential ($auth)"};
}

[[gnu::hot]] void conversation::act_on(const wire::envelope& e) {
  switch (e.kind) {
    case wire::kind::event:
      return on_event(e, number_of(e));
    case wire::kind::call:
      return answering_.call(e, number_of(e));
    case wire::kind::reply:
      return asking_.answered(e);
    case wire::kind::error: {
      if (e.re != 0) return asking_.answered(e);
      const method* const about = known(e);
      return owner_->error_received(*this, asking::received_error(e), about ? about->name : std::string_view(e.name));
    }
    case wire::kind::cancel:
      return answering_.cancel(e);
    case wire::kind::goaway:
      return on_goaway(e);
    default:
      return;
  }
}

// Plain frames have names instead of kinds, and no ids that both ends know.
void conversation::act_on_plain(const wire::envelope& e) {
  if (session_->self() == side::client && asking_.plain_answered(e)) return;
  const session::contract::number number = contract_.number_of(std::string_view(e.name));
  const method* const m = contract_.at_or_null(number);
  if (session_->self() == side::server && m && !m->event) return answering_.plain_call(e, number);
  on_event(e, number);
}

void conversation::on_goaway(const wire::envelope& e) {
  wire::goaway notice;
  if (const auto fault = wire::read_goaway(session_->payload_format(), e.payload, notice)) return close(fault->close, fault->text);
  owner_->going_away(*this, notice);
}

void conversation::on_event(const wire::envelope& e, session::contract::number number) {
  const method* const m = contract_.at_or_null(number);
  if (!m) return owner_->unknown_event(*this, e);
  const auto refuse = [&](errc code, std::string text) { session_->refuse(io_->now(), {.code = code, .text = std::move(text)}, {m, &e}); };
  if (!m->event) return refuse(errc::bad_frame, "a call needs an id");
  // At a client, an event from another client was relayed by the server.
  const bool relayed = session_->self() == side::client && !is_server(e.from);
  if (relayed ? m->from == side::server : !may_send(*m, number))
    return refuse(errc::denied, not_allowed(*m, "the sender may not send this event").message);
  std::string text;
  const bytes_view payload = payload_of(e, *m, session_->payload_format(), text);
  // A method with `body: MESSAGE` may have a payload in addition to its text. It is relayed too.
  const std::size_t size = payload.size() + (payload.data() == e.payload.data() ? 0 : e.payload.size());
  if (too_large_for_us(*session_, *m, size)) return refuse(errc::too_large, over_our_limit(*session_, *m, size).message);
  if (!session_->agreed(*m)) {
    session_->count_not_delivered();
    return owner_->event_ignored(*this, *m);
  }
  // The sender is the other end, or at a client the one whose event the server relays.
  const origin sender{relayed ? e.from : std::string()};
  const decode_options options = reading(e);
  const invocation in{.what = *m,
                      .number = number,
                      .from = session_->self() == side::server ? asker_ : sender,
                      .peer = peer_.get(),
                      .deadline = time_point::max(),
                      .meta = e.meta,
                      .format = session_->payload_format(),
                      .payload = payload,
                      .options = options};
  owner_->event_received(*this, e, in);
}

// --- Outgoing events.

bool conversation::fits(std::size_t frame) const noexcept { return !dialect_ || parley::fits(*dialect_, frame, session_->self()); }

result<> conversation::send_event(const outgoing& event) {
  if (!open()) return error{errc::disconnected, "not connected"};
  const method& m = *event.what;
  if (!session_->agreed(m)) {
    session_->count_not_delivered();
    return error{errc::version_mismatch, "client and server have different versions of " + std::string(m.name)};
  }
  std::string transcoded;
  const auto payload = payload_as(session_->payload_format(), event, reading_.types, transcoded);
  if (!payload) return payload.error();
  if (too_large_for_peer(*session_, m, payload->size())) return over_peers_limit(*session_, m, payload->size());
  wire::envelope e;
  e.kind = wire::kind::event;
  e.counted = true;
  e.to = event.to;
  if (event.text) {
    e.text = *event.text;
    e.has_text = true;
  }
  e.foreign_id = asking_.id_of_events();
  scratch frame;
  if (dialect_) e.name = m.name;
  if (!write_frame(session_->format(), session_->self(), m, e, *payload, *frame)) {
    // The target contains a name that no client of such a server can have.
    return error{errc::unknown_target, "this encoding cannot express this target"};
  }
  if (!fits(frame->size())) return error{errc::too_large, "the frame exceeds the dialect's max_frame"};
  if (!session_->send_admitted(*frame)) return error{errc::disconnected, "not connected"};
  asking_.event_sent();
  return {};
}

}  // namespace parley
