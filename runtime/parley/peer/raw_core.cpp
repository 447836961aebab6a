#include "parley/peer/raw_core.hpp"

#include "parley/transport/loopback.hpp"
#include "parley/transport/websocket.hpp"
#include "parley/wire/utf8.hpp"

#include <asio/post.hpp>

#include <algorithm>
#include <utility>

namespace parley {
namespace {

// What a message that waits costs beside its bytes, so that empty ones are bounded too.
constexpr std::size_t message_room = 64;

error closed_here() { return {errc::cancelled, "closed here"}; }
error not_connected() { return {errc::disconnected, "not connected"}; }
error not_utf8() { return {errc::invalid, "text to be sent is not UTF-8"}; }
error taken_by_handler() { return {errc::invalid, "on_message takes every message"}; }
error nothing_came() { return {errc::deadline_exceeded, "no message has come"}; }
error too_many() { return {errc::overloaded, "too many operations wait"}; }

// So that what means "for ever" can be added to a time point.
raw_options bounded(raw_options options) {
  constexpr std::chrono::hours year(365 * 24);
  options.connect_timeout = std::min<std::chrono::milliseconds>(options.connect_timeout, year);
  options.close_timeout = std::min<std::chrono::milliseconds>(options.close_timeout, year);
  return options;
}

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
      options_(bounded(std::move(options))),
      home_(std::move(where)),
      clock_(options_.clock ? options_.clock : transport::steady_clock()),
      phase_alarm_(clock_->make_alarm(home_.executor())),
      receive_alarm_(clock_->make_alarm(home_.executor())) {}

template <class F>
bool raw_core::on_executor(F f) {
  std::lock_guard lock(mutex_);
  if (left_) return false;
  asio::post(home_.executor(), [self = shared_from_this(), f = std::move(f)]() mutable { f(*self); });
  return true;
}

template <class T, class F>
void raw_core::on_executor(std::unique_ptr<operation<T>> done, F f) {
  {
    std::lock_guard lock(mutex_);
    if (!left_) {
      asio::post(home_.executor(),
                 [self = shared_from_this(), done = std::move(done), f = std::move(f)]() mutable { f(*self, std::move(done)); });
      return;
    }
  }
  done.release()->finish_late();
}

raw_core::facts raw_core::known() const {
  std::lock_guard lock(mutex_);
  return facts_;
}

// --- the connection

void raw_core::connect(ticket of, std::unique_ptr<operation<void>> done) {
  on_executor(std::move(done), [of](raw_core& self, std::unique_ptr<operation<void>> asked) {
    if (!self.lives()) return asked.release()->finish(*self.error_);
    if (self.phase_ == phase::open) return asked.release()->finish({});
    self.connects_.push_back({of, std::move(asked)});
  });
}

bool raw_core::lives() {
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
  connect.limits.max_message = options_.max_message;
  connect.limits.handshake = options_.connect_timeout;
  connect.manners = options_.manners;
  abandon_ = options_.loopback ? options_.loopback->connect(home_.executor(), std::move(connect), shared_from_this())
                               : transport::websocket_connect(home_.executor(), std::move(connect), shared_from_this());
  // The transport has a limit of its own; this one is on the clock that tests turn.
  phase_alarm_->set(clock_->now() + options_.connect_timeout, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->give_up_connecting({errc::deadline_exceeded, "connecting took too long"});
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
  if (!subprotocol.empty() && std::find(offered.begin(), offered.end(), subprotocol) == offered.end()) {
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
    const auto self = weak.lock();
    if (!self) return;
    const auto handler = self->pong_handler_;
    if (handler) handler();
  });
  look_at_reading();
  // What was asked for first leaves first; only then does anybody hear that the connection is open.
  send_waiting();
  for (auto& one : std::exchange(connects_, {})) one.done.release()->finish({});
}

void raw_core::on_closed(const transport::close_reason& why, const error& how) {
  if (!error_) error_ = how;
  over(why, *error_);
}

void raw_core::over(const transport::close_reason& why, const error& how) {
  phase_ = phase::closed;
  link_.reset();
  abandon_ = nullptr;
  phase_alarm_->clear();
  {
    std::lock_guard lock(mutex_);
    facts_.ended = why;
  }
  end_operations(how);
  for (auto& one : std::exchange(closes_, {})) one.done.release()->finish({});
  if (leaving_) return finish_leaving();
  const auto handler = std::exchange(closed_handler_, nullptr);
  if (handler && !left_) handler(how);
}

void raw_core::end_operations(const error& why) {
  receive_alarm_->clear();
  armed_ = time_point::max();
  posted_ = 0;
  queued_ = 0;
  waiting_ = 0;
  for (auto& one : std::exchange(connects_, {})) one.done.release()->finish(why);
  for (auto& one : std::exchange(sends_, {}))
    if (one.done) one.done.release()->finish(why);
  for (auto& one : std::exchange(receives_, {})) one.done.release()->finish(why);
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
  error_ = std::move(why);
  link_->close(code, reason);
  phase_alarm_->set(clock_->now() + options_.close_timeout, [weak = weak_from_this()] {
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
  on_executor([handler = std::move(handler)](raw_core& self) mutable { self.closed_handler_ = std::move(handler); });
}
void raw_core::on_pong(std::function<void()> handler) {
  on_executor([handler = std::move(handler)](raw_core& self) mutable { self.pong_handler_ = std::move(handler); });
}

// --- messages out

bool raw_core::may_be_sent(const raw_message& message) const {
  return !message.is_text() || options_.manners.any_text || is_utf8(message.text());
}

void raw_core::send(ticket of, raw_message message, std::unique_ptr<operation<void>> done) {
  const bool sound = may_be_sent(message);
  on_executor(std::move(done), [of, sound, message = std::move(message)](raw_core& self, std::unique_ptr<operation<void>> asked) mutable {
    if (!sound) return asked.release()->finish(not_utf8());
    if (!self.lives()) return asked.release()->finish(*self.error_);
    if (!self.room_for(self.sends_.size())) return asked.release()->finish(too_many());
    self.sends_.push_back({of, std::move(message), std::move(asked), false});
    ++self.waiting_;
    self.send_waiting();
  });
}

result<> raw_core::try_send(raw_message& message) {
  const phase now = phase_;
  if (now == phase::closing || now == phase::closed) return not_connected();
  if (!may_be_sent(message)) return not_utf8();
  const std::size_t size = message.size() + message_room;
  const std::size_t before = posted_.fetch_add(size);
  if (waiting_ != 0 || (before + queued_ != 0 && before + queued_ + size > options_.max_queue)) {
    posted_ -= size;
    return error{errc::overloaded, "too much is waiting to be sent"};
  }
  const bool handed_over = on_executor([message = std::move(message)](raw_core& self) mutable {
    if (!self.lives()) return;
    self.sends_.push_back({0, std::move(message), nullptr, true});
    self.send_waiting();
  });
  if (handed_over) return {};
  return not_connected();
}

void raw_core::send_waiting() {
  while (phase_ == phase::open && !sends_.empty()) {
    const std::size_t size = sends_.front().message.size() + message_room;
    const std::size_t used = link_->buffered_amount();
    if (used != 0 && used + size > options_.max_queue) {
      // on_drained says when there is room for just this one.
      const std::size_t enough = options_.max_queue - std::min(size, options_.max_queue);
      link_->set_water_marks(enough, enough);
      break;
    }
    sending next = std::move(sends_.front());
    sends_.pop_front();
    link_->send_copy(next.message.bytes(), next.message.kind());
    if (next.counted) posted_ -= size;
    else --waiting_;
    if (next.done) next.done.release()->finish({});
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

// --- messages in

void raw_core::receive(ticket of, std::optional<duration> within, std::unique_ptr<operation<raw_message>> done) {
  ++first_in_line_;
  on_executor(std::move(done), [of, within](raw_core& self, std::unique_ptr<operation<raw_message>> asked) {
    self.begin_receiving(of, within, std::move(asked));
  });
}

void raw_core::ask(ticket of, raw_message message, std::optional<duration> within, std::unique_ptr<operation<raw_message>> done) {
  const bool sound = may_be_sent(message);
  ++first_in_line_;
  on_executor(std::move(done),
              [of, sound, within, message = std::move(message)](raw_core& self, std::unique_ptr<operation<raw_message>> asked) mutable {
                if (const auto refused = self.why_not_ask(sound)) {
                  --self.first_in_line_;
                  return asked.release()->finish(*refused);
                }
                self.sends_.push_back({of, std::move(message), nullptr, false});
                ++self.waiting_;
                self.send_waiting();
                self.begin_receiving(of, within, std::move(asked));
              });
}

std::optional<error> raw_core::why_not_ask(bool sound) {
  if (!sound) return not_utf8();
  if (message_handler_) return taken_by_handler();
  if (!lives()) return error_;
  if (!room_for(std::max(sends_.size(), receives_.size()))) return too_many();
  return std::nullopt;
}

void raw_core::begin_receiving(ticket of, std::optional<duration> within, std::unique_ptr<operation<raw_message>> done) {
  --first_in_line_;
  if (message_handler_) return done.release()->finish(taken_by_handler());
  if (auto next = take()) return done.release()->finish(std::move(*next));
  if (!lives()) return done.release()->finish(*error_);
  if (!room_for(receives_.size())) return done.release()->finish(too_many());
  time_point deadline = time_point::max();
  if (within || options_.receive_timeout != duration::zero()) {
    const duration limit = within.value_or(options_.receive_timeout);
    if (limit <= duration::zero()) return done.release()->finish(nothing_came());
    const time_point now = clock_->now();
    if (limit < time_point::max() - now) deadline = now + limit;
  }
  receives_.push_back({of, deadline, std::move(done)});
  arm_receives(deadline);
}

std::optional<raw_message> raw_core::pop() {
  const std::lock_guard lock(inbox_mutex_);
  if (inbox_.empty()) return std::nullopt;
  raw_message next = std::move(inbox_.front());
  inbox_.pop_front();
  inbox_bytes_ -= next.size() + message_room;
  return next;
}

std::optional<raw_message> raw_core::take() {
  std::optional<raw_message> next = pop();
  look_at_reading();
  return next;
}

std::optional<raw_message> raw_core::take_at_once() {
  if (first_in_line_ != 0 || inbox_bytes_ == 0) return std::nullopt;
  std::optional<raw_message> next = pop();
  // Whichever of the two comes second, this or the pausing, sees the other.
  if (next && paused_ && inbox_bytes_ <= options_.max_read_ahead / 2) on_executor([](raw_core& self) { self.look_at_reading(); });
  return next;
}

void raw_core::on_message(bytes_view content, transport::opcode kind) {
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
    inbox_bytes_ += message.size() + message_room;
    inbox_.push_back(std::move(message));
  }
  look_at_reading();
}

void raw_core::look_at_reading() {
  while (phase_ == phase::open) {
    // Half of it first, so that a full inbox does not pause and resume with every message. Again after each change: see take_at_once().
    const std::size_t bytes = inbox_bytes_;
    const bool pause = paused_by_user_ || (bytes != 0 && bytes > (paused_ ? options_.max_read_ahead / 2 : options_.max_read_ahead));
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
  if (takes) ++first_in_line_;
  on_executor([takes, handler = std::move(handler)](raw_core& self) mutable {
    if (self.leaving_) return;
    if (self.message_handler_) --self.first_in_line_;
    self.message_handler_ = takes ? std::make_shared<std::function<void(const raw_message&)>>(std::move(handler)) : nullptr;
    if (!takes) return;
    for (auto& one : std::exchange(self.receives_, {})) one.done.release()->finish(taken_by_handler());
    self.hand_over();
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
  if (left_) return;
  const auto handler = message_handler_;  // it may be taken away meanwhile
  try {
    (*handler)(message);
  } catch (...) {
    if (phase_ == phase::open) begin_closing(1011, "a handler failed", {errc::failed, "a handler failed"});
  }
}

// An alarm that rings for nobody is cheaper than one that is set anew with every message.
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
  std::vector<std::unique_ptr<operation<raw_message>>> late;
  time_point next = time_point::max();
  std::erase_if(receives_, [&](receiving& one) {
    if (one.deadline > now) {
      next = std::min(next, one.deadline);
      return false;
    }
    take_back(one.of);
    late.push_back(std::move(one.done));
    return true;
  });
  arm_receives(next);
  for (auto& one : late) one.release()->finish(nothing_came());
}

// What an ask has not sent yet will not be: nobody waits for the answer.
void raw_core::take_back(ticket of) {
  const auto it = std::find_if(sends_.begin(), sends_.end(), [of](const sending& one) { return one.of == of && !one.counted; });
  if (it == sends_.end()) return;
  sends_.erase(it);
  --waiting_;
}

void raw_core::cancel(ticket of) {
  on_executor([of](raw_core& self) {
    if (auto done = take_out(self.receives_, of)) {
      self.take_back(of);
      return done.release()->finish(errc::cancelled);
    }
    if (auto done = take_out(self.sends_, of)) {
      --self.waiting_;
      done.release()->finish(errc::cancelled);
      return self.send_waiting();
    }
    for (auto* all : {&self.connects_, &self.closes_})
      if (auto done = take_out(*all, of)) return done.release()->finish(errc::cancelled);
  });
}

// --- the end

void raw_core::run_on_own_thread(std::shared_ptr<own_loop> loop) {
  // The thread owns the loop and nothing else: the last owner of the core may well be something that waits on that loop.
  thread_ = std::thread([loop = std::move(loop)] {
    loop->run();
    loop->shut_down();
  });
}

void raw_core::join() {
  if (!thread_.joinable()) return;
  if (thread_.get_id() == std::this_thread::get_id()) thread_.detach();
  else thread_.join();
}

void raw_core::leave() {
  std::lock_guard lock(mutex_);
  if (left_.exchange(true)) return;
  asio::post(home_.executor(), [self = shared_from_this()] { self->say_goodbye(); });
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
  // What is left of this object may be destroyed in any thread: nothing of the loop's stays in it.
  untie();
  phase_alarm_.reset();
  receive_alarm_.reset();
  if (own_loop* loop = home_.loop()) loop->end();
  asio::post(home_.executor(), [self = shared_from_this()] {});  // not the last owner in the middle of its own function
}

void raw_core::sever() noexcept {
  const auto keep = weak_from_this().lock();
  {
    std::lock_guard lock(mutex_);
    left_ = true;
  }
  phase_ = phase::closed;
  link_.reset();
  abandon_ = nullptr;
  phase_alarm_.reset();
  receive_alarm_.reset();
  const auto connects = std::exchange(connects_, {});
  const auto closes = std::exchange(closes_, {});
  const auto sends = std::exchange(sends_, {});
  const auto receives = std::exchange(receives_, {});
  const auto on_message = std::exchange(message_handler_, nullptr);
  const auto on_closed = std::exchange(closed_handler_, nullptr);
  const auto on_pong = std::exchange(pong_handler_, nullptr);
}

}  // namespace parley
