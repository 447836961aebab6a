// The calls that the peer of one connection has opened here. Decides which of them may run, tracks
// which are over, and ensures exactly one terminal frame for each.
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

// A call is RUNNING until its terminal frame is sent. It is CANCELLING if that happens before its
// handler has returned. Such a handler still counts, so opening and cancelling in a loop cannot
// cause unlimited work.
class incoming_calls {
 public:
  explicit incoming_calls(std::size_t max_calls);

  enum class verdict {
    run,
    // Answer `overloaded` without a handler: too many calls run, or they hold too much memory.
    overloaded,
    // deadline_ms was 0: answer deadline_exceeded without a handler.
    late,
    // The id was used before: close.
    violation,
  };
  // Uses up the id, unless the verdict is `violation`. `limit` is the longest time that a call may
  // take here, and the time for a call without a deadline.
  verdict accept(std::uint64_t id, time_point now, std::optional<std::uint32_t> deadline_ms, std::chrono::milliseconds limit);
  // Uses up an id that was refused earlier. Returns `run` or `violation`.
  verdict use_up(std::uint64_t id);
  // The time at which the caller of the call that was accepted last stops waiting. Only until anything else happens here.
  time_point newest_deadline() const noexcept { return calls_.newest()->deadline; }

  // The handler continues after returning. Stores it so that it can be stopped, and stops it at
  // once if the call is already over. The handler must live until finish(). Its payload counts as
  // `holds` bytes until then.
  void keep(std::uint64_t id, running& handler, std::size_t holds);
  // The handler is done. Returns true if its answer is the terminal frame, and false if the call
  // already had one.
  bool finish(std::uint64_t id);

  enum class cancelled {
    ignored,  // the call was over
    // Answer `cancelled` now, as the terminal frame.
    stopped,
    violation,  // never opened: close
    // More cancels within ten seconds than four times the permitted calls: close.
    too_many,
  };
  cancelled cancel(std::uint64_t id, time_point now);
  // Ids whose deadline has passed, the earliest first. Answer deadline_exceeded, as the terminal
  // frame.
  std::vector<std::uint64_t> expire(time_point now);
  time_point next_deadline() const noexcept { return calls_.next_deadline(); }

  // The connection is gone. Every running handler is stopped, and no answers are expected.
  void stop_all();
  // The highest id that was used. 0: none.
  std::uint64_t highest() const noexcept { return highest_; }
  // Running handlers, including those of calls that are over.
  std::size_t running_now() const noexcept { return calls_.size(); }
  // Whether the payloads of the running calls hold so much memory that no other call is accepted.
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
  table calls_;  // has deadlines for calls without a terminal frame only
  session::rate cancels_;
};

}  // namespace parley::rpc
