// Wraps the log sink of a program, which may throw. Not installed.
#pragma once

#include "parley/ends/log.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace parley {

// The result never throws. If the sink throws, the exception is dropped, because there is no other
// log. Empty if the sink is empty.
inline log_sink guarded(log_sink sink) {
  if (!sink) return {};
  return [sink = std::move(sink)](log_level level, std::string_view text) {
    try {
      sink(level, text);
    } catch (...) {}
  };
}

// The result writes warnings to the sink. Empty if the sink is empty.
inline std::function<void(const std::string&)> warning_to(const log_sink& sink) {
  if (!sink) return nullptr;
  return [sink](const std::string& text) { sink(log_level::warning, text); };
}

}  // namespace parley
