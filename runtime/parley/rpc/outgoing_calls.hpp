// The calls this end has opened on one connection: ids, deadlines, and exactly one completion for each.
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

// A number of the caller's own, known before the call has an id on the wire; for cancelling. No two calls share one.
using ticket = std::uint64_t;

// A call is OPEN until it is completed here, and ORPHAN from then until its terminal frame comes: an orphan still counts against
// what the other end allows, as the other end still works on it.
class outgoing_calls {
 public:
  // A call that was given up here, or lost with its connection.
  struct given_up {
    std::uint64_t id = 0;
    errc code = errc::cancelled;
    const parley::method* method = nullptr;
    std::unique_ptr<pending_call> completion;  // finish it with `code`; null: an orphan whose time is up as well
  };

  // Orphans included.
  std::size_t in_flight() const noexcept { return calls_.size(); }

  // Takes the next id. `deadline`: time_point::max() for none.
  std::uint64_t open(ticket of, const method& m, time_point deadline, std::unique_ptr<pending_call> completion);
  // Nobody waits for any of the answers that are awaited.
  bool all_given_up() const noexcept { return by_ticket_.size() == 0; }
  // No terminal frame will come for calls before `id` that were given up.
  void forget_given_up(std::uint64_t before);
  // A call that was given up turns out never to have left this end: no terminal frame will come for it.
  void forget(std::uint64_t id);

  // A terminal frame for `id`. Empty: the call was completed before, or is unknown.
  std::unique_ptr<pending_call> take_terminal(std::uint64_t id);
  bool was_opened(std::uint64_t id) const noexcept { return id != 0 && id < next_id_; }
  // Null: no terminal frame is awaited.
  const method* method_of(std::uint64_t id) const;

  // Empty: it was completed before.
  std::optional<given_up> cancel(ticket of);
  // Whose time is up, the earliest first. An orphan is named too, once: a peer without call ids that owes an answer for that long makes
  // every later answer doubtful.
  std::vector<given_up> expire(time_point now);
  time_point next_deadline() const noexcept { return calls_.next_deadline(); }

  // The connection is gone: everything still open, in the order it was opened, each with its completion; nothing remains.
  std::vector<given_up> take_all();

  // Peers without call ids: the oldest call that waits for an answer of this name (or of any name, for errors) and has left: ids from
  // `unsent` on have not. A call that was completed before swallows its late answer: found, without a completion.
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
    std::unique_ptr<pending_call> completion;  // null: orphan
  };
  using table = call_table<entry>;  // a call that expire() has named has no deadline any more
  std::unique_ptr<pending_call> complete(table::node&);
  named_answer take(table::node&);

  table calls_;
  flat_index by_ticket_;  // of those not completed
  std::uint64_t next_id_ = 1;
};

}  // namespace parley::rpc
