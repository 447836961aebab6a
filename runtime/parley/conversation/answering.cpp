#include "parley/conversation/answering.hpp"

#include "parley/conversation/conversation.hpp"
#include "parley/conversation/payload.hpp"
#include "parley/conversation/sizes.hpp"
#include "parley/core/scratch.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace parley {
namespace {

namespace close_code = session::close_code;
using verdict = rpc::incoming_calls::verdict;

// The time limit of a call without a deadline.
constexpr std::chrono::milliseconds default_call_limit{60'000};

constexpr std::string_view not_callable = "the caller may not call this method";

}  // namespace

void answering::refuse(const method* m, std::uint64_t id, const error& why) {
  // The session sends the answer and counts malformed calls towards its limit on bad input.
  in_.session_->refuse(in_.io_->now(), {.code = static_cast<errc>(why.code.value()), .text = why.message, .re = id}, {m});
}

bool answering::use_up(std::uint64_t id) {
  if (calls_.use_up(id) != verdict::violation) return true;
  in_.close(close_code::protocol_violation, "a call id was used twice");
  return false;
}

[[gnu::hot]] void answering::call(const wire::envelope& e, session::contract::number number) {
  const method* const m = in_.contract_.at_or_null(number);
  session::peer_session& session = *in_.session_;
  if (!m || m->event || !in_.may_send(*m, number) || too_large_for_us(session, *m, e.payload.size()) || !session.agreed(*m)) {
    if (!use_up(e.id)) return;
    if (!m) return refuse(nullptr, e.id, {errc::unimplemented, "no such method"});
    if (m->event) return refuse(m, e.id, {errc::bad_frame, "an event has no id"});
    if (!in_.may_send(*m, number)) return refuse(m, e.id, in_.not_allowed(*m, not_callable));
    if (!session.agreed(*m)) return refuse(m, e.id, errc::version_mismatch);
    return refuse(m, e.id, over_our_limit(session, *m, e.payload.size()));
  }
  run(e, number, e.id, e.deadline_ms);
}

void answering::plain_call(const wire::envelope& e, session::contract::number number) {
  const method& m = in_.contract_.at(number);
  session::peer_session& session = *in_.session_;
  const auto refuse = [&](errc code, std::string text) {
    session.refuse(in_.io_->now(), {.code = code, .text = std::move(text), .foreign_re = e.foreign_id}, {&m});
  };
  if (!in_.may_send(m, number)) return refuse(errc::denied, in_.not_allowed(m, not_callable).message);
  if (too_large_for_us(session, m, e.payload.size())) return refuse(errc::too_large, over_our_limit(session, m, e.payload.size()).message);
  if (!e.foreign_id.empty() && plain_->in_flight(e.foreign_id)) return refuse(errc::bad_frame, "this id is still in flight");
  const bool in_order = !in_.dialect_ || in_.dialect_->answers_in_order;
  run(e, number, plain_->accept(e.foreign_id, in_order), e.deadline_ms);
}

[[gnu::hot]] void answering::run(const wire::envelope& e, session::contract::number number, std::uint64_t id,
                                 std::optional<std::uint32_t> deadline_ms) {
  const method& m = in_.contract_.at(number);
  const auto limit = std::max(default_call_limit, std::chrono::milliseconds(m.deadline_ms));
  switch (calls_.accept(id, in_.received_at_, deadline_ms, limit)) {
    case verdict::violation:
      return in_.close(close_code::protocol_violation, "a call id was used twice");
    case verdict::overloaded: {
      const error full{errc::overloaded, calls_.hold_too_much() ? "the running calls hold too much memory" : "too many calls at once"};
      return send_terminal(&m, id, &full, {});
    }
    case verdict::late: {
      const error late{errc::deadline_exceeded};
      return send_terminal(&m, id, &late, {});
    }
    case verdict::run:
      break;
  }
  decode_options options = in_.reading(e);
  std::size_t grown = 0;
  options.grown = &grown;
  incoming_call asked{{.what = m,
                       .number = number,
                       .from = in_.asker_,
                       .peer = in_.peer_.get(),
                       .deadline = calls_.newest_deadline(),
                       .meta = e.meta,
                       .format = in_.session_->payload_format(),
                       .payload = e.payload,
                       .options = options},
                      id,
                      *in_.on_,
                      this};
  in_.owner_->call_received(in_, asked);
}

std::shared_ptr<answers> answering::hold() { return {in_.shared_from_this(), this}; }

[[gnu::hot]] void answering::answer(const method& m, std::uint64_t id, const void* value) {
  if (!calls_.finish(id) || !in_.open()) return;
  if (auto replied = send_reply(m, id, value); !replied) send_terminal(&m, id, &replied.error(), {});
}

// The handler has caused this error, so it is logged like an exception. The caller cannot avoid it.
error answering::not_writable(const method& m, const error& why) {
  if (in_.owner_) in_.owner_->call_handler_threw(m, std::make_exception_ptr(call_failed(why)));
  return handler_threw();
}

bool answering::reads_python() const {
  return plain_ && &in_.session_->format() == &wire::plain_format() && in_.contract_.relays_unknown();
}

// Encodes the answer directly into the frame if the format supports that.
[[gnu::hot]] result<> answering::send_reply(const method& m, std::uint64_t id, const void* value) {
  session::peer_session& session = *in_.session_;
  const wire::envelope_format& as = session.format();
  scratch frame;
  const bool in_place = as.begin_reply(m.name, m.id, id, *frame);
  const std::size_t start = frame->size();
  if (value) {
    if (auto written = m.out->write(session.payload_format(), value, *frame); !written) return not_writable(m, written.error());
    if (reads_python() && is_quoted_nan(*m.out, std::string_view(*frame).substr(start))) {
      frame->pop_back();
      frame->erase(start, 1);
    }
  } else if (session.payload_format() == format::json) {
    *frame += "{}";
  }
  // Not `too_large`, because that would mean that the call was refused. The call has been carried
  // out.
  if (const std::size_t size = frame->size() - start; too_large_for_peer(session, m, size))
    return error{errc::failed, "the answer is too large: " + over_peers_limit(session, m, size).message};
  if (!in_place) {
    send_terminal(&m, id, nullptr, as_bytes(*frame));
    return {};
  }
  as.end_reply(*frame);
  session.send(*frame);
  return {};
}

void answering::answer(const method& m, std::uint64_t id, const error& why) {
  if (!calls_.finish(id) || !in_.open()) return;
  // The handler's own errors are passed on unchanged. A payload that cannot be decoded counts as
  // bad input.
  if (why.code == errc::bad_payload) {
    if (!plain_) return refuse(&m, id, why);
    if (!in_.session_->count_malformed(in_.io_->now())) return;
  }
  send_terminal(&m, id, &why, {});
}

void answering::answer_thrown(const method& m, std::uint64_t id, const std::exception_ptr& thrown) {
  if (in_.owner_) in_.owner_->call_handler_threw(m, thrown);
  answer(m, id, handler_threw());
}

// Called exactly once for each accepted call. `m` may be null for errors.
void answering::send_terminal(const method* m, std::uint64_t id, const error* why, bytes_view payload) {
  if (!in_.open()) return;
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
    // The reason may be a name of another method, if a handler passes on an error.
    if (m && m->names_refusal && m->names_refusal(why->reason_name)) e.reason = why->reason_name;
  }
  if (plain_) return send_plain_terminal(m, id, e, payload);
  e.re = id;
  scratch frame;
  write_terminal(e, payload, *frame);
  send_terminal(*frame);
}

// Replaces an answer that does not fit by an error that fits. `frame` is empty if not even the
// error fits.
void answering::write_terminal(wire::envelope& e, bytes_view payload, std::string& frame) const {
  const session::peer_session& session = *in_.session_;
  if (session.write(e, payload, frame)) {
    if (in_.fits(frame.size())) return;
    e.kind = wire::kind::error;
    e.code = errc::failed;
    e.text = "the answer is too large";
    e.has_text = true;
    payload = {};
  }
  e.reason.clear();  // the reason may be the part that cannot be written
  frame.clear();
  if (!session.write(e, payload, frame) || !in_.fits(frame.size())) frame.clear();
}

// The answer is addressed to the caller and has the name of the schema's `reply`. It has an id only
// if the caller sent one.
void answering::send_plain_terminal(const method* m, std::uint64_t id, wire::envelope& e, bytes_view payload) {
  session::peer_session& session = *in_.session_;
  if (m && e.kind == wire::kind::reply) e.name = m->reply.empty() ? m->name : m->reply;
  e.to = {.kind = target_kind::client, .name = session.client_id()};
  e.from = "server";
  auto foreign_id = plain_->take_foreign_id(id);
  if (foreign_id) e.foreign_id = *std::move(foreign_id);
  scratch frame;
  write_terminal(e, payload, *frame);
  const bool in_order = !foreign_id && (!in_.dialect_ || in_.dialect_->answers_in_order);
  if (!in_order) return send_terminal(*frame);
  if (!plain_->wait_in_order(id, *frame)) send_terminal(*frame);
  // Answers that wait for an earlier answer are limited like data that waits for the network.
  else if (session.queued() + plain_->waiting_bytes() > session.max_queue())
    return in_.close(close_code::too_slow, "too many answers are waiting for an earlier one");
  while (plain_) {
    auto next = plain_->next_in_order();
    if (!next) return;
    send_terminal(*next);
  }
}

// Sends nothing if not even an error fits, or if the dialect has no form for it.
void answering::send_terminal(std::string& frame) {
  if (!frame.empty()) in_.session_->send(frame);
}

void answering::cancel(const wire::envelope& e) {
  using cancelled = rpc::incoming_calls::cancelled;
  switch (calls_.cancel(e.id, in_.io_->now())) {
    case cancelled::ignored:
      in_.session_->count_idle(in_.received_at_);
      return;
    case cancelled::violation:
      return in_.close(close_code::protocol_violation, "a cancel for a call that was never opened");
    case cancelled::too_many:
      return in_.close(close_code::policy, "too many calls opened and cancelled");
    case cancelled::stopped: {
      const error gone{e.code.value_or(errc::cancelled)};
      return send_terminal(nullptr, e.id, &gone, {});
    }
  }
}

void answering::expire(time_point now) {
  for (const std::uint64_t id : calls_.expire(now)) {
    const error late{errc::deadline_exceeded};
    send_terminal(nullptr, id, &late, {});
  }
}

void answering::end() {
  calls_.stop_all();
  plain_.reset();
}

}  // namespace parley
