// The blocking operations: what a thread does while it waits for a connection that has a loop of
// its own.
#include "parley/raw/raw_core.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace parley {
namespace {

// If nothing has been sent for this long, a send leaves at once and does not wait for others to leave
// with it: either the program does not send one message after the other, or its last messages have
// waited long enough.
constexpr auto gathering = std::chrono::microseconds(100);

// Completes in the thread that finishes it, because the waiting thread has no executor.
template <class T>
class blocked_operation final : public operation<T> {
 public:
  explicit blocked_operation(waiting_room<T>& room) : answer_(room) {}
  void finish(result<T> outcome) override {
    const std::unique_ptr<blocked_operation> self(this);
    answer_(std::move(outcome));
  }
  void finish_late() override { finish(errc::cancelled); }

 private:
  blocking_handler<T> answer_;
};

}  // namespace

// `here` begins the operation in a thread that has entered the loop. `there` hands it to the loop's
// own thread.
template <class T, class Here, class There>
result<T> raw_core::wait_for(Here here, There there) {
  if (runs_here()) throw would_never_end();
  const auto self = shared_from_this();  // its last other owner may go as soon as the operation is complete
  waiting_room<T> room;
  auto done = std::make_unique<blocked_operation<T>>(room);
  if (!shared_) {
    there(std::move(done));
    return room.wait();
  }
  if (shared_->enter()) {
    shared_->contained([&] { here(std::move(done)); });
    run_until(room);
    const bool complete = room.is_ready();
    shared_->leave(left_undone());
    return complete ? room.take() : room.wait();  // the own thread goes on with it
  }
  const shared_loop::outsider waits(*shared_);
  there(std::move(done));
  return room.wait();
}

template <class T>
void raw_core::run_until(waiting_room<T>& room) {
  while (!room.is_ready() && step()) {}
}

// While there are messages to receive, this thread is likely to come back, and the own thread is not woken for it.
shared_loop::left raw_core::left_undone() const {
  const bool sends = on_the_way_ != 0 || (phase_ == phase::open && link_->buffered_amount() != 0);
  return !sends ? shared_loop::left::nothing : inbox_bytes_ != 0 ? shared_loop::left::later : shared_loop::left::soon;
}

void raw_core::run_posted() {
  while (on_the_way_ != 0 && shared_->poll() > 0) {}
}

// Returns false if the own thread has to do the work from here on.
bool raw_core::step() {
  run_posted();
  if (phase_ != phase::open || !shared_->is_shared()) return false;
  sends_in_batches_ = sent_since_wait_ > 1;
  sent_since_wait_ = 0;
  if (!shared_->begin_wait()) {
    shared_->poll();
    return true;
  }
  auto what = transport::waited::woken;
  shared_->contained([&] { what = link_->wait_here(shared_->wake_descriptor(), std::min(armed_, sends_armed_)); });
  switch (what) {
    case transport::waited::arrived:
      return true;
    case transport::waited::woken:
      shared_->was_woken();
      return true;
    case transport::waited::late:
      shared_->contained([&] {
        expire_receives();
        expire_sends();
      });
      return true;
    case transport::waited::unable:
      if (shared_->poll() > 0) return true;
  }
  // The program has paused reading, or the connection is closing. Only the loop can wait for that.
  shared_->end_sharing();
  return false;
}

void raw_core::connect_here() {
  wait_for<void>([](std::unique_ptr<operation<void>> done) { done.release()->finish({}); },
                 [this](std::unique_ptr<operation<void>> done) { connect(new_ticket(), std::move(done)); })
      .value();
}

// While there is room, a send does not have to wait.
void raw_core::send_here(raw_message message) {
  if (runs_here()) throw would_never_end();
  const auto self = shared_from_this();  // see wait_for()
  if (open()) {
    if (shared_ && shared_->try_enter()) {
      const visit inside{*this};
      if (send_as_visitor(message)) return;
    } else if (try_send(message)) {
      return;
    }
  }
  wait_for<void>(
      [this, &message](std::unique_ptr<operation<void>> done) {
        if (auto refused = why_not_hold(message)) return done.release()->finish(error_.value_or(std::move(*refused)));
        begin_sending(new_ticket(), std::move(message), std::move(done));
      },
      [this, &message](std::unique_ptr<operation<void>> done) { send(new_ticket(), std::move(message), std::move(done)); })
      .value();
}

// A single message leaves at once. Several in a row leave together: when this thread waits next, when
// they are many, when the first of them is old, or when the own thread sends them.
bool raw_core::send_as_visitor(raw_message& message) {
  run_posted();  // what this thread sent before
  if (phase_ != phase::open || !sends_.empty() || !room_to_send(message) || !may_be_sent(message)) return false;
  const message_kind kind = message.kind();
  link_->send_owned(std::move(message).text(), kind);
  const time_point now = steady::now();
  const bool single = ++sent_since_wait_ == 1 && !sends_in_batches_ && inbox_bytes_ == 0;
  if (single || now - sent_at_ >= gathering) {
    link_->flush();
    sent_at_ = now;
  }
  queued_ = link_->buffered_amount();
  return true;
}

raw_message raw_core::receive_here(std::optional<duration> within) {
  if (runs_here()) throw would_never_end();
  if (auto next = take_at_once()) return std::move(*next);
  return wait_for<raw_message>(
             [this, within](std::unique_ptr<operation<raw_message>> done) {
               // Messages that have arrived may still be in the socket.
               const bool looks = within && *within <= duration::zero() && inbox_bytes_ == 0 && phase_ == phase::open;
               if (looks && link_->wait_here(-1, time_point()) == transport::waited::unable) shared_->poll();
               ++first_in_line_;
               begin_receiving(new_ticket(), within, std::move(done));
             },
             [this, within](std::unique_ptr<operation<raw_message>> done) { receive(new_ticket(), within, std::move(done)); })
      .value();
}

raw_message raw_core::ask_here(raw_message message) {
  return wait_for<raw_message>(
             [this, &message](std::unique_ptr<operation<raw_message>> done) {
               run_posted();  // what this thread sent before
               if (auto refused = why_not_hold(message)) return done.release()->finish(error_.value_or(std::move(*refused)));
               ++first_in_line_;
               begin_asking(new_ticket(), std::move(message), {}, std::move(done));
             },
             [this, &message](std::unique_ptr<operation<raw_message>> done) { ask(new_ticket(), std::move(message), {}, std::move(done)); })
      .value();
}

// Closing needs turns of the loop, so the own thread does it.
void raw_core::close_and_wait(std::uint16_t code, std::string reason) {
  if (runs_here()) throw would_never_end();
  waiting_room<void> room;
  const auto self = shared_from_this();
  if (shared_) shared_->end_sharing();
  close(new_ticket(), code, std::move(reason), std::make_unique<blocked_operation<void>>(room));
  room.wait().value();
}

}  // namespace parley
