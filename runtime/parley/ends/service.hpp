// A program as a service: what it tells the program that manages it (systemd), and the sockets that it
// gets from it. Without libsystemd, and without Asio.
#pragma once

#include <string_view>

namespace parley {

// Sends a state to the manager, such as "READY=1" or "STATUS=loading", with a line feed between several
// (sd_notify(3)). Returns false if there is no manager (NOTIFY_SOCKET), or it cannot be reached. Never
// blocks. Any thread, while no other thread changes the environment.
bool notify(std::string_view state) noexcept;

}  // namespace parley
