// Calls in plain mode, where frames have no call ids that both ends know. One class for each direction. Without I/O; private to
// conversation.
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

// At a server: the running calls of one plain client. A call that came with an id is answered with that id, in any order. The others are
// answered in the order in which they came.
class plain_answers {
 public:
  // Whether a call with this id, as JSON text, is running.
  bool in_flight(std::string_view foreign_id) const noexcept;
  // Returns the number that stands for the call here. `in_order`: it waits for the calls before it, unless it came with an id.
  std::uint64_t accept(const std::string& foreign_id, bool in_order);

  // The id that the call came with. It is forgotten here.
  std::optional<std::string> take_foreign_id(std::uint64_t id);
  // The call is answered with `frame`. False: it is its turn, and the caller sends the frame. True: the frame waits for the answers before
  // it, unless the call is unknown.
  bool wait_in_order(std::uint64_t id, const std::string& frame);
  // The next frame whose turn it is.
  std::optional<std::string> next_in_order();
  // Of the frames that wait, with their room.
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

// At a client: the calls to a plain server. A server that neither repeats ids nor answers in order is asked one thing at a time, so that an
// answer can only be to the one question.
class plain_questions {
 public:
  explicit plain_questions(bool answers_in_order) noexcept : in_order_(answers_in_order) {}

  struct question {
    std::uint64_t id = 0;
    std::string frame{};
  };
  void add(std::uint64_t id, const std::string& frame);
  // The next call that may be sent, while so many calls wait for an answer or to be sent.
  std::optional<question> next(std::size_t in_flight);
  // Removes a call that was not sent. False: it was.
  bool take_back(std::uint64_t id);
  // Of the calls that wait, with their room.
  std::size_t waiting_bytes() const noexcept { return waiting_bytes_; }

  // Finds the call that a frame of the server answers.
  rpc::outgoing_calls::named_answer answered_by(const wire::envelope&, rpc::outgoing_calls&);
  // A call that was sent and given up. What stays of it consumes its late answer. The result, if any: the connection has to be closed,
  // and why.
  std::optional<std::string_view> give_up(std::uint64_t id, errc why, std::size_t max_calls, rpc::outgoing_calls&);

 private:
  ring<question> waiting_;
  std::size_t waiting_bytes_ = 0;
  const bool in_order_;               // the server answers in the order of the questions
  bool echoes_ids_ = false;           // the server repeats ids, so several calls may be in flight
  std::uint64_t answered_up_to_ = 0;  // in order: calls before this one are past
};

}  // namespace parley
