// The functions that every handler inherits can be hidden too.
#include "lobby/v1/lobby.server.hpp"

#include <parley/server.hpp>

struct Lobby final : lobby::v1::LobbyHandler {
#ifdef PARLEY_WRONG
  void principal_changed(const parley::peer&) {}
#else
  void principal_changed(parley::peer&) override {}
#endif
};

void serve(parley::server& server, Lobby& lobby) { server.add(lobby); }
