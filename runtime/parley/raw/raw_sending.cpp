// Outgoing messages: the sends that wait for room, their deadlines, and what is counted for them.
#include "parley/raw/raw_core.hpp"

#include "parley/wire/utf8.hpp"

#include <algorithm>
#include <utility>

namespace parley {
namespace {

error not_connected() { return {errc::disconnected, "not connected"}; }

}  // namespace

bool raw_core::may_be_sent(const raw_message& message) const {
  return !message.is_text() || options_.manners.any_text || is_utf8(message.text());
}

void raw_core::send(ticket of, raw_message message, std::unique_ptr<operation<void>> done) {
  if (auto refused = why_not_hold(message)) {
    on_executor(std::move(done), [why = std::move(*refused)](raw_core& self, std::unique_ptr<operation<void>> asked) {
      asked.release()->finish(self.error_.value_or(why));
    });
    return;
  }
  begin(std::move(done), [of, message = std::move(message)](raw_core& self, std::unique_ptr<operation<void>> asked) mutable {
    self.begin_sending(of, std::move(message), std::move(asked));
  });
}

void raw_core::begin_sending(ticket of, raw_message message, std::unique_ptr<operation<void>> done) {
  const bool goes_on = connect_if_idle();
  if (goes_on && room_for(sends_.size())) return hold({of, std::move(message), std::move(done), {}, false});
  held_ -= room_of(message);
  finish<void>(std::move(done), goes_on ? too_many() : *error_);
}

bool raw_core::room_to_send(const raw_message& message) const {
  const std::size_t used = link_->buffered_amount();
  return used == 0 || used + room_of(message) <= options_.max_queue;
}

bool raw_core::send_at_once(raw_message& message) {
  if (!begins_here() || phase_ != phase::open || !sends_.empty() || !room_to_send(message) || !may_be_sent(message)) return false;
  const message_kind kind = message.kind();
  link_->send_owned(std::move(message).text(), kind);
  queued_ = link_->buffered_amount();
  return true;
}

std::optional<error> raw_core::why_not_hold(const raw_message& message) {
  if (!may_be_sent(message)) return not_utf8();
  const std::size_t room = room_of(message);
  std::size_t before = held_;
  do {
    if (before != 0 && before / raw_queues_waiting >= options_.max_queue) return too_much();
  } while (!held_.compare_exchange_weak(before, before + room));
  return std::nullopt;
}

void raw_core::hold(sending one) {
  // Until the connection is open, connect_timeout bounds the wait.
  const time_point deadline = phase_ == phase::open ? deadline_after(options_.send_timeout) : time_point::max();
  one.deadline = deadline;
  sends_.push_back(std::move(one));
  ++waiting_;
  send_waiting();
  if (!sends_.empty()) arm_sends(deadline);
}

void raw_core::arm_sends(time_point next) {
  if (next >= sends_armed_) return;
  sends_armed_ = next;
  send_alarm_->set(next, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->expire_sends();
  });
}

error raw_core::nothing_left() const {
  if (paused_)
    return {errc::deadline_exceeded, "not sent within send_timeout: reading is paused until received messages are taken with receive()"};
  return {errc::deadline_exceeded, "not sent within send_timeout: the other end does not read"};
}

void raw_core::expire_sends() {
  sends_armed_ = time_point::max();
  const time_point now = clock_->now();
  const error why = nothing_left();
  std::vector<std::unique_ptr<operation<void>>> late;
  std::vector<std::unique_ptr<operation<raw_message>>> late_asks;
  time_point next = time_point::max();
  std::erase_if(sends_, [&](sending& one) {
    if (one.deadline > now) {
      next = std::min(next, one.deadline);
      return false;
    }
    let_go(one);
    if (one.done) late.push_back(std::move(one.done));
    else if (auto answer = take_out(receives_, one.of)) late_asks.push_back(std::move(answer));
    return true;
  });
  arm_sends(next);
  for (auto& one : late) one.release()->finish(why);
  for (auto& one : late_asks) one.release()->finish(why);
  send_waiting();
}

void raw_core::let_go(const sending& one) noexcept {
  const std::size_t room = room_of(one.message);
  if (one.counted) {
    posted_ -= room;
  } else {
    held_ -= room;
    --waiting_;
  }
}

result<> raw_core::try_send(raw_message& message) {
  if (send_at_once(message)) return {};
  const phase now = phase_;
  if (now == phase::closing || now == phase::closed) return not_connected();
  if (!may_be_sent(message)) return not_utf8();
  const std::size_t size = room_of(message);
  const std::size_t before = posted_.fetch_add(size);
  if (waiting_ != 0 || (before + queued_ != 0 && before + queued_ + size > options_.max_queue)) {
    posted_ -= size;
    return too_much();
  }
  const bool handed_over = on_executor([message = std::move(message)](raw_core& self) mutable {
    if (!self.connect_if_idle()) return;
    self.sends_.push_back({0, std::move(message), nullptr, time_point::max(), true});
    self.send_waiting();
  });
  if (handed_over) return {};
  return not_connected();
}

void raw_core::send_waiting() {
  while (phase_ == phase::open && !sends_.empty()) {
    const std::size_t size = room_of(sends_.front().message);
    if (!room_to_send(sends_.front().message)) {
      // on_drained() is called when there is room for exactly this message.
      const std::size_t enough = options_.max_queue - std::min(size, options_.max_queue);
      link_->set_water_marks(enough, enough);
      break;
    }
    sending next = std::move(sends_.front());
    sends_.pop_front();
    let_go(next);
    const message_kind kind = next.message.kind();
    link_->send_owned(std::move(next.message).text(), kind);
    if (next.done) finish<void>(std::move(next.done), {});
  }
  if (sends_.empty() && phase_ == phase::open) {
    link_->set_water_marks(0, 0);
    queued_ = link_->buffered_amount();
  }
}

void raw_core::on_drained() {
  queued_ = link_ ? link_->buffered_amount() : 0;
  send_waiting();
}

// If the message of a cancelled ask has not been sent yet, it is dropped, because its answer is not
// wanted any more.
bool raw_core::take_back(ticket of) {
  const auto it = std::find_if(sends_.begin(), sends_.end(), [of](const sending& one) { return one.of == of && !one.counted; });
  if (it == sends_.end()) return false;
  let_go(*it);
  sends_.erase(it);
  return true;
}

}  // namespace parley
