// A server and a client in one program, over a socket. The client reports a goal and waits for the
// event about it. A wrong report is refused.
#include "score/v1/score.client.hpp"
#include "score/v1/score.server.hpp"

#include <parley/client.hpp>
#include <parley/server.hpp>

#include <future>
#include <iostream>
#include <string>

using namespace score::v1;

struct Scorer final : ScoreHandler {
  explicit Scorer(parley::server& server) : peers{server} {}

  parley::reply<Total> count(const Goal& goal, parley::call& call) override {
    if (goal.team != "red" && goal.team != "blue") return call.fail(Refusal::NO_SUCH_TEAM);
    peers.scored(goal, parley::to::all);
    return Total{.goals = ++goals};
  }

  void cheer(const Goal& goal, parley::event& event) override {  // an event has no answer, but can be refused
    if (goal.team != "red" && goal.team != "blue") event.refuse({parley::errc::denied, "this team does not play"});
  }

  ScorePeers peers;
  int goals = 0;
};

int main() {
  parley::server server{{.port = 0}};
  Scorer scorer{server};
  const parley::scoped_registration serving = server.add(scorer);  // ends before `scorer` is destroyed, because the server still runs then
  server.start();

  std::promise<std::string> refused, heard;  // used by the client's thread until `link` is destroyed
  parley::client link{"ws://127.0.0.1:" + std::to_string(server.port()) + "/ws"};
  link.on_error(
      [&refused](const parley::error& why, std::string_view event) { refused.set_value(std::string(event) + ": " + why.message); });
  ScoreClient score{link};
  score.on_scored([&heard](const Goal& goal) { heard.set_value(goal.team); });
  link.connect();

  const Total total = score.count({.team = "red"});
  std::cout << heard.get_future().get() << " scored: " << total.goals << '\n';

  try {
    score.count({.team = "green"});
  } catch (const parley::call_failed& failed) {
    if (failed.error().reason<Refusal>() == Refusal::NO_SUCH_TEAM) std::cout << "green does not play\n";
  }

  score.cheer({.team = "green"});
  std::cout << refused.get_future().get() << '\n';
}
