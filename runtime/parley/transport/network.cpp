#include "parley/transport/network.hpp"

#include "parley/transport/loopback.hpp"
#include "parley/transport/websocket.hpp"

namespace parley::transport {

network& network_for(std::string_view, const loopback* in_memory) {
  if (in_memory) return in_memory->network();
  return websocket_network();
}

}  // namespace parley::transport
