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
  // The bytes of calls that wait for the answer to an earlier call.
  std::size_t queued() const noexcept { return plain_ ? plain_->questions.waiting_bytes() : 0; }
  // The id of events. If a plain server repeats ids, this one marks an error about an event, as
  // opposed to a call. Empty: events have no id.
  std::string_view id_of_events() const noexcept;

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

  conversation& in_;
  rpc::outgoing_calls calls_;
  const bool answers_in_order_;
  std::unique_ptr<plain> plain_;  // set in plain mode
};

}  // namespace parley
