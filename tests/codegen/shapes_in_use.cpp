// Compiles if every shape of method in golden/shapes can be used as documented. It is never run.
#include "shapes.client.hpp"
#include "shapes.server.hpp"

#include <asio/use_future.hpp>

namespace shapes::v1 {
namespace {

struct calls_server final : CallsHandler {
  parley::reply<Line> ask(const Line& line, parley::call&) override { return line; }
  parley::reply<std::string> half(double value, parley::call&) override { return std::to_string(value / 2); }
  parley::reply<> ping(parley::call&) override { return {}; }
  parley::reply<bool> delete_(const Line&, parley::call&) override { return true; }
};

struct events_server final : EventsHandler {
  parley::relay say(const Line& line, parley::event&) override { return line.text.empty() ? parley::relay::drop : parley::relay::pass; }
  void report(const Line&, parley::event&) override {}
  parley::relay gone(parley::event&) override { return parley::relay::pass; }
  parley::relay route(const Routed&, parley::event&) override { return parley::relay::drop; }
};

[[maybe_unused]] void bind() {
  (void)calls_server::bindings<calls_server>();
  (void)events_server::bindings<events_server>();
  (void)SilentHandler::bindings<SilentHandler>();
}

[[maybe_unused]] void call(const parley::endpoint& link) {
  const CallsClient calls(link);
  calls.ping();
  [[maybe_unused]] const Line line = calls.ask({.text = "hello"});
  [[maybe_unused]] const std::string half = calls.half(1);
  [[maybe_unused]] const parley::value when = calls.when({});
  [[maybe_unused]] auto later = calls.async_ask({.text = "hello"}, asio::use_future);
  calls.async_ping([](parley::result<>) {});
  calls.on_ready([](const Line&) { return Token{}; });
  calls.on_swap([](const Token& token, parley::call&) { return Line{.text = token.value}; });
  calls.on_pong([]() -> parley::reply<> { return {}; });

  const CallsPeers peers(link);
  [[maybe_unused]] const Token token = peers.ready(line, parley::to::client("somebody"));
  peers.pong(parley::to::client("somebody"));
  peers.async_swap({.value = "x"}, parley::to::client("somebody"), [](parley::result<Line>) {});
}

[[maybe_unused]] void send(const parley::endpoint& link) {
  const EventsClient events(link);
  events.say({.text = "to the first target, SENDER"});
  events.say({.text = "to all"}, parley::to::all);
  events.say({.text = "to all but one"}, parley::to::all.except({"somebody"}));
  events.say({.text = "to two"}, parley::to::clients({"a", "b"}));
  events.report({});
  events.whisper({.text = "must name somebody"}, parley::to::client("somebody"));
  events.gone();
  events.route({.line = Line{.text = "says whom by itself"}, .where = Where::BACK});
  events.async_say({.text = "hello"}, parley::to::others, [](parley::result<>) {});
  events.on_say([](const Line&, const parley::origin&) {});
  events.on_gone([] {});
  events.on_gone([](const parley::origin&) {});
  events.on_news([](const std::string&) {});
  [[maybe_unused]] auto target = EventsClient::SayTarget::from(parley::target{.kind = parley::target_kind::all});

  const EventsPeers peers(link);
  peers.news("to all");
  peers.both({}, parley::to::others_of("somebody"));
  peers.both({.value = "to all"});
}

[[maybe_unused]] asio::awaitable<void> await(CallsClient calls, EventsClient events) {
  const Line line;
  [[maybe_unused]] const parley::result<Line> answer = co_await calls.async_ask(line);
  [[maybe_unused]] const parley::result<> taken = co_await events.async_say(line, parley::to::all);
}

}  // namespace
}  // namespace shapes::v1
