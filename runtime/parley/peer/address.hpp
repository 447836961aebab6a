// Where a client or a raw connection is told to go. Private to the peer room.
#pragma once

#include <string>
#include <string_view>

namespace parley {

class loopback;

// The url, once it and the proxy's are found to be well-formed; in memory any name will do. Throws std::invalid_argument.
std::string checked_url(std::string_view url, const loopback* network, std::string_view proxy);

}  // namespace parley
