// Decides which clients a server admits and what it speaks with each, from the request and the
// options alone. Private to the server room.
//
//   const admission to = admit(options, dialect, *request);
//   if (!to.admitted()) return request->reject(to.status, to.text);
//   request->accept(to.subprotocol, std::move(connection));
//
// Any thread. The texts are Parley's own. `subprotocol` refers to a constant or to the dialect.
#pragma once

#include "parley/conversation/dialect.hpp"
#include "parley/server/server.hpp"
#include "parley/transport/request.hpp"

#include <string_view>

namespace parley {

struct admission {
  int status = 0;                  // HTTP status. 0: admitted
  std::string_view text{};         // the reason, for the reader of the response
  std::string_view subprotocol{};  // the server's answer. Empty: none

  bool admitted() const noexcept { return status == 0; }
};

// `foreign` is the dialect of the port, or null. Checks the origin of a page first, and then the
// subprotocols.
admission admit(const server_options& options, const dialect* foreign, const transport::request& asked);

}  // namespace parley
