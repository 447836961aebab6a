// One alternative of the variant is not allowed.
#include "lobby/v1/lobby.client.hpp"

#include <variant>

#ifdef PARLEY_WRONG
using somebody = std::variant<parley::to::all_t, parley::to::sender_t>;
#else
using somebody = std::variant<parley::to::all_t, parley::to::others_t>;
#endif

void speak(const lobby::v1::LobbyClient& lobby, const somebody& whom) { lobby.say({.text = "hello"}, whom); }
