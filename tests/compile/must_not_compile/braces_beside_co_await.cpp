// GCC before 13 destroys such a payload twice. Only there it is refused.
#include "lobby/v1/lobby.client.hpp"

#include <asio/awaitable.hpp>
#include <asio/use_awaitable.hpp>

#include <utility>
#include <vector>

asio::awaitable<void> add(lobby::v1::LobbyClient lobby, std::vector<double> numbers) {
#ifdef PARLEY_WRONG
  co_await lobby.async_add({.numbers = std::move(numbers)});
#else
  const lobby::v1::Numbers payload{.numbers = std::move(numbers)};
  co_await lobby.async_add(payload);
#endif
}
