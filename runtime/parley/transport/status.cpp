#include "parley/transport/status.hpp"

#include <cstddef>
#include <string>

namespace parley::transport {

errc meaning_of(int http_status, refuser by) noexcept {
  const bool of_server = by == refuser::server;
  switch (http_status) {
    case 401:
      return errc::unauthenticated;
    case 407:
      return of_server ? errc::disconnected : errc::unauthenticated;
    case 403:
      return errc::denied;
    case 404:
      return of_server ? errc::unimplemented : errc::disconnected;
    case 405:
      return errc::unimplemented;
    case 501:
      return of_server ? errc::disconnected : errc::unimplemented;
    case 400:
    case 426:
      return of_server ? errc::version_mismatch : errc::disconnected;
    case 429:
    case 503:
      return errc::overloaded;
    default:
      return errc::disconnected;
  }
}

error refusal(int status, std::string_view path) {
  constexpr std::string_view usual = "/ws";
  constexpr std::size_t enough = 100;
  error why{meaning_of(status, refuser::server), "the server refused with HTTP " + std::to_string(status)};
  why.from_peer = true;
  if (status == 400) why.message += ": it does not understand the request; if the port speaks TLS, begin the url with wss://";
  if (status != 404) return why;
  why.message += path.empty() ? ": nothing is served at this path" : ": nothing is served at " + std::string(path.substr(0, enough));
  if (path != usual) (why.message += "; the default path of a Parley server is ") += usual;
  why.message += " (server_options::path sets it)";
  return why;
}
}  // namespace parley::transport
