// Only the server sends this event, so the client's stub has no function for it.
#include "lobby/v1/lobby.client.hpp"
#include "lobby/v1/lobby.server.hpp"

#ifdef PARLEY_WRONG
void tell(const lobby::v1::LobbyClient& lobby, const lobby::v1::Person& person) { lobby.arrived(person, parley::to::others); }
#else
void tell(const lobby::v1::LobbyPeers& peers, const lobby::v1::Person& person, parley::peer& who) {
  peers.arrived(person, parley::to::others(who));
}
#endif
