#include "parley/transport/loopback/manual_clock.hpp"

#include "parley/transport/lifeline.hpp"

#include <asio/post.hpp>

#include <cstdint>
#include <map>
#include <mutex>
#include <utility>

namespace parley {

struct manual_clock::state : std::enable_shared_from_this<state> {
  // The number keeps alarms of the same time in order. It also identifies a ring that was posted
  // and then cancelled.
  using key = std::pair<time_point, std::uint64_t>;
  struct slot {
    // The alarm resets this under the lock, because another thread must not be the last holder of
    // the executor.
    std::optional<asio::any_io_executor> on;
    std::function<void()> ring;
    key when{};
  };

  void post(const std::shared_ptr<slot>& one) {
    asio::post(*one->on, [self = shared_from_this(), one, number = one->when.second] {
      std::function<void()> ring;
      {
        const std::lock_guard lock(self->guard);
        if (one->when.second == number) ring = one->ring, one->when.second = 0;
      }
      if (ring) ring();
    });
  }

  // Returns the alarm's function, so that the caller destroys it outside the lock.
  std::function<void()> forget(slot& one) {
    due.erase(one.when);
    one.when.second = 0;
    return std::exchange(one.ring, nullptr);
  }

  mutable std::mutex guard;
  time_point now{};
  std::uint64_t numbers = 0;
  std::map<key, std::shared_ptr<slot>> due;
};

class manual_clock::one final : public transport::alarm, private transport::tethered {
 public:
  one(std::shared_ptr<state> clock, const asio::any_io_executor& on) : tethered(on), clock_(std::move(clock)) { slot_->on = on; }
  ~one() override {
    untie();
    let_go();
  }

  void set(time_point when, std::function<void()> ring) override {
    std::function<void()> forgotten;
    const std::lock_guard lock(clock_->guard);
    forgotten = clock_->forget(*slot_);
    if (!slot_->on) return;
    slot_->ring = std::move(ring);
    set_locked(when);
  }

  void set_again(time_point when) override {
    const std::lock_guard lock(clock_->guard);
    clock_->due.erase(slot_->when);
    slot_->when.second = 0;
    if (slot_->ring) set_locked(when);
  }

  void clear() override {
    std::function<void()> forgotten;
    const std::lock_guard lock(clock_->guard);
    forgotten = clock_->forget(*slot_);
  }

 private:
  void sever() noexcept override { let_go(); }

  void set_locked(time_point when) {
    slot_->when = {when, ++clock_->numbers};
    if (when <= clock_->now) clock_->post(slot_);
    else clock_->due.emplace(slot_->when, slot_);
  }

  void let_go() noexcept {
    std::function<void()> forgotten;
    const std::lock_guard lock(clock_->guard);
    slot_->on.reset();
    forgotten = clock_->forget(*slot_);
  }

  const std::shared_ptr<state> clock_;
  const std::shared_ptr<state::slot> slot_ = std::make_shared<state::slot>();
};

manual_clock::manual_clock() : state_(std::make_shared<state>()) {}
manual_clock::~manual_clock() = default;

time_point manual_clock::now() const {
  const std::lock_guard lock(state_->guard);
  return state_->now;
}

std::unique_ptr<transport::alarm> manual_clock::make_alarm(const asio::any_io_executor& on) { return std::make_unique<one>(state_, on); }

void manual_clock::advance(steady::duration by, const std::function<void()>& settle) {
  const time_point end = now() + by;
  if (settle) settle();
  for (;;) {
    {
      const std::lock_guard lock(state_->guard);
      const auto first = state_->due.begin();
      if (first == state_->due.end() || first->first.first > end) {
        state_->now = end;
        return;
      }
      state_->now = first->first.first;
      const auto due = first->second;
      state_->due.erase(first);
      state_->post(due);
    }
    if (settle) settle();
  }
}

std::optional<time_point> manual_clock::next() const {
  const std::lock_guard lock(state_->guard);
  if (state_->due.empty()) return std::nullopt;
  return state_->due.begin()->first.first;
}

}  // namespace parley
