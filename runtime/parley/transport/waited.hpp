// What ended connection::wait_here().
#pragma once

#include <cstdint>

namespace parley::transport {

enum class waited : std::uint8_t {
  arrived,  // bytes were read or sent, and the handler was called for whole messages
  woken,    // by the descriptor, or by a signal
  late,     // the time has come
  unable,   // nothing to wait for here: only a turn of the loop can go on
};

}  // namespace parley::transport
