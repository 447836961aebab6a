#include "parley/ends/home.hpp"

#include "parley/ends/shared_loop.hpp"

#include <asio/executor_work_guard.hpp>
#include <asio/post.hpp>

#include <exception>
#include <string>
#include <typeinfo>

namespace parley {

// Exceptions of completion handlers and of functions that the program posted. Exceptions of handlers
// of calls and events were reported before.
void own_loop::report() const {
  if (!log_) return;
  try {
    throw;
  } catch (const std::exception& e) { log_(log_level::error, std::string("a completion handler failed: ") + e.what()); } catch (...) {
    log_(log_level::error, "a completion handler failed");
  }
}

void own_loop::run() {
  {
    auto work = asio::make_work_guard(context_);
    while (!ending_) run_one();
  }
  run_rest();
}

void own_loop::run_one() {
  contained([this] { return context_.run_one(); });
}

std::size_t own_loop::poll_one() {
  return contained([this] { return context_.poll_one(); });
}

// Everything that is ready still runs: completions with `cancelled`, and what they resume. The number
// is limited, so that a program that ignores its errors cannot block a destructor forever.
void own_loop::run_rest() {
  for (int ready = 10'000; ready > 0 && poll_one() > 0; --ready) {}
}

void own_thread::run(std::shared_ptr<own_loop> loop) {
  thread_ = std::thread([loop = std::move(loop)] {
    loop->run();
    loop->shut_down();
  });
}

void own_thread::run(std::shared_ptr<own_loop> loop, std::shared_ptr<shared_loop> with_others) {
  thread_ = std::thread([loop = std::move(loop), with_others = std::move(with_others)] {
    with_others->run();
    loop->shut_down();
  });
}

void own_thread::join() {
  if (!thread_.joinable()) return;
  if (thread_.get_id() == std::this_thread::get_id()) thread_.detach();
  else thread_.join();
}

void home::move_out(std::shared_ptr<void> end) {
  if (loop_ && ends_loop_) loop_->end();
  asio::post(executor(), [last = std::move(end)] {});
}

bool home::runs_here() const {
  if (strand_ && strand_->running_in_this_thread()) return true;
  // Another thread may run the same io_context, but this cannot be detected. The function then
  // returns true all the same. The type is checked here because Asio's target() does not check it.
  using of_io_context = asio::io_context::executor_type;
  return inner_.target_type() == typeid(of_io_context) && inner_.target<of_io_context>()->running_in_this_thread();
}

}  // namespace parley
