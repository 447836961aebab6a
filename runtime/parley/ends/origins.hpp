// Which pages may connect to a server: the Origin header that browsers send (RFC 6454 section 7, RFC 6455 section 10.2).
#pragma once

#include "parley/core/core.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace parley {

// An entry of a list of origins in the form in which browsers send it: scheme, host and port in lower case, without a trailing slash and
// without the scheme's own port. `invalid` if no browser can ever send it; the text then names `option` and says what to write.
result<std::string> usable_origin(std::string_view entry, std::string_view option);

// May a page of `origin` connect to a server that it named `host` (the Host header)? `listed`: usable ones. A page of the same host and port
// may, and so may programs, which send no origin.
bool origin_allowed(const std::vector<std::string>& listed, std::string_view origin, std::string_view host);

}  // namespace parley
