// Checks the url of a client or a raw connection. Not installed.
#pragma once

#include <string>
#include <string_view>

namespace parley {

class loopback;

// Returns the url if its network accepts it and the proxy's url. Throws std::invalid_argument
// otherwise.
std::string checked_url(std::string_view url, const loopback* network, std::string_view proxy);

}  // namespace parley
