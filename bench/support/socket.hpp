// Plain blocking or non-blocking TCP on 127.0.0.1.
#pragma once

#include <cstdint>
#include <string_view>

namespace bench {

// A listening socket on a port of the system's choice, which it prints ("port N") for whoever started this program.
int listen_and_announce(bool blocking);

// What other servers print.
void announce(std::uint16_t port);

int dial(std::uint16_t port);
void no_delay(int socket);
void non_blocking(int socket);
void write_all(int socket, std::string_view bytes);

// A sleeping thread. libstdc++ counts references without atomics in a process of one thread, which no real server is.
void be_multi_threaded();

}  // namespace bench
