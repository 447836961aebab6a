// Decides which clients a server admits, what it speaks with each, and when the client's credential
// is checked, from the request and the options alone. Private to the server room.
//
//   admission to = admit(options, port, *request);
//   if (!to.admitted()) return request->reject(to.status, to.text);
//   if (to.checked == admission::check::now) ...                // ask options.auth.check, then
//   request->accept(to.subprotocol, std::move(connection));
//
// Any thread. The texts are Parley's own. `subprotocol` refers to a constant or to the dialect.
#pragma once

#include "parley/conversation/dialect.hpp"
#include "parley/server/server.hpp"
#include "parley/server/shown_credentials.hpp"
#include "parley/transport/request.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace parley {

struct admission {
  // When auth_options::check is asked.
  enum class check {
    never,  // there is none
    now,
    later,  // with the greeting
  };

  int status = 0;                  // HTTP status. 0: admitted
  std::string_view text{};         // the reason, for the reader of the response
  std::string_view subprotocol{};  // the server's answer. Empty: none
  check checked = check::never;
  shown_credential shown{};  // what the request has shown, if there is a check

  bool admitted() const noexcept { return status == 0; }
};

// `at` is the port and path of the client. The request loses what may be secret
// (shown_credentials.hpp). Refuses, in this order: the name of the server, the origin of a page,
// credentials that cannot be read, credentials over plain text, and subprotocols.
admission admit(const server_options& options, const port_options& at, transport::request& asked);

// Whether a credential may be checked that came over this connection: it is encrypted, both ends are
// on this machine, or the option permits it.
bool may_carry_credentials(const auth_options& options, const transport::request& asked);

// For HTTP 403 and close 4005.
inline constexpr std::string_view plain_text_refusal =
    "credentials over plain text: use wss://, or set auth.on_plain_text at a server behind a proxy with TLS";

// The text for a request with a Host header that is not in `hosts`.
inline constexpr std::string_view unknown_host = "this server has other names than the Host header: list it in server_options::hosts";

// The names of the server at a port.
inline const std::vector<std::string>& hosts_at(const server_options& options, const port_options& at) {
  return at.hosts ? *at.hosts : options.hosts;
}

}  // namespace parley
