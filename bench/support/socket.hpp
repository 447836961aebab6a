// Plain blocking or non-blocking TCP on 127.0.0.1.
#pragma once

#include <cstdint>
#include <string_view>

namespace bench {

// Opens a listening socket on a port that the system chooses, and prints it ("port N") for the
// program that started this one.
int listen_and_announce(bool blocking);

// Prints the port in the same form, for other servers.
void announce(std::uint16_t port);

int dial(std::uint16_t port);
void no_delay(int socket);
void non_blocking(int socket);
void write_all(int socket, std::string_view bytes);

// Starts a thread that sleeps. In a process with one thread libstdc++ counts references without
// atomics, but real servers have several threads.
void be_multi_threaded();

}  // namespace bench
