#include "parley/transport/lifeline.hpp"

#include <asio/execution/context.hpp>
#include <asio/execution_context.hpp>
#include <asio/query.hpp>

#include <mutex>
#include <utility>

namespace parley::transport {

// One per execution context; Asio calls shutdown() first of all when the context is destroyed. The list is guarded because strands of
// one context tie and untie at the same time.
class lifeline final : public asio::execution_context::service {
 public:
  inline static asio::execution_context::id id;

  explicit lifeline(asio::execution_context& context) : service(context) {}

  void tie(tethered& one) {
    const std::lock_guard lock(guard_);
    one.line_ = this;
    one.after_ = first_;
    if (first_) first_->before_ = &one;
    first_ = &one;
  }

  void untie(tethered& one) noexcept {
    const std::lock_guard lock(guard_);
    unlink(one);
  }

 private:
  void unlink(tethered& one) noexcept {
    if (one.before_) one.before_->after_ = one.after_;
    else first_ = one.after_;
    if (one.after_) one.after_->before_ = one.before_;
    one.line_ = nullptr;
    one.before_ = one.after_ = nullptr;
  }

  // Severing one may destroy others, which then untie themselves: so always the first that is left, and without the lock.
  void shutdown() override {
    for (;;) {
      tethered* one = nullptr;
      {
        const std::lock_guard lock(guard_);
        if (!first_) return;
        one = first_;
        unlink(*one);
      }
      one->sever();
    }
  }

  std::mutex guard_;
  tethered* first_ = nullptr;
};

tethered::tethered(const asio::any_io_executor& on) {
  asio::execution_context& context = asio::query(on, asio::execution::context_as<asio::execution_context&>);
  asio::use_service<lifeline>(context).tie(*this);
}

void tethered::untie() noexcept {
  if (line_) line_->untie(*this);
}

}  // namespace parley::transport
