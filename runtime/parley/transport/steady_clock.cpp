// The real clock. All alarms of one executor share one timer of Asio's: a server has one for each connection, and hardly any ever rings.
#include "parley/transport/clock.hpp"
#include "parley/transport/timer_wheel.hpp"

#include <asio/execution/context.hpp>
#include <asio/execution_context.hpp>
#include <asio/query.hpp>
#include <asio/steady_timer.hpp>

#include <algorithm>
#include <mutex>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

namespace parley::transport {
namespace {

using tick = timer_wheel::tick;
constexpr auto tick_length = std::chrono::milliseconds(2);  // how much too late an alarm may be, beside what the system adds

// The first tick that is not before `when`: alarms are never early.
tick tick_of(time_point when) {
  const auto since = when.time_since_epoch();
  if (since.count() <= 0) return 0;
  return static_cast<tick>(since / tick_length) + (since % tick_length == since.zero() ? 0 : 1);
}
time_point time_of(tick t) { return time_point(tick_length * static_cast<std::int64_t>(t)); }

class steady_alarm;

// The alarms of one executor. Used on that executor only, but for being made, held and let go.
class alarms final : public std::enable_shared_from_this<alarms> {
 public:
  explicit alarms(const asio::any_io_executor& on) : io_(std::in_place, on) {}

  bool on(const asio::any_io_executor& executor) const { return io_ && io_->on == executor; }
  void set(steady_alarm&, time_point when);
  void clear(steady_alarm&) noexcept;
  // The context is going. Every alarm lets go of what it would have called.
  void sever() noexcept;

 private:
  struct io {
    explicit io(const asio::any_io_executor& executor) : on(executor), timer(executor) {}
    asio::any_io_executor on;
    asio::steady_timer timer;
  };
  void wait();
  void woken();
  void ring_due();

  std::optional<io> io_;  // gone with its context
  timer_wheel wheel_;
  tick awaited_ = timer_wheel::never;
  std::uint64_t waits_ = 0;  // a wait that was cancelled may already stand in the executor's queue
  std::uint64_t set_ = 0;
  std::vector<steady_alarm*> due_;  // ringing now, the last first; null: taken back meanwhile
};

class steady_alarm final : public alarm, public timer_wheel::node {
 public:
  explicit steady_alarm(std::shared_ptr<alarms> all) : all_(std::move(all)) {}
  ~steady_alarm() override {
    if (ringing_) ringing_->alarm = nullptr;
    clear();
  }

  void set(time_point when, std::function<void()> ring) override {
    if (ringing_) ringing_->keep = false;
    const auto forgotten = std::exchange(ring_, std::move(ring));
    set_again(when);
  }
  void set_again(time_point when) override {
    when_ = when;
    all_->set(*this, when);
  }
  void clear() override {
    all_->clear(*this);
    if (ringing_) ringing_->keep = false;
    const auto forgotten = std::exchange(ring_, nullptr);  // last: what it holds may be this alarm's owner
  }

 private:
  friend class alarms;
  const std::shared_ptr<alarms> all_;
  std::function<void()> ring_;
  time_point when_{};
  std::uint64_t number_ = 0;   // of the setting, so that those of one time ring in order
  std::size_t due_place_ = 0;  // among those that ring now, from 1; 0: it does not

  // While it calls: the alarm may go, or be given something else to call.
  struct ringing {
    explicit ringing(steady_alarm& one) : alarm(&one), ring(std::exchange(one.ring_, nullptr)) { one.ringing_ = this; }
    ~ringing() {
      if (!alarm) return;
      alarm->ringing_ = nullptr;
      if (keep) alarm->ring_ = std::move(ring);  // for set_again()
    }
    steady_alarm* alarm;
    std::function<void()> ring;
    bool keep = true;
  };
  ringing* ringing_ = nullptr;
};

void alarms::set(steady_alarm& one, time_point when) {
  clear(one);
  if (!io_) {
    const auto forgotten = std::exchange(one.ring_, nullptr);
    return;
  }
  if (wheel_.empty()) wheel_.start_at(static_cast<tick>(steady::now().time_since_epoch() / tick_length));
  one.number_ = ++set_;
  wheel_.add(one, tick_of(when));
  wait();
}

void alarms::clear(steady_alarm& one) noexcept {
  if (one.due_place_ != 0) due_[std::exchange(one.due_place_, 0) - 1] = nullptr;
  if (!one.waits()) return;
  wheel_.remove(one);
  if (!wheel_.empty()) return;
  // A timer that waits for nobody would keep the loop from running out.
  awaited_ = timer_wheel::never;
  ++waits_;
  if (io_) io_->timer.cancel();
}

void alarms::wait() {
  const tick next = wheel_.next();
  if (next >= awaited_) return;
  awaited_ = next;
  io_->timer.expires_at(time_of(next));
  io_->timer.async_wait([self = shared_from_this(), number = ++waits_](std::error_code) {
    if (self->waits_ == number) self->woken();
  });
}

void alarms::woken() {
  awaited_ = timer_wheel::never;
  // An alarm may end the loop, which severs, or throw: what is due rings in the next turn then.
  struct wait_again {
    alarms& all;
    ~wait_again() {
      for (auto* one : all.due_)
        if (one) all.wheel_.add(*one, std::exchange(one->due_place_, 0));
      all.due_.clear();
      if (all.io_ && !all.wheel_.empty()) all.wait();
    }
  } const finally{*this};
  ring_due();
}

void alarms::ring_due() {
  const auto now = static_cast<tick>(steady::now().time_since_epoch() / tick_length);
  while (timer_wheel::node* const one = wheel_.turn(now)) due_.push_back(static_cast<steady_alarm*>(one));
  std::sort(due_.begin(), due_.end(),
            [](const steady_alarm* a, const steady_alarm* b) { return std::pair(a->when_, a->number_) > std::pair(b->when_, b->number_); });
  for (std::size_t i = 0; i < due_.size(); ++i) due_[i]->due_place_ = i + 1;
  while (!due_.empty()) {
    steady_alarm* const one = due_.back();
    due_.pop_back();
    if (!one) continue;
    one->due_place_ = 0;
    const steady_alarm::ringing now_calling(*one);
    if (now_calling.ring) now_calling.ring();
  }
}

void alarms::sever() noexcept {
  io_.reset();
  // Dropping what one would have called may take others along.
  while (timer_wheel::node* const one = wheel_.turn(timer_wheel::never - 1)) {
    auto& severed = *static_cast<steady_alarm*>(one);
    const auto forgotten = std::exchange(severed.ring_, nullptr);
  }
}

// One for each execution context: who asks for an alarm on an executor that has some joins them.
class alarms_of_context final : public asio::execution_context::service {
 public:
  inline static asio::execution_context::id id;
  explicit alarms_of_context(asio::execution_context& context) : service(context) {}

  std::shared_ptr<alarms> on(const asio::any_io_executor& executor) {
    const std::lock_guard lock(guard_);
    // The youngest first: those of one server or client ask one after the other.
    for (std::size_t i = all_.size(); i-- > 0;) {
      if (auto one = all_[i].lock()) {
        if (one->on(executor)) return one;
      } else {
        all_.erase(all_.begin() + static_cast<std::ptrdiff_t>(i));
      }
    }
    auto made = std::make_shared<alarms>(executor);
    all_.push_back(made);
    return made;
  }

 private:
  void shutdown() override {
    std::vector<std::weak_ptr<alarms>> all;
    {
      const std::lock_guard lock(guard_);
      all.swap(all_);
    }
    for (const auto& one : all)
      if (const auto still = one.lock()) still->sever();
  }

  std::mutex guard_;  // strands of one context ask at the same time
  std::vector<std::weak_ptr<alarms>> all_;
};

class real_clock final : public clock {
 public:
  time_point now() const override { return steady::now(); }
  // The time of the kernel's last tick, on the same scale.
  time_point roughly_now() const override {
    std::timespec at{};
    ::clock_gettime(CLOCK_MONOTONIC_COARSE, &at);
    return time_point(std::chrono::seconds(at.tv_sec) + std::chrono::nanoseconds(at.tv_nsec));
  }
  std::unique_ptr<alarm> make_alarm(const asio::any_io_executor& on) override {
    asio::execution_context& context = asio::query(on, asio::execution::context_as<asio::execution_context&>);
    return std::make_unique<steady_alarm>(asio::use_service<alarms_of_context>(context).on(on));
  }
};

}  // namespace

std::shared_ptr<clock> steady_clock() { return std::make_shared<real_clock>(); }

}  // namespace parley::transport
