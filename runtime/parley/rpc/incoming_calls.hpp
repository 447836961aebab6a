// The calls that one connection's other end has opened here: which may run, which are over, exactly one terminal frame for each.
#pragma once

#include "parley/core/core.hpp"
#include "parley/rpc/call_table.hpp"
#include "parley/rpc/running.hpp"
#include "parley/session/rate.hpp"
#include "parley/wire/limits.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace parley::rpc {

// A call is RUNNING until its terminal frame goes out, and CANCELLING if that happened before its handler returned: such a handler goes
// on counting, so that open-and-cancel in a loop is not unbounded work.
class incoming_calls {
 public:
  explicit incoming_calls(std::size_t max_calls);

  enum class verdict {
    run,
    overloaded,  // answer that, no handler: too many at work, or what they hold is too much
    late,        // deadline_ms was 0: answer deadline_exceeded, no handler
    violation,   // the id was used before: close
  };
  // An id is used up whatever the verdict, but for `violation`. `limit`: the longest a call may take here, and the time of one that
  // comes without a deadline.
  verdict accept(std::uint64_t id, time_point now, std::optional<std::uint32_t> deadline_ms, std::chrono::milliseconds limit);
  // An id that was refused before it got here: used up all the same. `run` or `violation`.
  verdict use_up(std::uint64_t id);
  // When the caller stops waiting; only for a call that was accepted and has no terminal frame yet.
  time_point deadline_of(std::uint64_t id) const;

  // The handler goes on after returning: remember how to stop it, which happens at once if the call is over by now. It lives until
  // finish(), and its payload holds so many bytes until then.
  void keep(std::uint64_t id, running& handler, std::size_t holds);
  // The handler is done. True: its answer is the terminal frame. False: the call had got one before.
  bool finish(std::uint64_t id);

  enum class cancelled {
    ignored,    // the call was over
    stopped,    // answer `cancelled` now, that is the terminal frame
    violation,  // never opened: close
    too_many,   // within ten seconds, cancels for four times the calls that may run: close
  };
  cancelled cancel(std::uint64_t id, time_point now);
  // Ids whose time is up, the earliest first: answer deadline_exceeded, that is the terminal frame.
  std::vector<std::uint64_t> expire(time_point now);
  time_point next_deadline() const noexcept { return calls_.next_deadline(); }

  // The connection is gone: every handler still at work is stopped, no answer is wanted.
  void stop_all();
  // Handlers at work, those of calls that are over included.
  std::size_t running_now() const noexcept { return calls_.size(); }
  // Do their payloads hold so much that no other call is taken?
  bool hold_too_much() const noexcept { return held_ >= wire::most_held_by_calls; }

 private:
  struct entry {
    running* handler = nullptr;
    std::size_t holds = 0;
    bool answered = false;
  };
  using table = call_table<entry>;
  void answered(table::node&);
  void stop(std::uint64_t id);

  std::size_t max_calls_;
  std::size_t held_ = 0;
  std::uint64_t highest_ = 0;
  table calls_;  // deadlines: of those without a terminal frame
  session::rate cancels_;
};

}  // namespace parley::rpc
