#include "parley/ends/address.hpp"

#include "parley/transport/network.hpp"

#include <stdexcept>

namespace parley {

std::string checked_url(std::string_view url, const loopback* network, std::string_view proxy) {
  if (auto sound = transport::network_for(url, network).check(url, proxy); !sound) throw std::invalid_argument(sound.error().message);
  return std::string(url);
}

}  // namespace parley
