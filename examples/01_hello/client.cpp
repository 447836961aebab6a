// The client of the README: receives lines, calls for a sum, and sends a line to all.
#include "lobby/v1/lobby.client.hpp"

#include <parley/client.hpp>

#include <iostream>

using namespace lobby::v1;

int main() {
  parley::client link{"ws://localhost:8765/ws"};  // no I/O yet
  LobbyClient lobby{link};
  lobby.on_say([](const Line& line, const parley::origin& from) { std::cout << from.id << ": " << line.text << std::endl; });

  link.connect();                               // blocks; throws parley::call_failed
  Sum sum = lobby.add({.numbers = {391, 29}});  // blocks; async_add takes any Asio completion token
  std::cout << "391 + 29 = " << sum.value << std::endl;

  lobby.say({.text = "hello"}, parley::to::all);  // never waits; a target that the schema does not allow does not compile
  std::cin.get();                                 // until Enter
}
// [/client]
