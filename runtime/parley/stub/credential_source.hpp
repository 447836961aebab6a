// Where a client takes its credentials from.
//
//   parley::client link{"wss://lobby.example.org/ws", {.credentials = [](const parley::credential_wanted&) -> parley::reply<parley::credential> {
//     return parley::credential::bearer(read_token());
//   }}};
#pragma once

#include "parley/stub/credential.hpp"
#include "parley/stub/reply.hpp"

#include <functional>
#include <string_view>

namespace parley {

struct credential_wanted {
  std::string_view url;   // of the server that the client connects to
  bool refused = false;   // the server has refused the last one, or it has expired there
  bool expiring = false;  // for an open connection: four fifths of the lifetime of the last one have passed
};

// Returns a credential, an error, or a coroutine that answers later, for example after it has asked an
// identity provider. Called on the client's executor, before every attempt to connect, and when a
// credential runs out on an open connection. `wanted` lives until the answer. The time limit is 10 s.
//
// An error, an exception and a late answer count as a failed attempt to connect. On an open connection
// the source is asked again while the old credential is valid.
using credential_source = std::function<reply<credential>(const credential_wanted& wanted)>;

}  // namespace parley
