// How much clients may ask of a server. Without Asio.
#pragma once

#include "parley/core/cell_rate.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace parley {

// A client is limited by its address: an IPv4 address, or the first 64 bits of an IPv6 address. Clients
// on the machine of the server, over Unix sockets and in memory have no limit but `connections`.
struct limit_options {
  // Clients at once. Further ones are refused with HTTP 503.
  std::size_t connections = 100'000;
  // Clients at once of one address. Further ones are refused with HTTP 429. 0: no limit.
  std::size_t per_address = 1'000;
  // New connections of all clients together. Beyond it they are refused with HTTP 503 and Retry-After.
  // Over TLS they are disconnected before the handshake, which would be most of the work.
  rate_limit handshakes{1'000, 4'000};
  // New connections of one address. The same with HTTP 429.
  rate_limit handshakes_per_address{20, 100};
  // Messages of one client, and bytes of their content. A client that sends faster is not read from
  // until it is within the limits again. It loses nothing: the system makes it wait.
  rate_limit messages{5'000, 20'000};
  rate_limit bytes{32e6, 64e6};
  // A client that sends faster for so long, without a second's rest, is closed with 1008. 0: never.
  std::chrono::seconds close_after{30};
  // Proxies whose X-Forwarded-For header is believed: "10.0.0.0/8", "2001:db8::7", or "unix" for all
  // clients of Unix sockets. The limits then apply to the client that the proxy names: the last entry
  // that is not a trusted proxy itself. Everybody else's header is ignored.
  std::vector<std::string> trusted_proxies{};
  // Limits clients on the machine of the server too. For tests.
  bool loopback_too = false;
};

}  // namespace parley
