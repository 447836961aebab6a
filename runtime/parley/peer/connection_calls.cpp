// The calls of one connection: those that the other end asks and those that this end asks.
#include "parley/core/scratch.hpp"
#include "parley/peer/connection_end.hpp"
#include "parley/peer/own_id.hpp"
#include "parley/peer/payload.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace parley {
namespace {

namespace close_code = session::close_code;

// How long a call may take whose caller names no deadline.
constexpr std::chrono::milliseconds default_call_limit{60'000};

// What one method's payload may hold between calls: as much as the largest payload that a server takes by default, and as much again.
// A value that took more is given up, so that no sequence of payloads makes a connection hold more than this for each method.
constexpr std::size_t most_kept = 128 * 1024;

std::uint32_t milliseconds_until(time_point deadline, time_point now) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - now).count();
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(left, 0, std::numeric_limits<std::uint32_t>::max()));
}

// Whether an answer leaves it open what the handler did: it says that something was given up or failed, and not that it was refused.
bool leaves_open(const error& answer) {
  if (answer.code == errc::failed) return answer.reason_name.empty();
  return answer.code == errc::cancelled || answer.code == errc::deadline_exceeded || answer.code == errc::disconnected;
}

std::uint32_t hash_of(const method& m) { return flat_index::hash_of(reinterpret_cast<std::uintptr_t>(&m)); }

}  // namespace

// --- calls that the other end asks

void connection_end::refuse_call(const method* m, std::uint64_t id, const error& why) {
  // Malformed calls count toward the limit on bad input; the session answers them.
  session_->refuse(now(), {.code = static_cast<errc>(why.code.value()), .text = why.message, .re = id}, {m});
}

void connection_end::on_call(const wire::envelope& e, const method* m) {
  using verdict = rpc::incoming_calls::verdict;
  if (!m || m->event || !may_send(*m) || too_large_for_us(*m, e.payload.size()) || !session_->agreed(*m)) {
    if (incoming_.use_up(e.id) == verdict::violation) return close(close_code::protocol_violation, "a call id was used twice");
    if (!m) return refuse_call(nullptr, e.id, {errc::unimplemented, "no such method"});
    if (m->event) return refuse_call(m, e.id, {errc::bad_frame, "an event has no id"});
    if (!may_send(*m)) return refuse_call(m, e.id, {errc::denied, "not for this end to ask"});
    if (!session_->agreed(*m)) return refuse_call(m, e.id, errc::version_mismatch);
    return refuse_call(m, e.id, over_our_limit(*m, e.payload.size()));
  }
  run_call(e, *m, e.id, e.deadline_ms);
}

void connection_end::run_call(const wire::envelope& e, const method& m, std::uint64_t id, std::optional<std::uint32_t> deadline_ms) {
  using verdict = rpc::incoming_calls::verdict;
  const auto limit = std::max(default_call_limit, std::chrono::milliseconds(m.deadline_ms));
  switch (incoming_.accept(id, received_at_, deadline_ms, limit)) {
    case verdict::violation:
      return close(close_code::protocol_violation, "a call id was used twice");
    case verdict::overloaded: {
      const error full{errc::overloaded, incoming_.hold_too_much() ? "the calls at work hold too much memory" : "too many calls at once"};
      return send_terminal(&m, id, &full, {});
    }
    case verdict::late: {
      const error late{errc::deadline_exceeded};
      return send_terminal(&m, id, &late, {});
    }
    case verdict::run:
      break;
  }
  decode_options options = reading(e);
  std::size_t grown = 0;
  options.grown = &grown;
  incoming_call in{m, id, session_->payload_format(), e.payload, options, asker_, peer_.get(), incoming_.deadline_of(id), on_, this};
  owner_->call_received(*this, in);
}

void connection_end::answer(const method& m, std::uint64_t id, const void* value) {
  if (!incoming_.finish(id) || !open()) return;
  if (auto replied = send_reply(m, id, value); !replied) send_terminal(&m, id, &replied.error(), {});
}

// The handler's fault, and for its log; the asker could not have asked better.
error connection_end::not_writable(const method& m, const error& why) {
  if (owner_) owner_->call_handler_threw(m, std::make_exception_ptr(call_failed(why)));
  return handler_threw();
}

// Encodes the answer where the frame is put together, if the format can.
result<> connection_end::send_reply(const method& m, std::uint64_t id, const void* value) {
  const wire::envelope_format& as = session_->format();
  scratch frame;
  const bool in_place = as.begin_reply(m.name, m.id, id, *frame);
  const std::size_t start = frame->size();
  if (value) {
    if (auto written = m.out->write(session_->payload_format(), value, *frame); !written) return not_writable(m, written.error());
    if (reads_python() && is_quoted_nan(*m.out, std::string_view(*frame).substr(start))) {
      frame->pop_back();
      frame->erase(start, 1);
    }
  } else if (session_->payload_format() == format::json) {
    *frame += "{}";
  }
  // `too_large` would say that the request was refused, and it has been carried out.
  if (const std::size_t size = frame->size() - start; too_large_for_peer(m, size))
    return error{errc::failed, "the answer is too large: " + over_peers_limit(m, size).message};
  if (!in_place) {
    send_terminal(&m, id, nullptr, as_bytes(*frame));
    return {};
  }
  as.end_reply(*frame);
  session_->send(*frame);
  return {};
}

std::shared_ptr<serving> connection_end::take(const method& m) {
  const auto at = kept_at_.find(hash_of(m), [&](auto p) { return kept_[p].what == &m; });
  return at == flat_index::none ? nullptr : std::move(kept_[at].slot);
}

void connection_end::give_back(const method& m, std::shared_ptr<serving> used) {
  if (used->grown() > most_kept) return;
  const auto at = kept_at_.find(hash_of(m), [&](auto p) { return kept_[p].what == &m; });
  if (at != flat_index::none) {
    kept_[at].slot = std::move(used);
  } else {
    kept_at_.add(hash_of(m), static_cast<flat_index::position>(kept_.size()));
    kept_.push_back({&m, std::move(used)});
  }
}

void connection_end::answer(const method& m, std::uint64_t id, const error& why) {
  if (!incoming_.finish(id) || !open()) return;
  // What the handler's own failures say stays what it is; a payload that did not decode counts as bad input.
  if (why.code == errc::bad_payload) {
    if (!session_->plain()) return refuse_call(&m, id, why);
    if (!session_->count_malformed(now())) return;
  }
  send_terminal(&m, id, &why, {});
}

void connection_end::answer_thrown(const method& m, std::uint64_t id, const std::exception_ptr& thrown) {
  if (owner_) owner_->call_handler_threw(m, thrown);
  answer(m, id, handler_threw());
}

// Exactly one of these goes out for each call that was accepted. `m` may be null for errors.
void connection_end::send_terminal(const method* m, std::uint64_t id, const error* why, bytes_view payload) {
  if (!open()) return;
  wire::envelope e;
  e.kind = why ? wire::kind::error : wire::kind::reply;
  e.counted = true;
  if (m) {
    e.method = m->id;
    e.name = m->name;
  }
  if (why) {
    const bool ours = why->code.category() == error_category();
    e.code = ours ? static_cast<errc>(why->code.value()) : errc::failed;
    e.text = why->message.empty() ? std::string(make_error_code(*e.code).message()) : why->message;
    e.has_text = true;
    // The name may be another method's, in an error that a handler passes on.
    if (m && m->names_refusal && m->names_refusal(why->reason_name)) e.reason = why->reason_name;
  }
  scratch borrowed;
  std::string& frame = *borrowed;
  const auto write = [&] {
    if (session_->write(e, payload, frame)) {
      if (fits(frame.size())) return;
      e.kind = wire::kind::error;
      e.code = errc::failed;
      e.text = "the answer is too large";
      e.has_text = true;
      payload = {};
    }
    e.reason.clear();  // a program's reason that is no name; the call ends all the same
    frame.clear();
    if (!session_->write(e, payload, frame) || !fits(frame.size())) frame.clear();
  };
  if (!session_->plain()) {
    e.re = id;
    write();
    return send_terminal(frame);
  }
  // Plain: addressed to the requester, named by the schema's `reply`, with `re` only for those who gave an id.
  if (m && !why) e.name = m->reply.empty() ? m->name : m->reply;
  e.to = {.kind = target_kind::client, .name = session_->client_id()};
  e.from = "server";
  if (auto foreign = plain_->foreign_ids.extract(id)) {
    e.foreign_id = std::move(foreign.mapped());
    write();
    return send_terminal(frame);
  }
  write();
  if (dialect_ && !dialect_->answers_in_order) return send_terminal(frame);
  auto& waiting = plain_->in_order;
  if (!waiting.empty() && waiting.front().id == id) {
    waiting.pop_front();
    send_terminal(frame);
  } else {
    for (std::size_t i = 0; i < waiting.size(); ++i) {
      if (waiting[i].id != id) continue;
      waiting[i].frame = frame;
      plain_->answered_bytes += cost_of(frame.size());
    }
    // What waits for the answer before it is bounded like what waits for the network.
    if (session_->queued() + plain_->answered_bytes > session_->max_queue())
      return close(close_code::too_slow, "too many answers wait for the one before them");
  }
  while (plain_ && !waiting.empty() && waiting.front().frame) {
    std::string next = *waiting.pop_front().frame;
    plain_->answered_bytes -= cost_of(next.size());
    send_terminal(next);
  }
}

// Nothing, if not even an error fits, or a dialect has no words for it.
void connection_end::send_terminal(std::string& frame) {
  if (!frame.empty()) session_->send(frame);
}

void connection_end::on_cancel(const wire::envelope& e) {
  using cancelled = rpc::incoming_calls::cancelled;
  switch (incoming_.cancel(e.id, now())) {
    case cancelled::ignored:
      session_->count_idle(received_at_);
      return;
    case cancelled::violation:
      return close(close_code::protocol_violation, "a cancel for a call that was never opened");
    case cancelled::too_many:
      return close(close_code::policy, "too many calls opened and cancelled");
    case cancelled::stopped: {
      const error gone{e.code.value_or(errc::cancelled)};
      return send_terminal(nullptr, e.id, &gone, {});
    }
  }
}

// --- calls that this end asks

void connection_end::start_call(rpc::ticket of, const outgoing& request, time_point deadline, std::unique_ptr<pending_call> done) {
  const auto fail = [&](error e) { done.release()->finish(std::move(e)); };
  const method& m = *request.what;
  if (!open()) return fail({errc::disconnected, "not connected"});
  if (&m == &own_id_question) return find_own_id(of, deadline, std::move(done));
  if (!session_->agreed(m)) return fail({errc::version_mismatch, "the ends disagree about " + std::string(m.name)});
  if (session_->self() == side::server && (session_->plain() || !session_->has_feature(wire::feature::server_calls)))
    return fail({errc::unimplemented, "this client answers no calls"});
  if (outgoing_.in_flight() >= session_->peer_limits().max_calls) return fail({errc::overloaded, "too many calls in flight"});
  std::string transcoded;
  const auto payload = payload_as(session_->payload_format(), request, reading_.types, transcoded);
  if (!payload) return fail(payload.error());
  if (too_large_for_peer(m, payload->size())) return fail(over_peers_limit(m, payload->size()));
  if (deadline <= now()) return fail(errc::deadline_exceeded);
  const std::uint64_t id = outgoing_.open(of, m, deadline, std::move(done));
  wire::envelope e;
  e.kind = wire::kind::call;
  e.id = id;
  e.counted = true;
  if (deadline != time_point::max()) e.deadline_ms = milliseconds_until(deadline, now());
  if (session_->plain()) e.foreign_id = std::to_string(id);
  if (dialect_) e.name = m.name;
  scratch frame;
  if (!write_frame(session_->format(), session_->self(), m, e, *payload, *frame) || !fits(frame->size())) {
    if (auto never_left = outgoing_.take_terminal(id)) never_left.release()->finish(error{errc::invalid, "the envelope does not fit"});
  } else if (session_->plain()) {
    plain_->not_sent_bytes += cost_of(frame->size());
    plain_->not_sent.push_back({id, *frame});
    send_next_plain_call();
  } else {
    session_->send_admitted(*frame, id);
  }
  arm();
}

void connection_end::finish_call(std::unique_ptr<pending_call> done, const wire::envelope& e, const method& m) {
  if (!done) return;  // cancelled or late here before: nobody waits
  if (e.kind == wire::kind::error) {
    error why = received_error(e);
    why.maybe_done = leaves_open(why);
    why.repeatable = m.repeatable;
    return done.release()->finish(std::move(why));
  }
  if (too_large_for_us(m, e.payload.size())) return done.release()->finish(unreadable_answer(over_our_limit(m, e.payload.size())));
  done.release()->finish(encoded_answer{session_->payload_format(), e.payload, reading(e)});
}

void connection_end::on_terminal(const wire::envelope& e) {
  if (!outgoing_.was_opened(e.re)) return close(close_code::protocol_violation, "an answer to a call that was never opened");
  const method* m = outgoing_.method_of(e.re);
  if (m) return finish_call(outgoing_.take_terminal(e.re), e, *m);
  session_->count_idle(received_at_);
}

// Completes a call that nobody will answer.
void connection_end::end_call(rpc::outgoing_calls::given_up call, error why, bool may_have_left) {
  why.maybe_done = may_have_left;
  why.repeatable = call.method->repeatable;
  call.completion.release()->finish(std::move(why));
}

// Takes a call back that has not left this end. False: it has, or may have.
bool connection_end::take_back(std::uint64_t id) { return forget_unsent(id) || (session_ && session_->take_back(id)); }

void connection_end::give_up(rpc::outgoing_calls::given_up call) {
  const bool never_left = take_back(call.id);
  if (never_left) {
    outgoing_.forget(call.id);
  } else if (open() && !session_->plain()) {
    if (!call.completion) return;  // told before
    wire::envelope e;
    e.kind = wire::kind::cancel;
    e.id = call.id;
    e.code = call.code;
    e.counted = true;
    session_->send_control(e);
  } else if (open()) {
    give_up_plain(call.id, call.code);
  }
  if (!call.completion) return;
  const errc code = call.code;
  end_call(std::move(call), code, !never_left);
}

void connection_end::cancel_call(rpc::ticket of) {
  if (auto call = outgoing_.cancel(of)) give_up(std::move(*call));
  else if (plain_ && plain_->searching)
    if (auto search = plain_->searching->asked_for.cancel(of)) give_up_search(std::move(*search));
}

std::vector<connection_end::lost_call> connection_end::take_all_calls() {
  std::vector<lost_call> all;
  for (auto& call : outgoing_.take_all()) {
    const bool never_left = take_back(call.id);
    all.push_back({std::move(call), !never_left});
  }
  if (const auto search = plain_ ? std::move(plain_->searching) : nullptr)
    for (auto& call : search->asked_for.take_all()) all.push_back({std::move(call)});
  return all;
}

void connection_end::cancel_all() {
  for (auto& one : take_all_calls()) end_call(std::move(one.call), errc::cancelled, one.may_have_left);
}

}  // namespace parley
