#include "parley/transport/lifeline.hpp"
#include "parley/transport/transport.hpp"

#include <asio/steady_timer.hpp>

#include <optional>
#include <system_error>
#include <utility>

namespace parley::transport {
namespace {

// A wait that was cancelled may already stand in the executor's queue; its number tells that it no longer counts.
struct pending {
  std::uint64_t number = 0;
  std::function<void()> ring;
};

class steady_alarm final : public alarm, private tethered {
 public:
  explicit steady_alarm(const asio::any_io_executor& on) : tethered(on), timer_(std::in_place, on) {}
  ~steady_alarm() override { clear(); }

  void set(time_point when, std::function<void()> ring) override {
    clear();
    if (!timer_) return;
    pending_->ring = std::move(ring);
    timer_->expires_at(when);
    timer_->async_wait([pending = pending_, number = pending_->number](std::error_code) {
      if (pending->number != number) return;
      ++pending->number;
      std::exchange(pending->ring, nullptr)();
    });
  }

  void clear() override {
    ++pending_->number;
    if (timer_) timer_->cancel();
    const auto forgotten = std::exchange(pending_->ring, nullptr);  // last: what it holds may be this alarm's owner
  }

 private:
  void sever() noexcept override {
    timer_.reset();
    const auto forgotten = std::exchange(pending_->ring, nullptr);
  }

  std::optional<asio::steady_timer> timer_;
  std::shared_ptr<pending> pending_ = std::make_shared<pending>();
};

class real_clock final : public clock {
 public:
  time_point now() const override { return steady::now(); }
  std::unique_ptr<alarm> make_alarm(const asio::any_io_executor& on) override { return std::make_unique<steady_alarm>(on); }
};

}  // namespace

std::shared_ptr<clock> steady_clock() { return std::make_shared<real_clock>(); }

}  // namespace parley::transport
