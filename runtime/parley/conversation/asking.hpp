// The calls that this end of a conversation asks: from the frame that opens each to exactly one completion. Private to conversation.
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

  // In plain mode, when the session begins.
  void begin_plain();
  void start(time_point now, rpc::ticket, const outgoing&, time_point deadline, std::unique_ptr<pending_call> done);
  void cancel(rpc::ticket);
  void cancel_all();
  // A reply, or an error with the id of a call.
  void answered(const wire::envelope&);
  // In plain mode, where any frame of the server's may be one. False: it is not, and was not handled.
  bool plain_answered(const wire::envelope&);
  void expire(time_point now);
  time_point next_deadline() const noexcept;
  // Bytes of calls that wait for the answer to the one before them.
  std::size_t queued() const noexcept { return plain_ ? plain_->questions.waiting_bytes() : 0; }
  // A plain server that repeats ids tells by this one that its error is about an event, and not about a call in flight. Empty: it cannot.
  std::string_view id_of_events() const noexcept;

  struct lost {
    rpc::outgoing_calls::given_up call;
    bool may_have_left = true;
  };
  // The connection is gone. To be called while the session still knows which calls have left.
  std::vector<lost> take_all();
  static void end(std::vector<lost>, const error& why);
  void end_plain() noexcept { plain_.reset(); }

  // The error that a frame of the other end carries.
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
  std::unique_ptr<plain> plain_;  // in plain mode
};

}  // namespace parley
