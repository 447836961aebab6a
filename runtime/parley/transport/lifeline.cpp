#include "parley/transport/lifeline.hpp"

#include <asio/execution/context.hpp>
#include <asio/execution_context.hpp>
#include <asio/query.hpp>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

namespace parley::transport {

// The list of the objects that are tied to one execution context. A mutex guards it, because the
// strands of one context tie and untie objects at the same time, and because other threads may
// destroy objects while the context is being destroyed. They may also do so afterwards, so the
// objects share the list with the context.
class lifeline {
 public:
  void tie(tethered& one) {
    const std::lock_guard lock(guard_);
    one.tied_ = true;
    one.after_ = first_;
    if (first_) first_->before_ = &one;
    first_ = &one;
  }

  void untie(tethered& one) noexcept {
    std::unique_lock lock(guard_);
    if (one.tied_) return unlink(one);
    // The thread that runs sever_all() does not wait, because sever() itself may destroy the
    // object.
    if (std::this_thread::get_id() != severing_) done_.wait(lock, [&] { return severed_ != &one; });
  }

  // sever() of one object may destroy others, which then untie themselves. Each round therefore
  // takes the first object that is left, and calls sever() without the lock.
  void sever_all() noexcept {
    std::unique_lock lock(guard_);
    severing_ = std::this_thread::get_id();
    while (first_) {
      severed_ = first_;
      unlink(*severed_);
      tethered& one = *severed_;
      lock.unlock();
      one.sever();
      lock.lock();
      severed_ = nullptr;
      done_.notify_all();
    }
  }

 private:
  void unlink(tethered& one) noexcept {
    if (one.before_) one.before_->after_ = one.after_;
    else first_ = one.after_;
    if (one.after_) one.after_->before_ = one.before_;
    one.tied_ = false;
    one.before_ = one.after_ = nullptr;
  }

  std::mutex guard_;
  std::condition_variable done_;
  tethered* first_ = nullptr;
  tethered* severed_ = nullptr;  // the object whose sever() is running, on the thread `severing_`
  std::thread::id severing_;
};

namespace {

// Asio calls shutdown() before anything else when the context is destroyed.
class lifeline_of_context final : public asio::execution_context::service {
 public:
  inline static asio::execution_context::id id;

  explicit lifeline_of_context(asio::execution_context& context) : service(context) {}

  const std::shared_ptr<lifeline> line = std::make_shared<lifeline>();

 private:
  void shutdown() override { line->sever_all(); }
};

std::shared_ptr<lifeline> lifeline_of(const asio::any_io_executor& on) {
  asio::execution_context& context = asio::query(on, asio::execution::context_as<asio::execution_context&>);
  return asio::use_service<lifeline_of_context>(context).line;
}

}  // namespace

tethered::tethered(const asio::any_io_executor& on) : line_(lifeline_of(on)) { line_->tie(*this); }

void tethered::untie() noexcept { line_->untie(*this); }

}  // namespace parley::transport
