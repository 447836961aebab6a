// The log of an end, which a test can wait for.
#pragma once

#include "system/events.hpp"

#include <parley/ends/log.hpp>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

class log_of {
 public:
  struct line {
    parley::log_level level;
    std::string text;
  };

  // The log outlives the objects that write to it.
  parley::log_sink sink() {
    return [this](parley::log_level level, std::string_view text) {
      const std::lock_guard lock(mutex_);
      lines_.push_back({level, std::string(text)});
      changed_.notify_all();
    };
  }

  // Waits for the first line that contains `part`.
  std::string line_with(std::string_view part) { return wait_for(part).text; }
  line wait_for(std::string_view part) {
    std::unique_lock lock(mutex_);
    const auto found = [&] {
      return std::find_if(lines_.begin(), lines_.end(), [&](const line& one) { return one.text.find(part) != one.text.npos; });
    };
    if (!changed_.wait_for(lock, std::chrono::seconds(30), [&] { return found() != lines_.end(); }))
      throw std::runtime_error("no such line in the log: " + std::string(part));
    return *found();
  }
  std::size_t count(std::string_view part) const {
    const std::lock_guard lock(mutex_);
    return static_cast<std::size_t>(
        std::count_if(lines_.begin(), lines_.end(), [&](const line& one) { return one.text.find(part) != one.text.npos; }));
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<line> lines_;
};
