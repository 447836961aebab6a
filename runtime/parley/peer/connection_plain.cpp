// Plain mode on one connection: names instead of kinds, no ids that both ends know, and no greeting.
#include "parley/core/scratch.hpp"
#include "parley/peer/connection_end.hpp"
#include "parley/peer/own_id.hpp"
#include "parley/peer/payload.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

namespace parley {
namespace {

namespace close_code = session::close_code;

// A call id of this end's own as a plain server repeats it; 0 for anything else.
std::uint64_t repeated_id(std::string_view text) {
  std::uint64_t id = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), id);
  return failed == std::errc() && end == text.data() + text.size() ? id : 0;
}

}  // namespace

void connection_end::act_on_plain(const wire::envelope& e) {
  if (session_->self() == side::server) {
    const method* m = contract_.find(std::string_view(e.name));
    if (m && !m->event) return on_plain_call(e, *m);
    return on_event(e, m);
  }
  if (e.name == own_id_question.name) return hear_search(e);
  // What the server did not stamp as its own may be anybody's.
  if (e.from != "server") return on_event(e, contract_.find(std::string_view(e.name)));
  const bool is_error = e.kind == wire::kind::error;
  auto answered = answered_by(e);
  if ((answered.found || is_error) && e.to.kind == target_kind::client) know_own_id(e.to.name);
  if (answered.found) {
    send_next_plain_call();
    if (answered.method) finish_call(std::move(answered.completion), e, *answered.method);
    return;
  }
  if (is_error && e.foreign_id == own_id_call) return;
  if (is_error) return owner_->error_received(*this, received_error(e), {});
  on_event(e, contract_.find(std::string_view(e.name)));
}

// --- calls that a plain client asks

void connection_end::on_plain_call(const wire::envelope& e, const method& m) {
  const auto refuse = [&](errc code, std::string text) {
    session_->refuse(now(), {.code = code, .text = std::move(text), .foreign_re = e.foreign_id}, {&m});
  };
  if (!may_send(m)) return refuse(errc::denied, "not for this end to ask");
  if (too_large_for_us(m, e.payload.size())) return refuse(errc::too_large, over_our_limit(m, e.payload.size()).message);
  if (!e.foreign_id.empty())
    for (const auto& [id, foreign] : plain_->foreign_ids)
      if (foreign == e.foreign_id) return refuse(errc::bad_frame, "this id is still in flight");
  const std::uint64_t id = plain_->next_id++;
  if (!e.foreign_id.empty()) plain_->foreign_ids.emplace(id, e.foreign_id);
  else if (!dialect_ || dialect_->answers_in_order) plain_->in_order.push_back({id, std::nullopt});
  run_call(e, m, id, e.deadline_ms);
}

// --- calls that this end asks of a plain server

// A server that neither repeats ids nor answers in order is asked one thing at a time, so that an answer can only be to the one question.
void connection_end::send_next_plain_call() {
  auto& waiting = plain_->not_sent;
  const bool many = plain_->echoes_ids || answers_in_order_;
  while (!waiting.empty() && (many || outgoing_.in_flight() == waiting.size())) {
    auto next = waiting.pop_front();
    plain_->not_sent_bytes -= cost_of(next.frame.size());
    session_->send_admitted(next.frame, next.id);
  }
}

rpc::outgoing_calls::named_answer connection_end::answered_by(const wire::envelope& e) {
  rpc::outgoing_calls::named_answer answered;
  if (const std::uint64_t re = repeated_id(e.foreign_id); outgoing_.was_opened(re)) {
    plain_->echoes_ids = true;
    answered.found = true;
    answered.method = outgoing_.method_of(re);
    answered.completion = outgoing_.take_terminal(re);
    return answered;
  }
  // Whoever repeats ids says with each answer what it answers: an error without one is about an event.
  if (plain_->echoes_ids || !e.foreign_id.empty()) return answered;
  // Calls that have not left cannot have been answered.
  const auto unsent = plain_->not_sent.empty() ? std::numeric_limits<std::uint64_t>::max() : plain_->not_sent.front().id;
  answered = e.kind == wire::kind::error ? outgoing_.take_oldest(unsent) : outgoing_.take_named(e.name, unsent);
  if (answered.found && answers_in_order_) {
    // What was asked before and given up will not be answered any more.
    plain_->answered_up_to = std::max(plain_->answered_up_to, answered.id);
    outgoing_.forget_given_up(plain_->answered_up_to);
  }
  return answered;
}

// A plain call that waits for the one before it. False: it does not.
bool connection_end::forget_unsent(std::uint64_t id) {
  if (!plain_) return false;
  auto& waiting = plain_->not_sent;
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    if (waiting[i].id != id) continue;
    plain_->not_sent_bytes -= cost_of(waiting[i].frame.size());
    waiting.erase(i);
    return true;
  }
  return false;
}

// A call that has left and that nobody waits for any more. What stays of it swallows the late answer.
void connection_end::give_up_plain(std::uint64_t id, errc why) {
  if (plain_->echoes_ids) return;
  if (answers_in_order_) {
    if (id < plain_->answered_up_to) outgoing_.forget(id);
    // As many as may be in flight, and no answer to any: this connection will not come right again.
    else if (outgoing_.in_flight() >= session_->peer_limits().max_calls && outgoing_.all_given_up())
      close(close_code::done, "answers are overdue");
    return;
  }
  // Only a fresh connection is sure not to take the late answer for that of the next call.
  if (why == errc::deadline_exceeded) close(close_code::done, "an answer is overdue");
}

// --- the id that the server gave this end

void connection_end::find_own_id(rpc::ticket of, time_point deadline, std::unique_ptr<pending_call> done) {
  const std::string& known = session_->plain() ? plain_->own_id : session_->client_id();
  if (!known.empty()) {
    std::string text;
    write_json(known, text);
    return done.release()->finish(encoded_answer{format::json, as_bytes(text), reading_});
  }
  if (&session_->format() != &wire::plain_format())
    return done.release()->finish(error{errc::unimplemented, "there is no way to ask for it in this dialect"});
  if (deadline <= now()) return done.release()->finish(errc::deadline_exceeded);
  const bool first = !plain_->searching;
  if (first) plain_->searching = std::make_unique<plain_state::search>();
  plain_->searching->asked_for.open(of, own_id_question, deadline, std::move(done));
  if (first) send_search({.kind = target_kind::all});
  arm();
}

void connection_end::send_search(target whom) {
  wire::envelope e;
  e.kind = wire::kind::event;
  e.foreign_id = own_id_call;
  e.to = std::move(whom);
  scratch frame;
  if (write_frame(session_->format(), session_->self(), own_id_question, e, as_bytes(plain_->searching->event.payload()), *frame))
    session_->send_admitted(*frame);
}

// Searches of other clients are none of the application's business either.
void connection_end::hear_search(const wire::envelope& e) {
  if (!plain_->searching) return;
  const auto told = plain_->searching->event.heard(e);
  if (!told) return;
  if (told->certain) know_own_id(told->id);
  else send_search({.kind = target_kind::client, .name = told->id});
}

void connection_end::know_own_id(const std::string& id) {
  if (!plain_->own_id.empty() || id.empty()) return;
  plain_->own_id = id;
  const auto done = std::move(plain_->searching);
  if (owner_) owner_->own_id_known(id);
  if (!done) return;
  std::string text;
  write_json(id, text);
  for (auto& call : done->asked_for.take_all()) call.completion.release()->finish(encoded_answer{format::json, as_bytes(text), reading_});
}

void connection_end::give_up_search(rpc::outgoing_calls::given_up call) {
  plain_->searching->asked_for.forget(call.id);
  if (plain_->searching->asked_for.in_flight() == 0) plain_->searching.reset();
  const errc code = call.code;
  end_call(std::move(call), code, true);
}

}  // namespace parley
