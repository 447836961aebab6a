// What a client, a server or a raw connection runs on: the executor of its handlers, and its own loop and thread, if it has them.
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

// A loop of its own, run by one thread at a time.
class own_loop {
 public:
  // What user code on the loop throws goes to `log`, and the loop goes on: a program is not ended for it on a thread that it did not make.
  explicit own_loop(const log_sink& log = {}) : log_(guarded(log)) {}

  asio::io_context& context() noexcept { return context_; }

  // Runs until end() was called and what is ready then has run. Throws nothing.
  void run();
  // Afterwards: drops what still waits on it. No thread runs the loop any more, nor hands it anything.
  void shut_down() { context_.shutdown(); }
  // From the loop only: run() returns soon.
  void end() noexcept { ending_ = true; }

 private:
  struct loop : asio::io_context {
    loop() : io_context(1) {}
    using execution_context::shutdown;  // destroys what still waits on the loop
  };
  template <class Turn>
  std::size_t contained(Turn turn);

  const log_sink log_;
  loop context_;
  bool ending_ = false;
};

// The thread that runs such a loop. It owns the loop and nothing else: the last owner of a core may well be something that waits on it.
class own_thread {
 public:
  void run(std::shared_ptr<own_loop> loop);
  // Waits for it; lets it end by itself if this is that thread.
  void join();

 private:
  std::thread thread_;
};

// The executor, and whether the calling thread is one that runs it.
class home {
 public:
  explicit home(std::shared_ptr<own_loop> loop)
      : loop_(std::move(loop)), inner_(loop_->context().get_executor()), on_(std::make_shared<const loop_executor>(inner_)) {}
  // On the caller's executor, made to run one thing at a time.
  explicit home(asio::any_io_executor callers)
      : inner_(std::move(callers)), strand_(asio::make_strand(inner_)), on_(std::make_shared<const loop_executor>(*strand_)) {}

  // The same executor for one end among several, whose loop it keeps alive and does not end.
  home shared() const {
    home made(*this);
    made.ends_loop_ = false;
    return made;
  }

  const asio::any_io_executor& executor() const noexcept { return on_->executor; }
  const std::shared_ptr<const loop_executor>& shared_executor() const noexcept { return on_; }
  own_loop* loop() const noexcept { return loop_.get(); }
  std::shared_ptr<own_loop> own() const noexcept { return loop_; }
  // Could waiting on this thread keep the executor from ever running?
  bool runs_here() const;
  // Is this very thread running the executor just now?
  bool inside() const { return strand_ ? strand_->running_in_this_thread() : runs_here(); }
  // On the executor: its end is over. An own loop ends; `end` goes in a turn of its own, not in the middle of one of its functions.
  void move_out(std::shared_ptr<void> end);

 private:
  std::shared_ptr<own_loop> loop_;  // outlives every executor made from it
  bool ends_loop_ = true;           // with the end that lives here
  asio::any_io_executor inner_;
  std::optional<asio::strand<asio::any_io_executor>> strand_;
  std::shared_ptr<const loop_executor> on_;
};

}  // namespace parley
