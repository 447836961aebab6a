#include "parley/raw/raw_core.hpp"

#include "parley/ends/address.hpp"
#include "parley/transport/network.hpp"

#include <algorithm>
#include <utility>

namespace parley {
namespace {

error closed_here() { return {errc::cancelled, "closed here"}; }

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
  if (throttle_) throttle_->alarm->clear();
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

// --- Cancellation.

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
  if (throttle_) throttle_->alarm.reset();
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
