// Which handler of a server's loop answers a method, while handlers come and go.
#include "parley/server/served_handlers.hpp"
#include "sessions.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

namespace {

using namespace sessions;

struct named final : handler {};

class ServedHandlers : public testing::Test {
 protected:
  std::vector<handler*> all() const {
    std::vector<handler*> found;
    served.for_each([&found](handler& h) { found.push_back(&h); });
    return found;
  }

  program known;
  const method& add = known.add(method_named("Lobby.Add", 1));
  const method& say = known.add(method_named("Lobby.Say", 2));
  const method& move = known.add(method_named("Game.Move", 3));
  named lobby, game;
  const std::array<binding, 2> of_lobby{binding{&add, true, nullptr, nullptr}, binding{&say, false, nullptr, nullptr}};
  const std::array<binding, 1> of_game{binding{&move, true, nullptr, nullptr}};
  served_handlers served{known.contract};
};

TEST_F(ServedHandlers, AreFoundByTheNumbersOfTheirMethods) {
  EXPECT_EQ(served.find(known.contract.number_of(add.id)), nullptr);
  served.add(1, game, of_game);
  EXPECT_EQ(served.find(add), nullptr);  // a number below that of a bound method
  served.add(2, lobby, of_lobby);
  ASSERT_NE(served.find(known.contract.number_of(add.id)), nullptr);
  EXPECT_EQ(served.find(known.contract.number_of(add.id))->handler, &lobby);
  EXPECT_TRUE(served.find(add)->how.overridden);
  EXPECT_FALSE(served.find(say)->how.overridden);
  EXPECT_EQ(served.find(move)->handler, &game);
  EXPECT_EQ(served.find(session::contract::none), nullptr);
  EXPECT_EQ(all(), (std::vector<handler*>{&game, &lobby}));
}

TEST_F(ServedHandlers, AreNotFoundOnceTheyAreRemovedAndMayBeAddedAgain) {
  served.add(1, lobby, of_lobby);
  served.add(2, game, of_game);
  int ended = 0;
  served.remove(1, [&ended] { ++ended; });
  EXPECT_EQ(ended, 1);  // it had no coroutine
  EXPECT_EQ(served.find(add), nullptr);
  EXPECT_EQ(served.find(say), nullptr);
  EXPECT_EQ(served.find(move)->handler, &game);
  served.remove(1, [&ended] { ++ended; });  // not known any more
  EXPECT_EQ(ended, 2);
  served.add(3, lobby, of_lobby);
  EXPECT_EQ(served.find(say)->handler, &lobby);
  EXPECT_EQ(all(), (std::vector<handler*>{&game, &lobby}));
}

TEST_F(ServedHandlers, EndWhenTheLastOfTheirCoroutinesDoes) {
  served.add(1, lobby, of_lobby);
  auto running = served.find(add)->replies;
  bool ended = false;
  served.remove(1, [&ended] { ended = true; });
  EXPECT_FALSE(ended);
  running.reset();
  EXPECT_TRUE(ended);
}

TEST_F(ServedHandlers, MayBeRemovedAndAddedWhileAllAreCalled) {
  named late;
  served.add(1, lobby, of_lobby);
  served.add(2, game, of_game);
  std::vector<handler*> called;
  served.for_each([&](handler& h) {
    called.push_back(&h);
    if (&h != &lobby) return;
    served.remove(1, [] {});
    served.remove(2, [] {});
    served.add(3, late, of_game);
  });
  EXPECT_EQ(called, std::vector<handler*>{&lobby});
  EXPECT_EQ(all(), std::vector<handler*>{&late});
}

}  // namespace
