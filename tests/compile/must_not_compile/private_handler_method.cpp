// The server calls the overrides of a handler, so they must be public.
#include "lobby/v1/lobby.server.hpp"

#include <parley/server.hpp>

struct Lobby final : lobby::v1::LobbyHandler {
#ifdef PARLEY_WRONG
 private:
#endif
  parley::reply<lobby::v1::Sum> add(const lobby::v1::Numbers&, parley::call&) override { return lobby::v1::Sum{}; }
};

void serve(parley::server& server, Lobby& lobby) { server.add(lobby); }
