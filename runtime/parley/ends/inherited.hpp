// What the manager of a service has given to this process. Not installed.
#pragma once

#include "parley/core/core.hpp"

#include <chrono>
#include <string_view>
#include <vector>

namespace parley {

// The listening sockets of a name in LISTEN_FDNAMES (sd_listen_fds(3)), or the one with this number. They
// stay open, and other programs that this one starts do not get them. The error is `invalid`, and its text
// names the option.
result<std::vector<int>> inherited_sockets(std::string_view name);

// How often the manager wants to be sent WATCHDOG=1 at least (sd_watchdog_enabled(3)). 0: never.
std::chrono::microseconds watchdog_interval();

}  // namespace parley
