// How a server ends without interrupting its clients, and how it sends some of them away.
#include "parley/core/random.hpp"
#include "parley/ends/service.hpp"
#include "parley/server/server_core.hpp"
#include "parley/session/session.hpp"

#include <asio/post.hpp>

#include <chrono>
#include <stdexcept>
#include <utility>

namespace parley {
namespace {

namespace close_code = session::close_code;

// The reasons of a goaway (schema/parley/envelope.fbs).
constexpr std::uint8_t restart = 1;
constexpr std::uint8_t shutdown = 2;
constexpr std::uint8_t overloaded = 3;

// How often a draining server looks whether the last client has left.
constexpr std::chrono::milliseconds look_again{20};
// A client that was sent away may finish what it is doing for so long.
constexpr std::chrono::seconds patience_of_shed{20};

// Between 0 and 1, without 1.
double random_part() { return static_cast<double>(random_number() >> 11) * 0x1p-53; }

std::chrono::milliseconds random_below(std::chrono::milliseconds most) {
  return std::chrono::milliseconds(static_cast<std::int64_t>(static_cast<double>(most.count()) * random_part()));
}

}  // namespace

// --- One loop.

void server_loop::send_off(conversation& end, const sending_off& how) {
  if (departures_.contains(&end)) return;
  const std::chrono::milliseconds retry = random_below(how.spread);
  // No call is refused: the client holds back further calls by itself, and those that are on their
  // way still run.
  if (end.open())
    end.announce_end(
        {.reason = how.reason, .retry_ms = static_cast<std::uint32_t>(retry.count()), .last_id = wire::max_id, .text = how.text});
  const time_point now = server_.clock()->now();
  departures_.add(&end, now + retry, how.latest);
  look_at_departures();
}

void server_loop::look_at_departures() {
  const time_point now = server_.clock()->now();
  const sending_off& how = *sends_off_;
  for (conversation* const end : departures_.take(now, [](const conversation* one) { return one->is_idle(); })) {
    const auto keep = conversations_.find(end);
    if (keep == conversations_.end()) continue;
    const std::shared_ptr<conversation> held = keep->second;
    // The calls that the client has sent meanwhile were not read and may be repeated.
    held->announce_end_now({.reason = how.reason, .text = how.text});
    held->close(how.code, how.text);
  }
  const time_point next = departures_.next();
  if (next == time_point::max()) return leaving_->clear();
  leaving_->set(next, [this, weak = server_.weak_from_this()] {
    if (const auto server = weak.lock()) look_at_departures();
  });
}

void server_loop::drain(const sending_off& how) {
  sends_off_ = how;
  departures_.hurry(how.latest);
  if (!std::exchange(draining_, true)) {
    for (const listening& one : listening_)
      if (!one.at->options.pages_only) one.listener->finish();
  }
  for (const std::shared_ptr<conversation>& end : everybody()) send_off(*end, how);
  look_at_departures();
}

void server_loop::shed(double fraction, const sending_off& how) {
  if (draining_ || stopping_) return;
  sends_off_ = how;
  for (const std::shared_ptr<conversation>& end : everybody())
    if (end->open() && random_part() < fraction) send_off(*end, how);
}

// --- All loops.

void server_core::begin_draining(drain_options options, std::unique_ptr<operation<void>> done) {
  {
    const std::lock_guard lock(mutex_);
    if (phase_ == phase::running || phase_ == phase::stopping) {
      if (done) drains_.push_back(std::move(done));
      ready_to_serve_ = false;
      asio::post(first().executor(), [self = shared_from_this(), options = std::move(options)] { self->drain(options); });
      return;
    }
  }
  if (done) done.release()->finish_late();
}

void server_core::drain(const drain_options& options) {
  if (phase_ != phase::running) return;
  const time_point latest = saturating_add(clock_->now(), std::max(options.patience, options.patience.zero()));
  if (!std::exchange(draining_, true)) {
    log(log_level::info, options.restart ? "draining for a restart" : "draining");
    if (as_service_) notify("STOPPING=1");
    drain_alarm_ = clock_->make_alarm(first().executor());
    drained_by_ = latest;
  }
  drained_by_ = std::min(drained_by_, latest);
  const std::string text = !options.text.empty() ? options.text : options.restart ? "the server restarts" : "the server is shutting down";
  const server_loop::sending_off how{.reason = options.restart ? restart : shutdown,
                                     .code = options.restart ? close_code::restart : close_code::going_away,
                                     .spread = std::max(options.spread, options.spread.zero()),
                                     .latest = drained_by_,
                                     .text = text};
  for (const auto& loop : loops_) {
    ++loops_to_drain_;
    on_loop(*loop, [how](server_core& self, server_loop& draining) {
      draining.drain(how);
      self.on_loop(*self.loops_.front(), [](server_core& same, server_loop&) { --same.loops_to_drain_; });
    });
  }
  look_at_draining();
}

void server_core::look_at_draining() {
  if (phase_ != phase::running) return;
  std::uint64_t clients = open_sockets_->load();
  for (const auto& loop : loops_) clients += loop->counts().held;
  const bool all_gone = loops_to_drain_ == 0 && clients == 0;
  const time_point now = clock_->now();
  if (all_gone || now >= drained_by_) return begin_stopping();
  drain_alarm_->set(std::min(now + look_again, drained_by_), [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->look_at_draining();
  });
}

void server_core::shed(double fraction, std::chrono::milliseconds spread) {
  if (!(fraction >= 0 && fraction <= 1)) throw std::invalid_argument("parley::server::shed: the fraction is between 0 and 1");
  spread = std::max(spread, spread.zero());
  for (const auto& loop : loops_) {
    on_loop(*loop, [fraction, spread](server_core& self, server_loop& shedding) {
      const time_point now = self.clock_->now();
      shedding.shed(fraction, {.reason = overloaded,
                               .code = close_code::try_again_later,
                               .spread = spread,
                               .latest = saturating_add(now, spread + patience_of_shed),
                               .text = "clients are moved to other servers"});
    });
  }
}

void server_core::end_drains() {
  std::vector<std::unique_ptr<operation<void>>> done;
  {
    const std::lock_guard lock(mutex_);
    done.swap(drains_);
  }
  for (auto& one : done) one.release()->finish({});
}

}  // namespace parley
