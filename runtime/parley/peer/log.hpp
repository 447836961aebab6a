// Where the runtime's own messages go. The library writes nowhere by itself.
#pragma once

#include <functional>
#include <string_view>

namespace parley {

enum class log_level { debug, info, warning, error };

// Called on the loop of whatever it speaks of; must not block. Texts hold ids, addresses, method names and codes, never payloads,
// credentials or other input. What it throws is dropped.
using log_sink = std::function<void(log_level, std::string_view)>;

}  // namespace parley
