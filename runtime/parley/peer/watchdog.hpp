// Notices handlers that hold their loop: while one runs, nobody else on that loop is served.
#pragma once

#include "parley/transport/transport.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>

namespace parley {

// One thread. Says it once for each name. It measures until the handler returns: what a coroutine does after its first co_await is not seen.
class watchdog {
  class watch;

 public:
  // `limit` zero, or nobody to say it to: nothing is measured.
  watchdog(std::shared_ptr<transport::clock> clock, std::chrono::milliseconds limit, std::function<void(const std::string&)> say) {
    if (limit > limit.zero() && say) watch_ = std::make_shared<watch>(std::move(clock), limit, std::move(say));
  }

  // While it lives, the handler of `name` runs. `name` outlives it; the watchdog need not, for a handler may end its own server.
  class running {
   public:
    running(const watchdog& by, std::string_view name) {
      if (!by.watch_) return;
      watch_ = by.watch_;
      name_ = name;
      since_ = watch_->now();
    }
    ~running() {
      if (watch_) watch_->over(name_, since_);
    }
    running(const running&) = delete;
    running& operator=(const running&) = delete;

   private:
    std::shared_ptr<watch> watch_;
    std::string_view name_;
    time_point since_{};
  };

 private:
  class watch {
   public:
    watch(std::shared_ptr<transport::clock> clock, std::chrono::milliseconds limit, std::function<void(const std::string&)> say)
        : clock_(std::move(clock)), limit_(limit), say_(std::move(say)) {}
    time_point now() const { return clock_->roughly_now(); }
    void over(std::string_view name, time_point since) {
      const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(now() - since);
      if (took <= limit_ || !said_.emplace(name).second) return;
      say_("the handler of " + std::string(name) + " held its loop for " + std::to_string(took.count()) +
           " ms, in which nobody else was served; said once, option slow_handler");
    }

   private:
    const std::shared_ptr<transport::clock> clock_;
    const std::chrono::milliseconds limit_;
    const std::function<void(const std::string&)> say_;
    std::unordered_set<std::string> said_;
  };

  std::shared_ptr<watch> watch_;
};

}  // namespace parley
