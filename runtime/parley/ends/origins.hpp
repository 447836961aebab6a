// Which pages may connect to a server, decided by the Origin header that browsers send (RFC 6454
// section 7, RFC 6455 section 10.2), and by which names the server may be addressed, decided by the
// Host header. A page of a foreign name that resolves to the server's address (DNS rebinding) sends
// that name.
#pragma once

#include "parley/core/core.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace parley {

// Converts an entry of a list of origins to the form that browsers send: scheme, host and port in
// lower case, without a trailing slash and without the scheme's default port. Returns `invalid` if
// no browser can send it. The text then names `option` and explains what to write.
result<std::string> usable_origin(std::string_view entry, std::string_view option);

// Whether a page of `origin` may connect to a server that it addressed as `host` (the Host header).
// `listed` contains results of usable_origin(). A page of the same host and port may connect, and
// so may programs, which send no origin.
bool origin_allowed(const std::vector<std::string>& listed, std::string_view origin, std::string_view host);

// The same for a list of the names by which a server may be addressed: a host in lower case, with
// its port if the entry has one.
result<std::string> usable_host(std::string_view entry, std::string_view option);

// Whether `host` (the Host header) is in the list. An entry without a port stands for every port. An
// empty list allows every host.
bool host_allowed(const std::vector<std::string>& listed, std::string_view host);

}  // namespace parley
