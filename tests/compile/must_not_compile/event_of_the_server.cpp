// Only the server says that somebody arrived: the client's stub has no way to.
#include "lobby/v1/lobby.client.hpp"
#include "lobby/v1/lobby.server.hpp"

#ifdef PARLEY_WRONG
void tell(const lobby::v1::LobbyClient& lobby, const lobby::v1::Person& person) { lobby.arrived(person, parley::to::others); }
#else
void tell(const lobby::v1::LobbyPeers& peers, const lobby::v1::Person& person, parley::peer& who) {
  peers.arrived(person, parley::to::others(who));
}
#endif
