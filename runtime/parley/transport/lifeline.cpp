#include "parley/transport/lifeline.hpp"

#include <asio/execution/context.hpp>
#include <asio/execution_context.hpp>
#include <asio/query.hpp>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

namespace parley::transport {

// The objects that are tied to one execution context. Guarded, because strands of one context tie and untie at the same time, and because
// other threads destroy objects while the context ends. They may do so after it has ended, too, so they share this list with it.
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
    // Except in sever() itself, which may destroy the object.
    if (std::this_thread::get_id() != severing_) done_.wait(lock, [&] { return severed_ != &one; });
  }

  // Severing one may destroy others, which then untie themselves: so always the first that is left, and without the lock.
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
  tethered* severed_ = nullptr;  // whose sever() runs, in the thread that is `severing_`
  std::thread::id severing_;
};

namespace {

// Asio calls shutdown() first of all when the context is destroyed.
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
