// A server's OTHERS must name the client that is its subject.
#include "lobby/v1/lobby.server.hpp"

void tell(const lobby::v1::LobbyPeers& peers, const lobby::v1::Person& person, parley::peer& who) {
#ifdef PARLEY_WRONG
  static_cast<void>(who);
  peers.arrived(person, parley::to::others);
#else
  peers.arrived(person, parley::to::others(who));
#endif
}
