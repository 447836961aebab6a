// Calls that are sent again after the loss of their connection.
#include "parley/client/client_core.hpp"

#include <memory>
#include <utility>

namespace parley {
namespace {

// How often a call is sent again that may have been carried out. A call that a server cannot bear
// should not go round all servers.
constexpr std::uint8_t most_repeats = 3;

// Not an answer of the server. A call that was taken back out of a queue counts too.
bool ended_with_connection(const error& why) { return why.code == errc::disconnected && (!why.maybe_done || why.close_code != 0); }

}  // namespace

// Holds a call with its payload while it is in flight.
class client_core::repeatable_call final : public pending_call {
 public:
  repeatable_call(std::weak_ptr<client_core> of, early one) : client_(std::move(of)), one_(std::move(one)) {}
  const early& held() const noexcept { return one_; }

  void finish(result<encoded_answer> outcome) override {
    const std::unique_ptr<repeatable_call> self(this);
    const auto client = client_.lock();
    if (outcome || !client || !ended_with_connection(outcome.error())) return one_.call.release()->finish(std::move(outcome));
    client->call_lost(std::move(one_), std::move(outcome).error());
  }
  void finish_late() override {
    const std::unique_ptr<repeatable_call> self(this);
    one_.call.release()->finish_late();
  }

 private:
  const std::weak_ptr<client_core> client_;
  early one_;
};

void client_core::send_repeatable(early one) {
  auto kept = std::make_unique<repeatable_call>(weak_from_this(), std::move(one));
  const early& held = kept->held();
  conversation_->start_call(clock_->now(), held.of, held.what, held.deadline, std::move(kept));
}

void client_core::call_lost(early one, error why) {
  const bool again = !why.maybe_done || (one.what.what->repeatable && one.repeats < most_repeats);
  if (!again || phase_ == phase::closed || one.deadline <= clock_->now()) return one.call.release()->finish(std::move(why));
  if (why.maybe_done) ++one.repeats;
  lost_calls_.push_back({std::move(one), std::move(why)});
}

// They come before everything that was started later.
void client_core::keep_lost_calls() {
  if (lost_calls_.empty()) return;
  auto later = early_.take_all();
  for (lost_call& lost : std::exchange(lost_calls_, {})) {
    posted_ += lost.one.what.cost();
    early_.add(std::move(lost.one));
  }
  for (early& one : later) early_.add(std::move(one));
  early_armed_ = time_point::max();
  arm_early();
}

void client_core::fail_lost_calls() {
  for (lost_call& lost : std::exchange(lost_calls_, {})) lost.one.call.release()->finish(std::move(lost.why));
}

// A call that was sent before may have been carried out.
void client_core::finish_early(early& one, error why) {
  why.maybe_done = one.repeats != 0;
  why.repeatable = one.what.what->repeatable;
  one.call.release()->finish(std::move(why));
}

void client_core::going_away(conversation& end, const wire::goaway& notice) {
  leaving_ = true;
  takes_more_ = false;
  not_before_ = clock_->now() + std::chrono::milliseconds(notice.retry_ms);
  if (options_.log) options_.log(log_level::info, "the server is going away; what is sent now waits for the next connection");
  end.give_up_above(notice.last_id);
  keep_lost_calls();
}

}  // namespace parley
