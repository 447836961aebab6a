// Incoming messages: the inbox, the operations that receive, and when the connection stops reading.
#include "parley/raw/raw_core.hpp"

#include <algorithm>
#include <utility>

namespace parley {
namespace {

error taken_by_handler() { return {errc::invalid, "on_message receives all messages"}; }
error nothing_came() { return {errc::deadline_exceeded, "no message was received"}; }

}  // namespace

void raw_core::receive(ticket of, std::optional<duration> within, std::unique_ptr<operation<raw_message>> done) {
  ++first_in_line_;
  begin(std::move(done), [of, within](raw_core& self, std::unique_ptr<operation<raw_message>> asked) {
    self.begin_receiving(of, within, std::move(asked));
  });
}

void raw_core::ask(ticket of, raw_message message, std::optional<duration> within, std::unique_ptr<operation<raw_message>> done) {
  if (auto refused = why_not_hold(message)) {
    on_executor(std::move(done), [why = std::move(*refused)](raw_core& self, std::unique_ptr<operation<raw_message>> asked) {
      asked.release()->finish(self.error_.value_or(why));
    });
    return;
  }
  ++first_in_line_;
  begin(std::move(done), [of, within, message = std::move(message)](raw_core& self, std::unique_ptr<operation<raw_message>> asked) mutable {
    self.begin_asking(of, std::move(message), within, std::move(asked));
  });
}

void raw_core::begin_asking(ticket of, raw_message message, std::optional<duration> within, std::unique_ptr<operation<raw_message>> done) {
  if (const auto refused = why_not_ask()) {
    --first_in_line_;
    held_ -= room_of(message);
    return finish<raw_message>(std::move(done), *refused);
  }
  hold({of, std::move(message), nullptr, {}, false});
  begin_receiving(of, within, std::move(done), true);
}

std::optional<error> raw_core::why_not_ask() {
  if (message_handler_) return taken_by_handler();
  if (!connect_if_idle()) return error_;
  if (!room_for(std::max(sends_.size(), receives_.size()))) return too_many();
  return std::nullopt;
}

void raw_core::begin_receiving(ticket of, std::optional<duration> within, std::unique_ptr<operation<raw_message>> done, bool asked) {
  --first_in_line_;
  if (message_handler_) return finish<raw_message>(std::move(done), taken_by_handler());
  if (auto next = take()) return finish<raw_message>(std::move(done), std::move(*next));
  if (!connect_if_idle()) return finish<raw_message>(std::move(done), *error_);
  if (!room_for(receives_.size())) return finish<raw_message>(std::move(done), too_many());
  finish_if_answered();
  time_point deadline = time_point::max();
  if (within || options_.receive_timeout != duration::zero()) {
    const duration limit = within.value_or(options_.receive_timeout);
    if (limit <= duration::zero()) return finish<raw_message>(std::move(done), nothing_came());
    deadline = deadline_after(limit);
  }
  receives_.push_back({of, deadline, std::move(done), asked});
  arm_receives(deadline);
}

// 0 means never.
time_point raw_core::deadline_after(duration limit) const {
  return limit <= duration::zero() ? time_point::max() : saturating_add(clock_->now(), limit);
}

std::optional<raw_message> raw_core::pop() {
  const std::lock_guard lock(inbox_mutex_);
  if (inbox_.empty()) return std::nullopt;
  raw_message next = std::move(inbox_.front());
  inbox_.pop_front();
  inbox_bytes_ -= cost_of(next.size());
  return next;
}

std::optional<raw_message> raw_core::take() {
  std::optional<raw_message> next;
  if (inbox_bytes_ != 0) next = pop();
  look_at_reading();
  return next;
}

std::optional<raw_message> raw_core::take_at_once() {
  if (first_in_line_ != 0 || inbox_bytes_ == 0) return std::nullopt;
  std::optional<raw_message> next = pop();
  // This and the pausing may happen in either order. The second of them sees the effect of the first.
  if (next && paused_ && inbox_bytes_ <= options_.max_read_ahead / 2) {
    const auto keep = shared_from_this();  // its last other owner may go as soon as this thread has left
    if (shared_ && shared_->try_enter()) {
      const visit inside{*this};
      look_at_reading();
    } else {
      on_executor([](raw_core& self) { self.look_at_reading(); });
    }
  }
  return next;
}

void raw_core::slow_down_to(std::shared_ptr<const speed_terms> terms) {
  throttle_ = std::make_unique<throttle>(std::move(terms));
  throttle_->alarm = clock_->make_alarm(home_.executor());
}

// A connection that sends too fast is not read from for a while.
void raw_core::count(std::size_t bytes) {
  switch (throttle_->speed.count(clock_->now(), bytes)) {
    case speed_limit::verdict::go_on:
      return;
    case speed_limit::verdict::close:
      return close_here(1008, "more messages or bytes than this server allows");
    case speed_limit::verdict::pause:
      break;
  }
  throttle_->pauses = true;
  look_at_reading();
  throttle_->alarm->set(throttle_->speed.resumes_at(), [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    self->throttle_->pauses = false;
    self->look_at_reading();
  });
}

void raw_core::on_message(bytes_view content, transport::opcode kind) {
  if (throttle_) count(content.size());
  if (message_handler_) {
    scratch_.assign(content, kind);
    return call_handler(scratch_);
  }
  raw_message message(std::string(as_text(content)), kind);
  if (!receives_.empty()) {
    auto done = std::move(receives_.front().done);
    receives_.pop_front();
    return done.release()->finish(std::move(message));
  }
  {
    const std::lock_guard lock(inbox_mutex_);
    inbox_bytes_ += cost_of(message.size());
    inbox_.push_back(std::move(message));
  }
  look_at_reading();
}

// The program may still have to answer the messages that it received. It has done so when it asks for
// the next one.
bool raw_core::on_violation() {
  if (phase_ != phase::open || !receives_.empty()) return false;
  reads_no_more_ = true;
  if (message_handler_) finish_if_answered();
  return true;
}

// The program has received everything that arrived. What it sent in answer is on its way to this
// loop. A coroutine needs one more turn for that.
void raw_core::finish_if_answered() {
  if (!reads_no_more_) return;
  on_executor([](raw_core& self) {
    self.on_executor([](raw_core& later) {
      if (later.link_) later.link_->finish();
    });
  });
}

void raw_core::look_at_reading() {
  while (phase_ == phase::open) {
    // Resumes only when half of the inbox is free. Otherwise a full inbox would pause and resume with
    // every message. Checked again after each change: see take_at_once().
    const std::size_t bytes = inbox_bytes_;
    const bool pause = paused_by_user_ || (throttle_ && throttle_->pauses) ||
                       (bytes != 0 && bytes > (paused_ ? options_.max_read_ahead / 2 : options_.max_read_ahead));
    if (paused_.exchange(pause) == pause) return;
    if (pause) link_->pause_reading();
    else link_->resume_reading();
  }
}

void raw_core::pause_reading(bool paused) {
  on_executor([paused](raw_core& self) {
    self.paused_by_user_ = paused;
    self.look_at_reading();
  });
}

void raw_core::on_message(std::function<void(const raw_message&)> handler) {
  const bool takes = static_cast<bool>(handler);
  if (takes) has_handlers();
  if (takes) ++first_in_line_;
  on_executor([takes, handler = std::move(handler)](raw_core& self) mutable {
    if (self.leaving_) return;
    if (self.message_handler_) --self.first_in_line_;
    self.message_handler_ = takes ? std::make_shared<std::function<void(const raw_message&)>>(std::move(handler)) : nullptr;
    if (!takes) return;
    for (auto& one : std::exchange(self.receives_, {})) one.done.release()->finish(taken_by_handler());
    self.hand_over();
    self.finish_if_answered();
  });
}

void raw_core::hand_over() {
  while (message_handler_) {
    const std::optional<raw_message> next = take();
    if (!next) return;
    call_handler(*next);
  }
}

void raw_core::call_handler(const raw_message& message) {
  if (gate_.is_shut()) return;
  const auto handler = message_handler_;  // it may be taken away meanwhile
  try {
    (*handler)(message);
  } catch (...) { handler_failed(); }
}

// The alarm is not moved when its operation ends: an alarm that finds nothing to do costs less than
// setting one for every message.
void raw_core::arm_receives(time_point next) {
  if (next >= armed_) return;
  armed_ = next;
  receive_alarm_->set(next, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->expire_receives();
  });
}

void raw_core::expire_receives() {
  armed_ = time_point::max();
  const time_point now = clock_->now();
  std::vector<receiving> late;
  time_point next = time_point::max();
  std::erase_if(receives_, [&](receiving& one) {
    if (one.deadline > now) {
      next = std::min(next, one.deadline);
      return false;
    }
    one.asked = one.asked && !take_back(one.of);
    late.push_back(std::move(one));
    return true;
  });
  arm_receives(next);
  for (auto& one : late) one.done.release()->finish(after_asking(nothing_came(), one.asked));
}

}  // namespace parley
