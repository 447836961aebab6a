// The server that the hostile tests attack. It serves the talk, lobby and probe schemas, with the
// limits of its command line:
// talk_server [--port N] [--origin URL] [--max-message BYTES] [--max-calls N] [--max-queue BYTES] [--max-connections N] [--max-depth N]
//             [--greeting-ms MS] [--heartbeat-ms MS] [--contract refuse|degrade|warn] [--without plain|json|binary]
//             [--relay-unknown yes] [--quiet yes] [--drop yes] [--threads N]
// With PARLEY_TEST_FAST_PATH=off in the environment, every frame goes through websocketpp.
// The exit status is 0 on SIGTERM.
#include "lobby/v1/lobby.server.hpp"
#include "probe.server.hpp"
#include "talk.server.hpp"

#include <parley/server.hpp>
#include <parley/transport/websocket/slow_path_only.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <numeric>
#include <string>
#include <string_view>

namespace {

double sum_of(const std::vector<double>& numbers) { return std::accumulate(numbers.begin(), numbers.end(), 0.0); }

struct Lobby final : lobby::v1::LobbyHandler {
  parley::reply<lobby::v1::Sum> add(const lobby::v1::Numbers& n, parley::call&) override {
    return lobby::v1::Sum{.value = sum_of(n.numbers)};
  }
};

struct Talk final : talk::v1::TalkHandler {
  parley::reply<talk::v1::Sum> add(const talk::v1::Numbers& n, parley::call& call) override {
    if (n.numbers.size() > 3) return call.fail(talk::v1::Refusal::TOO_MANY, "at most three");
    return talk::v1::Sum{.value = sum_of(n.numbers)};
  }
  parley::reply<> touch(parley::call&) override { return {}; }
  parley::reply<std::string> echo(const std::string& text, parley::call&) override { return text; }
  // The text of a line selects the decision, so that a client can request each kind of relay.
  parley::relay say(const talk::v1::Line& line, parley::event&) override {
    if (line.text == "drop") return parley::relay::drop;
    if (line.text == "refuse") return parley::error{parley::errc::denied, "not this"};
    if (line.text == "rewrite") return parley::relay::with(talk::v1::Line{.text = "rewritten", .number = line.number});
    return parley::relay::pass;
  }
  void report(const talk::v1::Line&, parley::event&) override {}
  parley::reply<talk::v1::Line> meet(const talk::v1::Line& line, parley::call&) override { return line; }
};

std::size_t nodes(const probe::v1::Tree& tree) {
  return std::accumulate(tree.children.begin(), tree.children.end(), std::size_t{1},
                         [](std::size_t sum, const probe::v1::Tree& child) { return sum + nodes(child); });
}

struct Probe final : probe::v1::ProbeHandler {
  Probe(parley::server& server, talk::v1::TalkPeers& talk) : server_(server), talk_(talk) {}

  parley::reply<probe::v1::Size> count(const probe::v1::Tree& tree, parley::call&) override {
    return probe::v1::Size{.nodes = nodes(tree)};
  }
  void bury(const probe::v1::Tree&, parley::event&) override {}

  parley::reply<> hold(parley::call&) override {
    // With several threads the maximum may be missed, but never exceeded.
    most_held_ = std::max<std::uint32_t>(most_held_, ++held_);
    auto [reply, later] = parley::defer<>();
    return wait(reply.later(), std::move(later));
  }

  parley::reply<probe::v1::Outcome> ask_me(parley::call& call) override {
    const talk::v1::Check check{.seconds = 1};
    const parley::to::client whom{call.peer()};
    const auto answer = co_await talk_.async_are_you_ready(check, whom);
    probe::v1::Outcome outcome;
    outcome.text = !answer ? answer.error().code.message() : answer->accepted ? "accepted" : "not accepted";
    co_return outcome;
  }

  parley::reply<probe::v1::Figures> look(parley::call&) override {
    const auto now = server_.counters();
    probe::v1::Figures figures;
    figures.clients = static_cast<std::uint32_t>(now.clients);
    figures.held = held_;
    figures.most_held = most_held_;
    figures.refused = now.refused;
    return figures;
  }

 private:
  asio::awaitable<parley::result<>> wait(asio::awaitable<parley::result<>> until_cancelled, parley::later<> never) {
    // The coroutine may be destroyed without being resumed.
    struct leaving {
      std::atomic<std::uint32_t>& held;
      ~leaving() { --held; }
    } const guard{held_};
    auto outcome = co_await std::move(until_cancelled);
    never.answer({});
    co_return outcome;
  }

  parley::server& server_;
  talk::v1::TalkPeers& talk_;
  std::atomic<std::uint32_t> held_ = 0;
  std::atomic<std::uint32_t> most_held_ = 0;
};

struct Loose final : probe::v1::LooseHandler {};

struct settings {
  parley::server_options options;
  bool relay_unknown = false;
};

bool take(settings& to, std::string_view key, const std::string& value) {
  parley::server_options& o = to.options;
  const auto number = [&] { return std::stoul(value); };
  if (key == "--port") o.port = static_cast<std::uint16_t>(number());
  else if (key == "--origin") o.origins.push_back(value);
  else if (key == "--max-message") o.max_message = number();
  else if (key == "--max-calls") o.max_calls = static_cast<std::uint32_t>(number());
  else if (key == "--max-queue") o.max_queue = number();
  else if (key == "--max-connections") o.limits.connections = number();
  else if (key == "--max-depth") o.max_depth = number();
  else if (key == "--greeting-ms") o.handshake_timeout = std::chrono::milliseconds(number());
  else if (key == "--heartbeat-ms") o.heartbeat = std::chrono::milliseconds(number());
  else if (key == "--contract" && value == "refuse") o.contract = parley::contract_policy::refuse;
  else if (key == "--contract" && value == "degrade") o.contract = parley::contract_policy::degrade;
  else if (key == "--contract" && value == "warn") o.contract = parley::contract_policy::warn;
  else if (key == "--without" && value == "plain") o.plain = false;
  else if (key == "--without" && value == "json") o.json = false;
  else if (key == "--without" && value == "binary") o.binary = false;
  else if (key == "--threads") o.threads = number();
  else if (key == "--relay-unknown") to.relay_unknown = true;
  else if (key == "--quiet") o.quiet_unknown_target = true;
  else if (key == "--drop") o.drop_on_invalid = true;
  else return false;
  return true;
}

parley::server* running = nullptr;
void stop(int) { running->stop(); }

}  // namespace

int main(int argc, char** argv) try {
  settings chosen;
  for (int i = 1; i < argc; i += 2) {
    if (i + 1 < argc && take(chosen, argv[i], argv[i + 1])) continue;
    std::cerr << "talk_server: what is " << argv[i] << "?\n";
    return 2;
  }
  parley::server server{chosen.options};
  const char* const fast_path = std::getenv("PARLEY_TEST_FAST_PATH");
  if (fast_path && std::string_view(fast_path) == "off") parley::transport::slow_path_only::ask_for(server.executor());
  talk::v1::TalkPeers peers{server};
  Lobby lobby;
  Talk talk;
  Probe probe{server, peers};
  Loose loose;
  server.add(lobby);
  server.add(talk);
  server.add(probe);
  if (chosen.relay_unknown) server.add(loose);
  server.start();
  running = &server;
  std::signal(SIGTERM, stop);
  std::cout << "listening on ws://127.0.0.1:" << server.port() << "/ws" << std::endl;
  server.join();
} catch (const parley::call_failed& failed) {
  std::cerr << "talk_server: " << failed.what() << '\n';
  return 1;
}
