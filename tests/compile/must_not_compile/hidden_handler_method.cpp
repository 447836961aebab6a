// A method with another signature, without an `override` that would report it.
#include "lobby/v1/lobby.server.hpp"

#include <parley/server.hpp>

struct Lobby final : lobby::v1::LobbyHandler {
#ifdef PARLEY_WRONG
  parley::reply<lobby::v1::Sum> add(lobby::v1::Numbers, parley::call&) { return lobby::v1::Sum{}; }
#else
  parley::reply<lobby::v1::Sum> add(const lobby::v1::Numbers&, parley::call&) override { return lobby::v1::Sum{}; }
#endif
};

void serve(parley::server& server, Lobby& lobby) { server.add(lobby); }
