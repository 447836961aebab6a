// Reports handlers that block their loop. No other connection of the loop is served meanwhile.
#pragma once

#include "parley/transport/clock.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>

namespace parley {

// For one thread. Reports each name once. Measures until the handler returns, so the part of a
// coroutine after its first co_await is not measured.
class watchdog {
 public:
  // Nothing is measured if `limit` is zero or `say` is empty.
  watchdog(std::shared_ptr<transport::clock> clock, std::chrono::milliseconds limit, std::function<void(const std::string&)> say)
      : clock_(std::move(clock)), limit_(limit), say_(std::move(say)) {
    if (limit_ <= limit_.zero()) say_ = nullptr;
  }
  ~watchdog() {
    for (running* one = innermost_; one; one = one->outer_) one->by_ = nullptr;
  }
  watchdog(const watchdog&) = delete;
  watchdog& operator=(const watchdog&) = delete;

  // Exists while the handler of `name` runs. `name` must outlive it. The watchdog may be destroyed
  // earlier, because a handler may destroy its own server.
  class running {
   public:
    running(watchdog& by, std::string_view name) noexcept : by_(&by), outer_(by.innermost_), name_(name) {
      by.innermost_ = this;
      if (by.say_) since_ = by.clock_->roughly_now();
    }
    [[gnu::hot]] ~running() {
      if (!by_) return;
      by_->innermost_ = outer_;
      if (by_->say_) by_->over(name_, since_);
    }
    running(const running&) = delete;
    running& operator=(const running&) = delete;

   private:
    friend class watchdog;
    watchdog* by_;  // null if the watchdog was destroyed
    running* outer_;
    std::string_view name_;
    time_point since_{};
  };

 private:
  void over(std::string_view name, time_point since) {
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(clock_->roughly_now() - since);
    if (took > limit_) report(name, took);
  }
  [[gnu::cold]] void report(std::string_view name, std::chrono::milliseconds took) {
    if (!said_.emplace(name).second) return;
    say_("the handler of " + std::string(name) + " held its loop for " + std::to_string(took.count()) +
         " ms; nothing else ran on it meanwhile (logged once per method, see slow_handler)");
  }

  const std::shared_ptr<transport::clock> clock_;
  const std::chrono::milliseconds limit_;
  std::function<void(const std::string&)> say_;
  std::unordered_set<std::string> said_;
  running* innermost_ = nullptr;
};

}  // namespace parley
