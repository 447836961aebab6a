// The result of connection::wait_here().
#pragma once

#include <cstdint>

namespace parley::transport {

enum class waited : std::uint8_t {
  arrived,  // bytes were read or sent, and the handler was called for whole messages
  woken,    // by the descriptor or by a signal
  late,     // `until` has passed
  unable,   // waiting is not possible here, and only a turn of the loop can continue
};

}  // namespace parley::transport
