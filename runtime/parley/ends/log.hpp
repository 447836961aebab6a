// Receives the runtime's log messages. The library writes nowhere else.
#pragma once

#include <functional>
#include <string_view>

namespace parley {

enum class log_level { debug, info, warning, error };

// Called on the loop that the message concerns, and must not block. Texts contain ids, addresses,
// method names and codes. They never contain payloads, credentials or other input. Exceptions are
// dropped.
using log_sink = std::function<void(log_level, std::string_view)>;

}  // namespace parley
