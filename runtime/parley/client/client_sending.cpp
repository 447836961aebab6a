// What a client sends: calls and events, and the queues of those that wait for the link or for
// room.
#include "parley/client/client_core.hpp"
#include "parley/conversation/payload.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace parley {
namespace {

// Sends that wait for room may hold this many times max_queue.
constexpr std::size_t queues_waiting_for_room = 4;

}  // namespace

// --- Calls.

// A call that was refused because too much is waiting. If it could not be sent at any time, the
// reason is that.
error client_core::why_no_room(const outgoing& request) const {
  if (const std::size_t limit = limit_of(*request.what); request.size() > limit)
    return payload_too_large(*request.what, request.size(), limit, option_of_limit());
  return {errc::overloaded,
          "too much is waiting to be sent: the limit is " + std::to_string(options_.max_queue) + " bytes (client_options::max_queue)"};
}

void client_core::start(ticket of, outgoing request, std::unique_ptr<pending_call> done) {
  const std::size_t size = request.cost();
  const std::size_t before = posted_.fetch_add(size);
  if (is_full(before, size)) {
    posted_ -= size;
    on_executor(std::move(done),
                [why = why_no_room(request)](client_core&, std::unique_ptr<pending_call> refused) { refused.release()->finish(why); });
    return;
  }
  // queued_ is only updated by a send, so it may be outdated, and only the loop can look again.
  const bool looks_full = is_full(before + queued_, size);
  const bool handed_over = on_executor(
      std::move(done), [of, looks_full, request = std::move(request)](client_core& self, std::unique_ptr<pending_call> call) mutable {
        if (looks_full) self.note_queue();
        if (looks_full && self.is_full(self.queued_, request.cost())) {
          self.posted_ -= request.cost();
          call.release()->finish(self.why_no_room(request));
          return self.admit_waiting();
        }
        if (request.unwritable) {
          self.posted_ -= request.cost();
          return call.release()->finish(*request.unwritable);
        }
        const time_point deadline = deadline_of(request, self.options_.deadline, self.clock_->now());
        self.begin({of, std::move(request), deadline, std::move(call), false});
        self.admit_waiting();
      });
  if (!handed_over) posted_ -= size;
}

// The name of the option that limits payloads towards the server.
std::string_view client_core::option_of_limit() const noexcept {
  const bool nobody_says = options_.encoding == encoding::plain || options_.dialect.format;
  return nobody_says ? "client_options::peer_max_message" : "server_options::max_message";
}

// The largest payload that the server accepts in an event of this method.
std::size_t client_core::limit_of(const method& m) const noexcept { return m.max_bytes != 0 ? m.max_bytes : peer_max_message_.load(); }

// Starts a call, or an event that may have no `call`. It is sent now if the link is up and takes
// more, and otherwise when that is so. If there is no link, this connects.
//
// What the transport does not take yet stays here and not in the session, so that it can be sent on
// the next connection if this one is lost.
void client_core::begin(early one) {
  switch (phase_.load()) {
    case phase::open:
      if (takes_more_ && early_.empty() && conversation_->open()) return send_early(std::move(one));
      return keep_early(std::move(one));
    case phase::idle:
      connect_now();
      [[fallthrough]];
    case phase::connecting:
    case phase::waiting:
      return keep_early(std::move(one));
    case phase::lost:
    case phase::closed:
      posted_ -= one.what.cost();
      if (one.call) one.call.release()->finish(phase_ == phase::lost ? error{errc::disconnected, "not connected"} : error{errc::cancelled});
  }
}

void client_core::keep_early(early one) {
  auto taken = one.event ? std::move(one.call) : nullptr;
  if (one.of == 0) one.of = reserve();
  early_.add(std::move(one));
  arm_early();
  if (taken) taken.release()->finish(encoded_answer{});
}

// Sends what waits, as far as the transport takes it.
void client_core::send_waiting() {
  while (takes_more_ && !early_.empty() && phase_ == phase::open) send_early(*early_.take_first());
}

void client_core::send_early(early one) {
  posted_ -= one.what.cost();
  if (!conversation_) {  // on_error, called for the previous send, has closed the client
    if (one.call) one.call.release()->finish(errc::cancelled);
    return;
  }
  if (one.event) {
    const auto done = conversation_->send_event(one.what);
    // on_disconnected reports the end of the connection, and an operation that waits for this event
    // gets the event's own errors. A mismatch concerns the whole program, so on_error is called for
    // it in any case.
    if (!done && done.error().code != errc::disconnected && (!one.call || done.error().code == errc::version_mismatch))
      report(done.error(), one.what.what->name);
    if (one.call && done) one.call.release()->finish(encoded_answer{});
    else if (one.call) one.call.release()->finish(done.error());
  } else if (keeps_calls_ && (one.what.what->repeatable || conversation_->call_would_wait())) {
    send_repeatable(std::move(one));
  } else {
    conversation_->start_call(clock_->now(), one.of, one.what, one.deadline, std::move(one.call));
  }
  note_queue();
}

// One alarm, set for the earliest deadline. It is not set again for each send.
void client_core::arm_early() {
  const time_point next = early_.next_deadline();
  if (next >= early_armed_) return;
  early_armed_ = next;
  alarm_->set(next, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->expire_early();
  });
}

void client_core::expire_early() {
  early_armed_ = time_point::max();
  const time_point now = clock_->now();
  std::vector<early> late;
  while (auto one = early_.take_due(now)) {
    posted_ -= one->what.cost();
    if (one->call) late.push_back(std::move(*one));
  }
  arm_early();
  admit_waiting();
  for (early& one : late) finish_early(one, errc::deadline_exceeded);
}

void client_core::cancel(ticket of) {
  on_executor([of](client_core& self) {
    if (auto waiting = self.connecting_.extract(of)) return waiting.mapped().release()->finish(errc::cancelled);
    if (auto one = self.early_.take(of)) {
      self.posted_ -= one->what.cost();
      if (one->call) finish_early(*one, errc::cancelled);
      return self.admit_waiting();
    }
    if (auto one = self.for_room_.take(of)) {
      self.release_room_of(*one);
      one->call.release()->finish(errc::cancelled);
      return self.admit_waiting();
    }
    if (self.conversation_) self.conversation_->cancel_call(of);
  });
}

// --- Outgoing events.

sent client_core::admit(std::size_t cost) {
  const std::size_t before = posted_.fetch_add(cost);
  if (waiting_for_room_ == 0 && !is_full(before + queued_, cost)) return sent::queued;
  posted_ -= cost;
  // queued_ is only updated by a send, so it may be outdated.
  if (!looks_again_.exchange(true))
    on_executor([](client_core& self) {
      self.looks_again_ = false;
      self.note_queue();
      self.admit_waiting();
    });
  return sent::dropped;
}

bool client_core::known_to_mismatch(const method& m) const {
  if (!mismatches_.load(std::memory_order_relaxed)) return false;
  std::lock_guard lock(mutex_);
  return std::find(mismatched_.begin(), mismatched_.end(), &m) != mismatched_.end();
}

sent client_core::send(outgoing event) {
  const phase now = phase_;
  if (now == phase::lost || now == phase::closed) return sent::closed;
  const std::size_t cost = event.cost();
  if (event.unwritable) {
    if (const sent admitted = admit(cost); admitted != sent::queued) return admitted;
    if (!on_executor([cost, why = event.unwritable, what = event.what](client_core& self) {
          self.posted_ -= cost;
          self.report(*why, what->name);
          self.admit_waiting();
        }))
      posted_ -= cost;
    return sent::unwritable;
  }
  if (event.size() > limit_of(*event.what)) return sent::too_large;
  const bool mismatched = known_to_mismatch(*event.what);
  if (const sent admitted = admit(cost); admitted != sent::queued) return admitted;
  // An event whose versions differ is posted as well, and is refused and reported on the loop.
  if (on_executor([event = std::move(event)](client_core& self) mutable {
        self.begin({0, std::move(event), time_point::max(), nullptr, true});
        self.admit_waiting();
      }))
    return mismatched ? sent::mismatched : sent::queued;
  posted_ -= cost;
  return sent::closed;
}

void client_core::send_when_room(ticket of, outgoing event, std::unique_ptr<pending_call> done) {
  if (!may_wait_for_room(event.cost())) {
    on_executor(std::move(done), [](const client_core& refusing, std::unique_ptr<pending_call> refused) {
      refused.release()->finish(error{errc::overloaded, "too much is waiting for space in the queue: the limit is four times max_queue (" +
                                                            std::to_string(refusing.options_.max_queue) + " bytes)"});
    });
    return;
  }
  on_executor(std::move(done), [of, event = std::move(event)](client_core& self, std::unique_ptr<pending_call> waiting) mutable {
    const std::size_t limit = self.limit_of(*event.what);
    early one{of, std::move(event), time_point::max(), std::move(waiting), true};
    ++self.waiting_for_room_;
    if (!one.what.unwritable && one.what.size() <= limit && self.phase_ != phase::lost) {
      self.for_room_.add(std::move(one));
      return self.admit_waiting();
    }
    self.release_room_of(one);
    if (one.what.unwritable) return one.call.release()->finish(*one.what.unwritable);
    if (one.what.size() > limit)
      return one.call.release()->finish(payload_too_large(*one.what.what, one.what.size(), limit, self.option_of_limit()));
    one.call.release()->finish(error{errc::disconnected, "not connected"});
  });
}

// Any thread. If the result is true, the bytes are counted until release_room_of().
bool client_core::may_wait_for_room(std::size_t cost) {
  std::size_t before = for_room_bytes_;
  do {
    if (before != 0 && before / queues_waiting_for_room >= options_.max_queue) return false;
  } while (!for_room_bytes_.compare_exchange_weak(before, before + cost));
  return true;
}

void client_core::release_room_of(const early& one) noexcept {
  for_room_bytes_ -= one.what.cost();
  --waiting_for_room_;
}

// Call it whenever more room may be available.
void client_core::admit_waiting() {
  if (for_room_.empty()) return;
  note_queue();
  while (const early* const first = for_room_.first()) {
    const std::size_t cost = first->what.cost();
    if (is_full(posted_ + queued_, cost)) {
      // Posted sends call this function again after they have run. For bytes in the queue,
      // drained() is called.
      if (conversation_ && conversation_->connection())
        conversation_->connection()->tell_when_below(options_.max_queue - std::min(cost, options_.max_queue));
      return;
    }
    early next = *for_room_.take_first();
    release_room_of(next);
    posted_ += cost;
    begin(std::move(next));
  }
}

void client_core::note_queue() {
  const bool open = conversation_ && conversation_->open();
  const auto flow = open ? conversation_->look() : session::peer_session::flow{.at_once = false};
  queued_ = flow.queued;
  takes_more_ = flow.at_once && !leaving_;
}

void client_core::drained(conversation&) {
  note_queue();
  send_waiting();
  admit_waiting();
}

}  // namespace parley
