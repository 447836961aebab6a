// The check that finds out who a client is, and its options at a server.
//
//   parley::server server{{.port = 8443, .tls = ..., .auth = {.check = [](const parley::showing& shown) -> parley::reply<parley::principal> {
//     if (shown.credential.secret() == "open sesame") return parley::principal{.name = "ada", .roles = {"admin"}};
//     return parley::errc::unauthenticated;
//   }}}};
#pragma once

#include "parley/stub/credential.hpp"
#include "parley/stub/principal.hpp"
#include "parley/stub/reply.hpp"
#include "parley/transport/tls/peer_certificate.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley {

// How a client has shown its credential.
enum class shown_by : std::uint8_t {
  nobody,       // it has shown none
  header,       // the Authorization header of the upgrade
  subprotocol,  // "parley.auth.<base64url>" among the subprotocols, for web pages
  ticket,       // a parameter of the url (auth_options::ticket)
  cookie,       // auth_options::cookie, from a page of an allowed origin
  hello,        // the first frame
  again,        // `$auth` on an open connection, before the old credential expires
};

// What a client shows. Belongs to the server and lives until the check has answered.
struct showing {
  parley::credential credential{};
  shown_by how = shown_by::nobody;
  // The client's certificate, which TLS has checked against server_tls::client_ca_file. Null: it has
  // shown none, or server_tls::clients is `none`.
  const peer_certificate* certificate = nullptr;
  std::string path{};    // of the url, without the query
  std::string query{};   // without the ticket
  std::string origin{};  // the Origin header. Empty: a program, not a page
  std::string remote{};  // as peer::remote()
  // With `again`: who the client was until now. Otherwise null.
  const principal* before = nullptr;
  // The headers of the upgrade, without those that may contain credentials: Authorization,
  // Proxy-Authorization, Cookie and Sec-WebSocket-Protocol. Empty with `again`.
  std::vector<std::pair<std::string, std::string>> headers{};

  // The value of the first header with this name, which is in lower case. Empty: there is none.
  std::string_view header(std::string_view lower_case_name) const;
};

// Returns who the client is: a principal, an error, or a coroutine that answers later. Called on the
// loop of the connection, with several loops (server_options::threads) on several threads at a time.
//
// Called once for each connection:
// - at the upgrade, if that shows a credential, and always in plain mode and for dialects
// - otherwise with the greeting of the client, which may show a credential too. If it shows none,
//   the check decides whether strangers may come (`shown_by::nobody`)
//
// and again for each `$auth` (schema/parley/envelope.fbs, section 3).
//
// The time limit is server_options::handshake_timeout, of which the upgrade or the greeting has used
// a part. Then a coroutine is interrupted as after a cancelled call.
//
// An error refuses the client:
//
//   the check           at the upgrade                            later
//   unauthenticated     HTTP 401, "WWW-Authenticate: Bearer"      close 4005
//   any other error     HTTP 403                                  close 4005
//   throws, too slow    HTTP 503                                  close 1013
//
// The client learns a fixed text. The text of the error is for the log alone, so it must not repeat
// the credential.
using authenticator = std::function<reply<principal>(const showing&)>;

struct auth_options {
  // Empty: everybody is nobody in particular, and credentials are ignored.
  authenticator check{};
  // The name of the cookie that is a credential: its value is the secret, with the scheme "cookie".
  // It counts only if nothing else is shown, and only from a page whose Origin header is present and
  // allowed (server_options::origins), because browsers send cookies for every page.
  std::string cookie{};
  // The name of the parameter of the url that is a credential, with the scheme "ticket". Urls are
  // written to the logs of proxies, so a ticket should be valid once and for seconds. The check
  // ensures this.
  std::string ticket{};
  // Accept credentials over plain text from other machines. For servers behind a proxy that speaks
  // TLS. Otherwise such clients are refused with HTTP 403 or close 4005, without asking the check.
  bool on_plain_text = false;
};

}  // namespace parley
