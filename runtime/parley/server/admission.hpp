// Which clients a server admits, and what is spoken with each. Decided from the request and the options alone. Private to the server room.
//
//   const admission to = admit(options, dialect, *request);
//   if (!to.admitted()) return request->reject(to.status, to.text);
//   request->accept(to.subprotocol, std::move(connection));
//
// Any thread. The texts are Parley's own; `subprotocol` refers to a constant or to the dialect.
#pragma once

#include "parley/conversation/dialect.hpp"
#include "parley/server/server.hpp"
#include "parley/transport/request.hpp"

#include <string_view>

namespace parley {

struct admission {
  int status = 0;                  // HTTP. 0: admitted
  std::string_view text{};         // why not, for the reader of the response
  std::string_view subprotocol{};  // what the server answers with. Empty: none

  bool admitted() const noexcept { return status == 0; }
};

// `foreign`: the dialect of the port, or null. The checks, in this order: the origin of a page, then the subprotocols.
admission admit(const server_options& options, const dialect* foreign, const transport::request& asked);

}  // namespace parley
