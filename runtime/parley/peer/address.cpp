#include "parley/peer/address.hpp"

#include "parley/transport/websocket.hpp"

#include <stdexcept>

namespace parley {

std::string checked_url(std::string_view url, const loopback* network, std::string_view proxy) {
  if (!network)
    if (auto sound = transport::check_websocket_url(url); !sound) throw std::invalid_argument(sound.error().message);
  if (!proxy.empty())
    if (auto sound = transport::check_proxy_url(proxy); !sound) throw std::invalid_argument(sound.error().message);
  return std::string(url);
}

}  // namespace parley
