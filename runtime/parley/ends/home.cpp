#include "parley/ends/home.hpp"

#include <asio/executor_work_guard.hpp>
#include <asio/post.hpp>

#include <exception>
#include <string>
#include <typeinfo>

namespace parley {

// Completion handlers and functions that the program posted here. Handlers of calls and events have reported theirs before.
template <class Turn>
std::size_t own_loop::contained(Turn turn) {
  try {
    return turn();
  } catch (const std::exception& e) {
    if (log_) log_(log_level::error, std::string("a completion handler failed: ") + e.what());
  } catch (...) {
    if (log_) log_(log_level::error, "a completion handler failed");
  }
  return 1;
}

void own_loop::run() {
  {
    auto work = asio::make_work_guard(context_);
    while (!ending_) contained([this] { return context_.run_one(); });
  }
  // Whatever is ready still runs: completions with `cancelled` and what they resume. Bounded, so that a program that never looks at
  // its errors cannot keep a destructor waiting.
  for (int ready = 10'000; ready > 0 && contained([this] { return context_.poll_one(); }) > 0; --ready) {}
}

void own_thread::run(std::shared_ptr<own_loop> loop) {
  thread_ = std::thread([loop = std::move(loop)] {
    loop->run();
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
  // On an io_context another thread might help out, but nobody can know: it counts as here.
  // target() of Asio casts without a look.
  using of_io_context = asio::io_context::executor_type;
  return inner_.target_type() == typeid(of_io_context) && inner_.target<of_io_context>()->running_in_this_thread();
}

}  // namespace parley
