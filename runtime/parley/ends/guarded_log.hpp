// A log sink is the program's, and may throw. Private to the ends room.
#pragma once

#include "parley/ends/log.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace parley {

// Throws nothing: what the sink throws ends here, for there is nobody to tell. Empty if the sink is.
inline log_sink guarded(log_sink sink) {
  if (!sink) return {};
  return [sink = std::move(sink)](log_level level, std::string_view text) {
    try {
      sink(level, text);
    } catch (...) {}
  };
}

// Writes warnings to the sink. Empty if the sink is.
inline std::function<void(const std::string&)> warning_to(const log_sink& sink) {
  if (!sink) return nullptr;
  return [sink](const std::string& text) { sink(log_level::warning, text); };
}

}  // namespace parley
