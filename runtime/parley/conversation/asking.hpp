// The calls that this end makes, from the frame that opens each to exactly one completion. Private
// to conversation.
#pragma once

#include "parley/conversation/own_id.hpp"
#include "parley/conversation/plain_calls.hpp"
#include "parley/rpc/outgoing_calls.hpp"
#include "parley/stub/outgoing.hpp"
#include "parley/wire/envelope.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace parley {

class conversation;

class asking {
 public:
  asking(conversation& in, bool answers_in_order) : in_(in), answers_in_order_(answers_in_order) {}

  // Called in plain mode when the session begins.
  void begin_plain();
  void start(time_point now, rpc::ticket, const outgoing&, time_point deadline, std::unique_ptr<pending_call> done);
  void cancel(rpc::ticket);
  void cancel_all();
  // Handles a reply, or an error with the id of a call.
  void answered(const wire::envelope&);
  // In plain mode any frame of the server may be an answer. Returns false if this one is not, and
  // does nothing then.
  bool plain_answered(const wire::envelope&);
  void expire(time_point now);
  time_point next_deadline() const noexcept;
  bool is_idle() const noexcept { return calls_.in_flight() == 0; }
  // The bytes of calls that wait for the answer to an earlier call.
  std::size_t queued() const noexcept { return plain_ ? plain_->questions.waiting_bytes() : 0; }
  // The id of events. If a plain server repeats ids, this one marks an error about an event, as
  // opposed to a call. Empty: events have no id.
  std::string_view id_of_events() const noexcept;

  // Whether a call would wait for the answer to an earlier one.
  bool would_wait() const noexcept { return plain_ && plain_->questions.would_wait(calls_.in_flight()); }
  // The other end will not carry out calls with ids above this one. They end as never sent.
  [[gnu::cold]] void give_up_above(std::uint64_t id);

  // An event was sent. Counts those of which no later answer shows that the other end has read them.
  void event_sent() noexcept {
    ++events_;
    if (proof_.call == no_call) proof_.call = calls_.next_id();
  }
  std::uint64_t unconfirmed_events() const noexcept { return events_ - confirmed_events_; }

  struct lost {
    rpc::outgoing_calls::given_up call;
    bool may_have_left = true;
  };
  // The connection has ended. Call it while the session still knows which calls have been sent.
  std::vector<lost> take_all();
  static void end(std::vector<lost>, const error& why);
  void end_plain() noexcept { plain_.reset(); }

  // The error in a frame of the other end.
  static error received_error(const wire::envelope&);

 private:
  void finish(std::unique_ptr<pending_call>, const wire::envelope&, const method&);
  void give_up(rpc::outgoing_calls::given_up);
  static void end(rpc::outgoing_calls::given_up, error why, bool may_have_left);
  bool take_back(std::uint64_t id);
  void send_questions();
  void find_own_id(time_point now, rpc::ticket, time_point deadline, std::unique_ptr<pending_call> done);
  void send_search(target whom);
  void hear_search(const wire::envelope&);
  void know_own_id(const std::string& id);
  void tell_own_id(std::string_view json, std::unique_ptr<pending_call> done) const;

  struct plain {
    plain_questions questions;
    parley::own_id own_id{};
  };

  // The first call after the oldest unconfirmed event, and the events sent before that call. Frames are
  // read in order, so the answer to it or a later call confirms these events.
  static constexpr std::uint64_t no_call = ~std::uint64_t{0};
  struct proof {
    std::uint64_t call = no_call;
    std::uint64_t events = 0;
  };
  [[gnu::noinline]] void confirm_events() noexcept;

  conversation& in_;
  rpc::outgoing_calls calls_;
  proof proof_;
  std::uint64_t events_ = 0;
  std::uint64_t confirmed_events_ = 0;
  const bool answers_in_order_;
  std::unique_ptr<plain> plain_;  // set in plain mode
};

}  // namespace parley
