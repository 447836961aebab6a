// The calls that this end has opened on one connection: ids, deadlines, and exactly one completion
// for each.
#pragma once

#include "parley/core/core.hpp"
#include "parley/core/flat_index.hpp"
#include "parley/rpc/call_table.hpp"
#include "parley/rpc/pending.hpp"
#include "parley/wire/method.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace parley::rpc {

// A unique number from the caller that identifies a call before it has an id on the wire. Used for
// cancelling.
using ticket = std::uint64_t;

// A call is OPEN until it is completed here. From then until its terminal frame arrives it is an
// ORPHAN. An orphan still counts toward the peer's limit, because the peer still works on it.
class outgoing_calls {
 public:
  // A call that was given up here, or lost with its connection.
  struct given_up {
    std::uint64_t id = 0;
    errc code = errc::cancelled;
    const parley::method* method = nullptr;
    // Finish it with `code`. Null: an orphan whose deadline has passed as well.
    std::unique_ptr<pending_call> completion;
  };

  // The id of the next call.
  std::uint64_t next_id() const noexcept { return next_id_; }
  // Includes orphans.
  std::size_t in_flight() const noexcept { return calls_.size(); }

  // Assigns the next id. `deadline` is time_point::max() for none.
  std::uint64_t open(ticket of, const method& m, time_point deadline, std::unique_ptr<pending_call> completion);
  // Whether every call that still awaits a terminal frame was given up.
  bool all_given_up() const noexcept { return by_ticket_.size() == 0; }
  // Forgets the given-up calls with ids below `before`. No terminal frame will arrive for them.
  void forget_given_up(std::uint64_t before);
  // Forgets a given-up call that never left this end. No terminal frame will arrive for it.
  void forget(std::uint64_t id);

  // Handles a terminal frame for `id`. Empty if the call was completed before or is unknown.
  std::unique_ptr<pending_call> take_terminal(std::uint64_t id);
  bool was_opened(std::uint64_t id) const noexcept { return id != 0 && id < next_id_; }
  // Null if no terminal frame is awaited.
  const method* method_of(std::uint64_t id) const;

  // Empty if the call was completed before.
  std::optional<given_up> cancel(ticket of);
  // Calls whose deadline has passed, the earliest first. An orphan is included too, once. A peer
  // without call ids that owes an answer for that long makes every later answer ambiguous.
  std::vector<given_up> expire(time_point now);
  time_point next_deadline() const noexcept { return calls_.next_deadline(); }

  // The open calls with ids above this one will not be answered. Returns them in the order of opening.
  std::vector<given_up> take_above(std::uint64_t id);
  // The connection is gone. Returns all open calls in the order of opening, each with its
  // completion, and leaves none.
  std::vector<given_up> take_all();

  // For peers without call ids. Finds the oldest call that has left and waits for an answer of this
  // name (or of any name, for errors). Ids from `unsent` on have not left. A call that was
  // completed before consumes its late answer: it is found, without a completion.
  struct named_answer {
    bool found = false;
    std::uint64_t id = 0;
    const parley::method* method = nullptr;
    std::unique_ptr<pending_call> completion;
  };
  named_answer take_named(std::string_view answer_name, std::uint64_t unsent);
  named_answer take_oldest(std::uint64_t unsent);

 private:
  struct entry {
    ticket of = 0;
    const parley::method* method = nullptr;
    std::unique_ptr<pending_call> completion;  // null for an orphan
  };
  // A call that expire() has returned has no deadline any more.
  using table = call_table<entry>;
  std::unique_ptr<pending_call> complete(table::node&);
  named_answer take(table::node&);

  table calls_;
  flat_index by_ticket_;  // only calls that are not completed
  std::uint64_t next_id_ = 1;
};

}  // namespace parley::rpc
