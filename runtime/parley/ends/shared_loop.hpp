// A loop of a connection's own that two kinds of threads run, one at a time: the connection's own
// thread, and a thread that waits in a blocking operation (a visitor). A visitor saves the two
// wake-ups that handing the operation to the own thread and its result back would cost. Private to
// ends.
//
// Visitors are admitted from share() until end_sharing(). While they come and go the own thread
// stands aside. When none has come for `patience`, it runs the loop again, so that the connection
// works on while the program computes. A caller that has posted to the loop calls notify()
// afterwards: while a visitor is inside or the own thread stands aside, no thread may be waiting in
// the loop itself.
#pragma once

#include "parley/ends/home.hpp"
#include "parley/ends/stop_event.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>

namespace parley {

class shared_loop {
 public:
  explicit shared_loop(std::shared_ptr<own_loop> loop) : loop_(std::move(loop)) {}
  shared_loop(const shared_loop&) = delete;
  shared_loop& operator=(const shared_loop&) = delete;

  // On the own thread, until the loop ends.
  void run();

  // From the loop. Does nothing after end_sharing().
  void share();
  // For good. Any thread. A visitor that is inside leaves soon.
  void end_sharing() noexcept;
  // As above, and waits until no visitor is inside. Not from a visitor.
  void end_sharing_and_wait() noexcept {
    if (state_ != state::ended || visited_) end_and_wait();
  }
  bool is_shared() const noexcept { return state_ == state::shared; }

  // Any thread, after something was posted to the loop.
  void notify() noexcept;

  // ---- Visitors

  // Waits until the own thread stands aside. False: this thread has to wait outside.
  bool enter();
  // False as well if the own thread would have to be interrupted.
  bool try_enter() noexcept;
  // What the visitor leaves undone. If no other visitor has done it by then, the own thread runs what
  // is ready, and then stands aside again: `soon` after a tenth of a millisecond, for which it is woken,
  // `later` after a millisecond more, when it looks for visitors.
  enum class left { nothing, later, soon };
  void leave(left) noexcept;
  // Runs what is ready. Returns how much it was.
  std::size_t poll();
  template <class Turn>
  void contained(Turn turn) {
    loop_->contained([&] { return turn(), std::size_t{1}; });
  }
  // A visitor that waits outside the loop waits for wake_descriptor() too, and calls was_woken() when
  // that is readable. False: something was posted, or sharing has ended, so it must not wait. If the
  // system has no descriptor left, sharing ends.
  bool begin_wait() noexcept;
  void was_woken() noexcept;
  int wake_descriptor() const noexcept { return wake_->descriptor(); }

  // While a blocked thread is not a visitor, the own thread serves it: visitors are not admitted.
  class outsider {
   public:
    explicit outsider(shared_loop& at) : at_(at) { at_.count_outsider(true); }
    ~outsider() { at_.count_outsider(false); }
    outsider(const outsider&) = delete;
    outsider& operator=(const outsider&) = delete;

   private:
    shared_loop& at_;
  };

 private:
  enum class part { all, ready };
  enum class state : std::uint8_t { not_yet, shared, ended };
  void end_and_wait() noexcept;
  part own_turn(std::unique_lock<std::mutex>&);
  void count_outsider(bool comes) noexcept;
  void end_sharing_locked() noexcept;
  bool admits() const noexcept { return is_shared() && !visited_ && outsiders_ == 0; }

  const std::shared_ptr<own_loop> loop_;
  // From the first wait of a visitor until sharing has ended and no visitor is inside. Written under
  // the lock by the visitor, or with none inside.
  std::optional<wake_signal> wake_;
  // These three are written under the lock.
  std::atomic<state> state_ = state::not_yet;
  std::atomic<bool> visited_ = false;   // a visitor is inside
  std::atomic<bool> step_out_ = false;  // the own thread is to leave the loop

  std::mutex mutex_;  // protects the following members
  std::condition_variable own_;
  std::condition_variable visitors_;
  bool own_inside_ = false;
  bool visitor_waits_ = false;  // for wake_, or did a moment ago
  bool long_visit_ = false;     // the own thread waits for the visitor's leave() to wake it
  bool posted_ = false;         // notify() was called, and nobody has looked yet
  bool work_left_ = false;
  bool work_is_known_ = false;  // to the own thread, which looks at it again soon
  std::uint64_t batches_ = 0;   // how often work was left where none was
  std::size_t wanted_ = 0;      // visitors that wait for the own thread to step out
  std::size_t outsiders_ = 0;
  std::uint64_t visits_ = 0;  // changes whenever a visitor comes or goes
  std::uint64_t seen_ = 0;    // of visits_, when the own thread last looked
};

}  // namespace parley
