// Calls in plain mode, where frames have no call ids that both ends know. There is one class for
// each direction. Without I/O. Private to conversation.
#pragma once

#include "parley/core/core.hpp"
#include "parley/core/ring.hpp"
#include "parley/rpc/outgoing_calls.hpp"
#include "parley/wire/envelope.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace parley {

// Server: the running calls of one plain client. Calls with an id are answered with that id, in any
// order. The others are answered in the order in which they arrived.
class plain_answers {
 public:
  // Whether a call with this id, as JSON text, is running.
  bool in_flight(std::string_view foreign_id) const noexcept;
  // Returns the number of the call at this end. `in_order`: the answer waits for the answers to
  // earlier calls, unless the call has an id.
  std::uint64_t accept(const std::string& foreign_id, bool in_order);

  // Returns the id of the call, and forgets it.
  std::optional<std::string> take_foreign_id(std::uint64_t id);
  // Takes the answer of a call. Returns false if it is this call's turn, and the caller then sends
  // the frame. Returns true if the frame has to wait for earlier answers. It is dropped if the call
  // is unknown.
  bool wait_in_order(std::uint64_t id, const std::string& frame);
  // Returns the next frame whose turn has come.
  std::optional<std::string> next_in_order();
  // The size of the waiting frames. Each counts as its bytes plus message_room.
  std::size_t waiting_bytes() const noexcept { return waiting_bytes_; }

 private:
  struct ordered {
    std::uint64_t id = 0;
    bool answered = false;
    std::string frame{};
  };
  std::uint64_t next_id_ = 1;
  std::unordered_map<std::uint64_t, std::string> foreign_ids_;
  ring<ordered> in_order_;
  std::size_t waiting_bytes_ = 0;
};

// Client: the calls to a plain server. If the server neither repeats ids nor answers in order, one
// call is sent at a time, so that an answer can only belong to that call.
class plain_questions {
 public:
  explicit plain_questions(bool answers_in_order) noexcept : in_order_(answers_in_order) {}

  struct question {
    std::uint64_t id = 0;
    std::string frame{};
  };
  void add(std::uint64_t id, const std::string& frame);
  // Returns the next call that may be sent. `in_flight` counts the calls that wait for an answer or
  // to be sent.
  std::optional<question> next(std::size_t in_flight);
  // Whether a call that is added now has to wait.
  bool would_wait(std::size_t in_flight) const noexcept { return !echoes_ids_ && !in_order_ && in_flight != 0; }
  // Removes a call that was not sent. Returns false if it was sent.
  bool take_back(std::uint64_t id);
  // The size of the waiting calls. Each counts as its bytes plus message_room.
  std::size_t waiting_bytes() const noexcept { return waiting_bytes_; }

  // Finds the call that a frame of the server answers.
  rpc::outgoing_calls::named_answer answered_by(const wire::envelope&, rpc::outgoing_calls&);
  // Gives up a call that was sent. Its entry remains where it must consume the late answer. If
  // there is a result, the connection must be closed, and the result is the reason.
  std::optional<std::string_view> give_up(std::uint64_t id, errc why, std::size_t max_calls, rpc::outgoing_calls&);

 private:
  ring<question> waiting_;
  std::size_t waiting_bytes_ = 0;
  const bool in_order_;               // the server answers in the order of the calls
  bool echoes_ids_ = false;           // the server repeats ids, so several calls may be in flight
  std::uint64_t answered_up_to_ = 0;  // with in_order_: calls before this one will not be answered any more
};

}  // namespace parley
