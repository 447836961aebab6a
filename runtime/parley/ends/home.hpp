// The place where a client, a server or a raw connection runs: the executor of its handlers, and
// its own loop and thread if it has them.
#pragma once

#include "parley/ends/guarded_log.hpp"
#include "parley/ends/loop_executor.hpp"

#include <asio/any_io_executor.hpp>
#include <asio/io_context.hpp>
#include <asio/strand.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

namespace parley {

class shared_loop;

// A loop that belongs to one end. One thread at a time runs it.
class own_loop {
 public:
  // Exceptions of user code on the loop are written to `log`, and the loop continues, because the
  // program did not create this thread and cannot catch them.
  explicit own_loop(const log_sink& log = {}) : log_(guarded(log)) {}

  asio::io_context& context() noexcept { return context_; }

  // Runs until end() was called, and then everything that is ready. Never throws.
  void run();
  // The parts of run(), for threads that share the loop (shared_loop). The caller holds a work guard.
  void run_one();
  std::size_t poll_one();
  void run_rest();
  bool is_ending() const noexcept { return ending_; }
  // Exceptions of the turn are written to the log. The turn then counts as one function.
  template <class Turn>
  std::size_t contained(Turn turn) {
    try {
      return turn();
    } catch (...) { report(); }
    return 1;
  }
  // Call it after run(), when no thread runs the loop or posts to it. Destroys the work that is
  // still waiting.
  void shut_down() { context_.shutdown(); }
  // Call it on the loop. run() returns soon afterwards.
  void end() noexcept { ending_ = true; }

 private:
  struct loop : asio::io_context {
    loop() : io_context(1) {}
    using execution_context::shutdown;  // destroys the work that still waits on the loop
  };
  void report() const;  // the current exception

  const log_sink log_;
  loop context_;
  bool ending_ = false;
};

// The thread that runs an own_loop. The thread owns the loop but not the core, because the last
// owner of a core may be an operation that waits on the loop.
class own_thread {
 public:
  void run(std::shared_ptr<own_loop> loop);
  void run(std::shared_ptr<own_loop> loop, std::shared_ptr<shared_loop> with_others);
  // Waits until the thread has ended. If called on that thread, detaches it, and the thread ends by
  // itself.
  void join();

 private:
  std::thread thread_;
};

// An executor, and whether the calling thread runs it.
class home {
 public:
  explicit home(std::shared_ptr<own_loop> loop)
      : loop_(std::move(loop)), inner_(loop_->context().get_executor()), on_(std::make_shared<const loop_executor>(inner_)) {}
  // On the caller's executor, in a strand.
  explicit home(asio::any_io_executor callers)
      : inner_(std::move(callers)), strand_(asio::make_strand(inner_)), on_(std::make_shared<const loop_executor>(*strand_)) {}

  // The same executor for one of several ends. The copy keeps the loop alive but does not end it.
  home shared() const {
    home made(*this);
    made.ends_loop_ = false;
    return made;
  }

  const asio::any_io_executor& executor() const noexcept { return on_->executor; }
  const std::shared_ptr<const loop_executor>& shared_executor() const noexcept { return on_; }
  own_loop* loop() const noexcept { return loop_.get(); }
  std::shared_ptr<own_loop> own() const noexcept { return loop_; }
  // Whether a wait on this thread could prevent the executor from running.
  bool runs_here() const;
  // Whether this thread is running the executor now.
  bool inside() const { return strand_ ? strand_->running_in_this_thread() : runs_here(); }
  // Call it on the executor when the end has closed. Ends an own loop. `end` is released in a turn
  // of its own, because one of its functions may be running.
  void move_out(std::shared_ptr<void> end);

 private:
  std::shared_ptr<own_loop> loop_;  // must outlive every executor made from it
  bool ends_loop_ = true;           // move_out() ends the loop
  asio::any_io_executor inner_;
  std::optional<asio::strand<asio::any_io_executor>> strand_;
  std::shared_ptr<const loop_executor> on_;
};

}  // namespace parley
