#include "parley/conversation/asking.hpp"

#include "parley/conversation/conversation.hpp"
#include "parley/conversation/payload.hpp"
#include "parley/conversation/sizes.hpp"
#include "parley/core/scratch.hpp"

#include <algorithm>
#include <chrono>
#include <limits>
#include <utility>

namespace parley {
namespace {

namespace close_code = session::close_code;

std::uint32_t milliseconds_until(time_point deadline, time_point now) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - now).count();
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(left, 0, std::numeric_limits<std::uint32_t>::max()));
}

// Whether it is unknown after this answer what the handler did. That is so if the call was given up
// or failed, but not if it was refused.
bool leaves_open(const error& answer) {
  if (answer.code == errc::failed) return answer.reason_name.empty();
  return answer.code == errc::cancelled || answer.code == errc::deadline_exceeded || answer.code == errc::disconnected;
}

}  // namespace

void asking::begin_plain() { plain_ = std::make_unique<plain>(plain{plain_questions(answers_in_order_)}); }

void asking::start(time_point now, rpc::ticket of, const outgoing& request, time_point deadline, std::unique_ptr<pending_call> done) {
  const auto fail = [&](error e) { done.release()->finish(std::move(e)); };
  const method& m = *request.what;
  if (!in_.open()) return fail({errc::disconnected, "not connected"});
  if (&m == &own_id_question) return find_own_id(now, of, deadline, std::move(done));
  session::peer_session& session = *in_.session_;
  if (!session.agreed(m)) return fail({errc::version_mismatch, "client and server have different versions of " + std::string(m.name)});
  if (session.self() == side::server && (session.plain() || !session.has_feature(wire::feature::server_calls)))
    return fail({errc::unimplemented, "this client does not answer calls"});
  if (calls_.in_flight() >= session.peer_limits().max_calls) return fail({errc::overloaded, "too many calls in flight"});
  std::string transcoded;
  const auto payload = payload_as(session.payload_format(), request, in_.reading_.types, transcoded);
  if (!payload) return fail(payload.error());
  if (too_large_for_peer(session, m, payload->size())) return fail(over_peers_limit(session, m, payload->size()));
  if (deadline <= now) return fail(errc::deadline_exceeded);
  const std::uint64_t id = calls_.open(of, m, deadline, std::move(done));
  if (id == proof_.call) proof_.events = events_;
  wire::envelope e;
  e.kind = wire::kind::call;
  e.id = id;
  e.counted = true;
  if (deadline != time_point::max()) e.deadline_ms = milliseconds_until(deadline, now);
  if (plain_) e.foreign_id = std::to_string(id);
  if (in_.dialect_) e.name = m.name;
  scratch frame;
  if (!write_frame(session.format(), session.self(), m, e, *payload, *frame) || !in_.fits(frame->size())) {
    if (auto never_left = calls_.take_terminal(id)) never_left.release()->finish(error{errc::invalid, "the envelope exceeds its limits"});
  } else if (plain_) {
    plain_->questions.add(id, *frame);
    send_questions();
  } else {
    session.send_admitted(*frame, id);
  }
  in_.tick_sooner();
}

void asking::send_questions() {
  while (auto next = plain_->questions.next(calls_.in_flight())) in_.session_->send_admitted(next->frame, next->id);
}

error asking::received_error(const wire::envelope& e) {
  error received{e.code.value_or(errc::failed), e.text};
  received.reason_name = e.reason;
  received.from_peer = true;
  return received;
}

void asking::finish(std::unique_ptr<pending_call> done, const wire::envelope& e, const method& m) {
  if (!done) return;  // cancelled or timed out earlier
  if (e.kind == wire::kind::error) {
    error why = received_error(e);
    why.maybe_done = leaves_open(why);
    why.repeatable = m.repeatable;
    return done.release()->finish(std::move(why));
  }
  const session::peer_session& session = *in_.session_;
  if (too_large_for_us(session, m, e.payload.size()))
    return done.release()->finish(unreadable_answer(over_our_limit(session, m, e.payload.size())));
  done.release()->finish(encoded_answer{session.payload_format(), e.payload, in_.reading(e)});
}

void asking::answered(const wire::envelope& e) {
  if (!calls_.was_opened(e.re)) return in_.close(close_code::protocol_violation, "an answer to a call that was never opened");
  if (e.re >= proof_.call) confirm_events();
  const method* m = calls_.method_of(e.re);
  if (m) return finish(calls_.take_terminal(e.re), e, *m);
  in_.session_->count_idle(in_.received_at_);
}

// Events after that call wait for the next proof.
void asking::confirm_events() noexcept {
  confirmed_events_ = proof_.events;
  proof_ = {.call = confirmed_events_ == events_ ? no_call : calls_.next_id()};
}

bool asking::plain_answered(const wire::envelope& e) {
  if (e.name == own_id_question.name) return hear_search(e), true;
  // A frame that is not stamped as the server's may come from any client.
  if (e.from != "server") return false;
  const bool is_error = e.kind == wire::kind::error;
  auto answered = plain_->questions.answered_by(e, calls_);
  if ((answered.found || is_error) && e.to.kind == target_kind::client) know_own_id(e.to.name);
  if (answered.found) {
    if (answered.id >= proof_.call) confirm_events();
    send_questions();
    if (answered.method) finish(std::move(answered.completion), e, *answered.method);
    return true;
  }
  if (!is_error) return false;
  if (e.foreign_id != own_id_call) in_.owner_->error_received(in_, received_error(e), {});
  return true;
}

// --- Calls that are given up.

// Completes a call that will not be answered.
void asking::end(rpc::outgoing_calls::given_up call, error why, bool may_have_left) {
  why.maybe_done = may_have_left;
  why.repeatable = call.method->repeatable;
  call.completion.release()->finish(std::move(why));
}

void asking::end(std::vector<lost> calls, const error& why) {
  for (lost& one : calls) end(std::move(one.call), why, one.may_have_left);
}

// Removes a call that was not sent from the queue. Returns false if it was sent or may have been.
bool asking::take_back(std::uint64_t id) {
  return (plain_ && plain_->questions.take_back(id)) || (in_.session_ && in_.session_->take_back(id));
}

void asking::give_up(rpc::outgoing_calls::given_up call) {
  const bool never_left = take_back(call.id);
  if (never_left) {
    calls_.forget(call.id);
  } else if (in_.open() && !plain_) {
    if (!call.completion) return;  // the cancel was already sent
    wire::envelope e;
    e.kind = wire::kind::cancel;
    e.id = call.id;
    e.code = call.code;
    e.counted = true;
    in_.session_->send_control(e);
  } else if (in_.open()) {
    if (const auto why = plain_->questions.give_up(call.id, call.code, in_.session_->peer_limits().max_calls, calls_))
      in_.close(close_code::done, *why);
  }
  if (!call.completion) return;
  const errc code = call.code;
  end(std::move(call), code, !never_left);
}

void asking::give_up_above(std::uint64_t id) {
  error why{errc::disconnected, "the server is going away and did not carry out the call"};
  why.from_peer = true;
  for (auto& call : calls_.take_above(id)) {
    take_back(call.id);
    end(std::move(call), why, false);
  }
}

void asking::cancel(rpc::ticket of) {
  if (auto call = calls_.cancel(of)) return give_up(std::move(*call));
  if (!plain_) return;
  if (auto call = plain_->own_id.cancel(of)) end(std::move(*call), errc::cancelled, true);
}

void asking::expire(time_point now) {
  for (auto& late : calls_.expire(now)) give_up(std::move(late));
  if (!plain_) return;
  for (auto& late : plain_->own_id.expire(now)) end(std::move(late), errc::deadline_exceeded, true);
}

time_point asking::next_deadline() const noexcept {
  const time_point next = calls_.next_deadline();
  return plain_ ? std::min(next, plain_->own_id.next_deadline()) : next;
}

std::vector<asking::lost> asking::take_all() {
  std::vector<lost> all;
  for (auto& call : calls_.take_all()) {
    const bool never_left = take_back(call.id);
    all.push_back({std::move(call), !never_left});
  }
  if (plain_)
    for (auto& call : plain_->own_id.take_all()) all.push_back({std::move(call)});
  return all;
}

void asking::cancel_all() { end(take_all(), errc::cancelled); }

// --- The id that the server gave this client.

std::string_view asking::id_of_events() const noexcept { return plain_ && !in_.dialect_ && !answers_in_order_ ? "0" : ""; }

void asking::tell_own_id(std::string_view json, std::unique_ptr<pending_call> done) const {
  done.release()->finish(encoded_answer{format::json, as_bytes(json), in_.reading_});
}

void asking::find_own_id(time_point now, rpc::ticket of, time_point deadline, std::unique_ptr<pending_call> done) {
  const session::peer_session& session = *in_.session_;
  const std::string& known = plain_ ? plain_->own_id.known() : session.client_id();
  if (!known.empty()) {
    std::string text;
    write_json(known, text);
    return tell_own_id(text, std::move(done));
  }
  if (&session.format() != &wire::plain_format())
    return done.release()->finish(error{errc::unimplemented, "this dialect cannot express this call"});
  if (deadline <= now) return done.release()->finish(errc::deadline_exceeded);
  if (plain_->own_id.ask(of, deadline, std::move(done))) send_search({.kind = target_kind::all});
  in_.tick_sooner();
}

void asking::send_search(target whom) {
  session::peer_session& session = *in_.session_;
  wire::envelope e;
  e.kind = wire::kind::event;
  e.foreign_id = own_id_call;
  e.to = std::move(whom);
  scratch frame;
  if (write_frame(session.format(), session.self(), own_id_question, e, as_bytes(plain_->own_id.question()), *frame))
    session.send_admitted(*frame);
}

// The application does not see the searches of other clients either.
void asking::hear_search(const wire::envelope& e) {
  const auto told = plain_->own_id.heard(e);
  if (!told) return;
  if (told->certain) know_own_id(told->id);
  else send_search({.kind = target_kind::client, .name = told->id});
}

void asking::know_own_id(const std::string& id) {
  std::vector<own_id::given_up> asked;
  if (!plain_->own_id.know(id, asked)) return;
  if (in_.owner_) in_.owner_->own_id_known(id);
  std::string text;  // made before a completion runs, because `id` may be part of the received frame
  write_json(id, text);
  for (auto& call : asked) tell_own_id(text, std::move(call.completion));
}

}  // namespace parley
