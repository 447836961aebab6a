#include "parley/raw/raw_core.hpp"

#include "parley/ends/address.hpp"
#include "parley/transport/network.hpp"
#include "parley/wire/utf8.hpp"

#include <algorithm>
#include <utility>

namespace parley {
namespace {

error closed_here() { return {errc::cancelled, "closed here"}; }
error not_connected() { return {errc::disconnected, "not connected"}; }

template <class Waiting>
auto take_out(Waiting& all, std::uint64_t of) {
  decltype(all.front().done) found;
  const auto it = std::find_if(all.begin(), all.end(), [of](const auto& one) { return one.of == of && one.done; });
  if (it != all.end()) {
    found = std::move(it->done);
    all.erase(it);
  }
  return found;
}

}  // namespace

raw_core::raw_core(std::string url, raw_options options, home where)
    : tethered(where.executor()),
      url_(std::move(url)),
      tls_(loaded_tls(url_, options.loopback, options.tls)),
      options_(std::move(options)),
      home_(std::move(where)),
      gate_(home_.executor()),
      clock_(options_.clock ? options_.clock : transport::steady_clock()),
      phase_alarm_(clock_->make_alarm(home_.executor())),
      receive_alarm_(clock_->make_alarm(home_.executor())),
      send_alarm_(clock_->make_alarm(home_.executor())) {}

void raw_core::run_on_own_thread() {
  const auto loop = home_.own();
  shared_ = std::make_shared<shared_loop>(loop);
  thread_.run(loop, shared_);
}

raw_core::raw_core(raw_options options, home where, raw_request asked)
    : tethered(where.executor()),
      asked_(std::move(asked)),
      options_(std::move(options)),
      home_(std::move(where)),
      gate_(home_.executor()),
      clock_(options_.clock ? options_.clock : transport::steady_clock()),
      phase_(phase::connecting),
      phase_alarm_(clock_->make_alarm(home_.executor())),
      receive_alarm_(clock_->make_alarm(home_.executor())),
      send_alarm_(clock_->make_alarm(home_.executor())) {}

void raw_core::serve_as(std::function<void(const std::shared_ptr<raw_core>&)> opened, std::function<void()> over) {
  when_served_ = std::move(opened);
  when_over_ = std::move(over);
}

raw_core::facts raw_core::known() const {
  std::lock_guard lock(mutex_);
  return facts_;
}

// --- The connection.

void raw_core::connect(ticket of, std::unique_ptr<operation<void>> done) {
  on_executor(std::move(done), [of](raw_core& self, std::unique_ptr<operation<void>> asked) {
    if (!self.connect_if_idle()) return asked.release()->finish(*self.error_);
    if (self.phase_ == phase::open) return asked.release()->finish({});
    self.connects_.push_back({of, std::move(asked)});
  });
}

bool raw_core::connect_if_idle() {
  if (phase_ == phase::idle) begin_connecting();
  return phase_ == phase::connecting || phase_ == phase::open;
}

void raw_core::begin_connecting() {
  phase_ = phase::connecting;
  transport::connect_options connect;
  connect.url = url_;
  connect.subprotocols = options_.subprotocols;
  for (const auto& [name, value] : options_.headers) connect.headers.push_back({name, value});
  connect.origin = options_.origin;
  connect.proxy = options_.proxy;
  connect.tls = tls_;
  connect.limits.max_message = options_.max_message;
  connect.limits.handshake = options_.connect_timeout;
  connect.manners = options_.manners;
  abandon_ = transport::network_for(url_, options_.loopback).connect(home_.executor(), std::move(connect), shared_from_this());
  // The transport has a limit of its own. This one uses the clock of the options, which tests can
  // control.
  phase_alarm_->set(saturating_add(clock_->now(), options_.connect_timeout), [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->give_up_connecting({errc::deadline_exceeded, "connecting took longer than connect_timeout"});
  });
}

// on_closed follows.
void raw_core::give_up_connecting(error why) {
  error_ = std::move(why);
  phase_ = phase::closing;
  if (const auto abandon = std::exchange(abandon_, nullptr)) abandon();
}

void raw_core::on_open(std::shared_ptr<transport::connection> to, std::string_view subprotocol) {
  abandon_ = nullptr;
  link_ = std::move(to);
  if (phase_ != phase::connecting) return link_->abort();  // given up meanwhile
  const auto& offered = options_.subprotocols;
  const auto served = std::exchange(when_served_, nullptr);
  if (!served && !subprotocol.empty() && std::find(offered.begin(), offered.end(), subprotocol) == offered.end()) {
    give_up_connecting({errc::bad_frame, "the server chose a subprotocol that was not offered"});
    return link_->abort();
  }
  phase_alarm_->clear();
  {
    std::lock_guard lock(mutex_);
    facts_ = {std::string(subprotocol), link_->local(), link_->remote(), {0, {}}};
  }
  phase_ = phase::open;
  link_->set_water_marks(0, 0);
  link_->on_pong([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->call_pong_handler();
  });
  look_at_reading();
  // Messages that were queued before leave first. Only then do the operations that wait for the
  // connection complete.
  send_waiting();
  const time_point deadline = deadline_after(options_.send_timeout);
  for (sending& one : sends_)
    if (!one.counted) one.deadline = deadline;
  if (!sends_.empty()) arm_sends(deadline);
  for (auto& one : std::exchange(connects_, {})) one.done.release()->finish({});
  // The loopback and a manual clock make progress only in turns of the loop.
  if (shared_ && !options_.loopback && !options_.clock) shared_->share();
  if (served) served(shared_from_this());
}

void raw_core::on_closed(const transport::close_reason& why, const error& how) {
  if (!error_) error_ = how;
  over(why, *error_);
}

void raw_core::over(const transport::close_reason& why, const error& how) {
  phase_ = phase::closed;
  no_visitors();
  link_.reset();
  abandon_ = nullptr;
  phase_alarm_->clear();
  {
    std::lock_guard lock(mutex_);
    facts_.ended = why;
  }
  end_operations(how);
  for (auto& one : std::exchange(closes_, {})) one.done.release()->finish({});
  when_served_ = nullptr;
  if (const auto told = std::exchange(when_over_, nullptr)) told();
  if (leaving_) return finish_leaving();
  call_closed_handler();
}

void raw_core::call_closed_handler() {
  const auto handler = std::exchange(closed_handler_, nullptr);
  if (!handler || gate_.is_shut()) return;
  try {
    handler(*error_);
  } catch (...) {}  // there is nothing left to close
}

void raw_core::call_pong_handler() {
  const auto handler = pong_handler_;  // it may be taken away meanwhile
  if (!handler || gate_.is_shut()) return;
  try {
    handler();
  } catch (...) { handler_failed(); }
}

void raw_core::handler_failed() {
  if (phase_ == phase::open) begin_closing(1011, "a handler failed", {errc::failed, "a handler failed"});
}

void raw_core::close_here(std::uint16_t code, std::string reason) {
  const auto begin = [code, reason = std::move(reason)](raw_core& self) {
    if (self.phase_ == phase::open) self.begin_closing(code, reason, closed_here());
  };
  if (home_.inside()) begin(*this);  // before a goodbye that is on its way
  else on_executor(begin);
}

void raw_core::end_operations(const error& why) {
  receive_alarm_->clear();
  send_alarm_->clear();
  armed_ = sends_armed_ = time_point::max();
  queued_ = 0;
  for (auto& one : std::exchange(connects_, {})) one.done.release()->finish(why);
  auto receives = std::exchange(receives_, {});
  for (receiving& one : receives) one.asked = one.asked && !take_back(one.of);
  for (auto& one : std::exchange(sends_, {})) {
    let_go(one);
    if (one.done) one.done.release()->finish(why);
  }
  for (auto& one : receives) one.done.release()->finish(after_asking(why, one.asked));
}

void raw_core::close(ticket of, std::uint16_t code, std::string reason, std::unique_ptr<operation<void>> done) {
  on_executor(std::move(done), [of, code, reason = std::move(reason)](raw_core& self, std::unique_ptr<operation<void>> asked) {
    if (self.phase_ == phase::idle) {
      self.error_ = closed_here();
      self.over({1006, {}}, *self.error_);
    }
    if (self.phase_ == phase::closed) return asked.release()->finish({});
    self.closes_.push_back({of, std::move(asked)});
    if (self.phase_ != phase::closing) self.begin_closing(code, reason, closed_here());
  });
}

void raw_core::begin_closing(std::uint16_t code, std::string_view reason, error why) {
  if (phase_ == phase::connecting) return give_up_connecting(std::move(why));
  phase_ = phase::closing;
  no_visitors();
  error_ = std::move(why);
  link_->close(code, reason);
  phase_alarm_->set(saturating_add(clock_->now(), options_.close_timeout), [weak = weak_from_this()] {
    if (const auto self = weak.lock(); self && self->link_) self->link_->abort();
  });
  end_operations(*error_);
}

void raw_core::ping() {
  on_executor([](raw_core& self) {
    if (self.phase_ == phase::open) self.link_->ping();
  });
}

void raw_core::on_closed(std::function<void(const error&)> handler) {
  if (handler) has_handlers();
  on_executor([handler = std::move(handler)](raw_core& self) mutable {
    self.closed_handler_ = std::move(handler);
    if (self.phase_ == phase::closed) self.call_closed_handler();
  });
}
void raw_core::on_pong(std::function<void()> handler) {
  if (handler) has_handlers();
  on_executor([handler = std::move(handler)](raw_core& self) mutable { self.pong_handler_ = std::move(handler); });
}

// --- Outgoing messages.

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

// --- Cancellation.

// If the message of a cancelled ask has not been sent yet, it is dropped, because its answer is not
// wanted any more.
bool raw_core::take_back(ticket of) {
  const auto it = std::find_if(sends_.begin(), sends_.end(), [of](const sending& one) { return one.of == of && !one.counted; });
  if (it == sends_.end()) return false;
  let_go(*it);
  sends_.erase(it);
  return true;
}

void raw_core::cancel(ticket of) {
  on_executor([of](raw_core& self) {
    const auto receive = std::find_if(self.receives_.begin(), self.receives_.end(), [of](const receiving& one) { return one.of == of; });
    if (receive != self.receives_.end()) {
      receiving one = std::move(*receive);
      self.receives_.erase(receive);
      const bool may_have_left = one.asked && !self.take_back(of);
      return one.done.release()->finish(after_asking(errc::cancelled, may_have_left));
    }
    const auto it = std::find_if(self.sends_.begin(), self.sends_.end(), [of](const sending& one) { return one.of == of && one.done; });
    if (it != self.sends_.end()) {
      self.let_go(*it);
      auto done = std::move(it->done);
      self.sends_.erase(it);
      done.release()->finish(errc::cancelled);
      return self.send_waiting();
    }
    for (auto* all : {&self.connects_, &self.closes_})
      if (auto done = take_out(*all, of)) return done.release()->finish(errc::cancelled);
  });
}

// --- The end.

void raw_core::leave() {
  has_handlers();  // and waits: the destructor's own thread ends the loop
  gate_.shut(shared_from_this(), [](raw_core& self) { self.say_goodbye(); });
}

void raw_core::say_goodbye() {
  leaving_ = true;
  message_handler_ = nullptr;
  closed_handler_ = nullptr;
  pong_handler_ = nullptr;
  switch (phase_.load()) {
    case phase::idle:
      phase_ = phase::closed;
      [[fallthrough]];
    case phase::closed:
      return finish_leaving();
    case phase::connecting:
    case phase::open:
      begin_closing(1000, {}, closed_here());
      [[fallthrough]];
    case phase::closing:
      return end_operations(errc::cancelled);
  }
}

void raw_core::finish_leaving() {
  // The rest of this object may be destroyed in any thread, so it must not hold anything that belongs
  // to the loop.
  untie();
  phase_alarm_.reset();
  receive_alarm_.reset();
  send_alarm_.reset();
  home_.move_out(shared_from_this());
}

void raw_core::sever() noexcept {
  const auto keep = weak_from_this().lock();
  gate_.shut();
  phase_ = phase::closed;
  link_.reset();
  abandon_ = nullptr;
  phase_alarm_.reset();
  receive_alarm_.reset();
  send_alarm_.reset();
  when_served_ = nullptr;
  when_over_ = nullptr;
  const auto connects = std::exchange(connects_, {});
  const auto closes = std::exchange(closes_, {});
  const auto sends = std::exchange(sends_, {});
  const auto receives = std::exchange(receives_, {});
  const auto on_message = std::exchange(message_handler_, nullptr);
  const auto on_closed = std::exchange(closed_handler_, nullptr);
  const auto on_pong = std::exchange(pong_handler_, nullptr);
}

}  // namespace parley
