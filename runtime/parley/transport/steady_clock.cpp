// The real clock. All alarms of one executor share one Asio timer, because a server has an alarm
// for each connection and hardly any of them ever rings.
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
// An alarm may be this late, in addition to the delay that the system adds.
constexpr auto tick_length = std::chrono::milliseconds(2);

// The first tick that is not before `when`, because alarms never ring early.
tick tick_of(time_point when) {
  const auto since = when.time_since_epoch();
  if (since.count() <= 0) return 0;
  return static_cast<tick>(since / tick_length) + (since % tick_length == since.zero() ? 0 : 1);
}
time_point time_of(tick t) { return time_point(tick_length * static_cast<std::int64_t>(t)); }

class steady_alarm;

// The alarms of one executor. It is used on that executor only, but may be created, held and
// released on any thread.
class alarms final : public std::enable_shared_from_this<alarms> {
 public:
  explicit alarms(const asio::any_io_executor& on) : io_(std::in_place, on) {}

  bool on(const asio::any_io_executor& executor) const { return io_ && io_->on == executor; }
  void set(steady_alarm&, time_point when);
  void clear(steady_alarm&) noexcept;
  // Called when the context is being destroyed. Every alarm releases the function that it would
  // have called.
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

  std::optional<io> io_;  // released before the context is destroyed
  timer_wheel wheel_;
  tick awaited_ = timer_wheel::never;
  // The number of the latest wait. The completion of a cancelled wait may already be in the
  // executor's queue.
  std::uint64_t waits_ = 0;
  std::uint64_t set_ = 0;
  // The alarms that are ringing now, in reverse order. Null: cleared or destroyed meanwhile.
  std::vector<steady_alarm*> due_;
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
    const auto forgotten = std::exchange(ring_, nullptr);  // last, because this function may own the alarm
  }

 private:
  friend class alarms;
  const std::shared_ptr<alarms> all_;
  std::function<void()> ring_;
  time_point when_{};
  // The number of the latest set(), so that alarms of the same time ring in the order in which they
  // were set.
  std::uint64_t number_ = 0;
  // The position in alarms::due_, counted from 1. 0: not in it.
  std::size_t due_place_ = 0;

  // Exists while the alarm's function runs. That function may destroy the alarm or set another
  // function.
  struct ringing {
    explicit ringing(steady_alarm& one) : alarm(&one), ring(std::exchange(one.ring_, nullptr)) { one.ringing_ = this; }
    ~ringing() {
      if (!alarm) return;
      alarm->ringing_ = nullptr;
      if (keep) alarm->ring_ = std::move(ring);  // so that set_again() can use it
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
  // A pending timer without alarms would keep the loop's run() from returning.
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
  // The function of an alarm may throw, or may destroy the loop, which calls sever(). Alarms that
  // are still due ring in the next turn of the loop.
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
  // The release of an alarm's function may destroy other alarms.
  while (timer_wheel::node* const one = wheel_.turn(timer_wheel::never - 1)) {
    auto& severed = *static_cast<steady_alarm*>(one);
    const auto forgotten = std::exchange(severed.ring_, nullptr);
  }
}

// There is one for each execution context. All alarms of one executor join the same `alarms`.
class alarms_of_context final : public asio::execution_context::service {
 public:
  inline static asio::execution_context::id id;
  explicit alarms_of_context(asio::execution_context& context) : service(context) {}

  std::shared_ptr<alarms> on(const asio::any_io_executor& executor) {
    const std::lock_guard lock(guard_);
    // The newest first, because a server or client creates its alarms one after the other.
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

  std::mutex guard_;  // strands of one context create alarms at the same time
  std::vector<std::weak_ptr<alarms>> all_;
};

class real_clock final : public clock {
 public:
  time_point now() const override { return steady::now(); }
  // The time of the kernel's last tick, on the same scale as now().
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
