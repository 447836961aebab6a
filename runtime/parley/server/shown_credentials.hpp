// Takes the credential of a client out of its upgrade request. Reads no clock and no option but
// those of auth_options. Private to the server room.
#pragma once

#include "parley/stub/authenticator.hpp"
#include "parley/transport/request.hpp"

#include <string_view>

namespace parley {

struct shown_credential {
  parley::credential credential{};
  shown_by how = shown_by::nobody;
  // Why the request is refused with HTTP 400. Empty: it is not. The text is Parley's own.
  std::string_view fault{};
};

// At most one source may show a credential. A cookie counts only if nothing else is shown and the
// Origin header is present. The caller has refused origins that are not allowed.
//
// Nothing that may be secret is left in the request: it loses the headers with credentials, the
// subprotocols "parley.auth....", and the ticket of its query. With an empty name there is no
// ticket, or no cookie.
shown_credential take_credentials(std::string_view cookie, std::string_view ticket, transport::request& asked);

}  // namespace parley
