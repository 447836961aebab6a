// The schema does not let a client send Say to the server.
#include "lobby/v1/lobby.client.hpp"

void speak(const lobby::v1::LobbyClient& lobby) {
#ifdef PARLEY_WRONG
  lobby.say({.text = "hello"}, parley::to::server);
#else
  lobby.say({.text = "hello"}, parley::to::all);
#endif
}
