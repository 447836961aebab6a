// Events: their receivers, formats and order, and the decisions of handlers.
#include "system/world.hpp"

#include <gmock/gmock.h>

#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/use_future.hpp>

#include <set>

namespace talk::v1 {
namespace {

using parley::errc;
using testing::HasSubstr;
namespace to = parley::to;

INSTANTIATE_TEST_SUITE_P(Over, EveryMedium, testing::ValuesIn(every_medium()), medium_name);
INSTANTIATE_TEST_SUITE_P(Over, WithSessions, testing::ValuesIn(media_with_sessions()), medium_name);

// When this returns, all earlier frames of the client have been routed.
void settle(guest& g) { g.talk.touch(); }

TEST_P(EveryMedium, Each_target_reaches_whom_it_names) {
  world w(GetParam());
  w.start();
  guest a(w), b(w), c(w);
  EXPECT_EQ(a.talk.say({.text = "others"}), parley::sent::queued);
  EXPECT_EQ(b.heard.next().line.text, "others");
  auto third = c.heard.next();
  EXPECT_EQ(third.line.text, "others");
  EXPECT_EQ(third.from.id, a.id);

  a.talk.say({.text = "all"}, to::all);
  for (guest* g : {&a, &b, &c}) EXPECT_EQ(g->heard.next().line.text, "all");

  a.talk.say({.text = "one"}, to::client{b.id});
  EXPECT_EQ(b.heard.next().line.text, "one");

  a.talk.say({.text = "myself"}, to::sender);
  EXPECT_EQ(a.heard.next().line.text, "myself");

  settle(a);
  for (guest* g : {&a, &b, &c}) {
    settle(*g);
    EXPECT_TRUE(g->heard.empty());
  }
}

TEST_P(WithSessions, Sets_can_leave_clients_out_and_several_can_be_named) {
  world w(GetParam());
  w.start();
  guest a(w), b(w), c(w);
  a.talk.say({.text = "all but b"}, to::all.except({b.id}));
  EXPECT_EQ(a.heard.next().line.text, "all but b");
  EXPECT_EQ(c.heard.next().line.text, "all but b");
  a.talk.say({.text = "b and c"}, to::clients{{b.id, c.id, b.id}});
  EXPECT_EQ(b.heard.next().line.text, "b and c");
  EXPECT_EQ(c.heard.next().line.text, "b and c");
  settle(a);
  settle(b);
  EXPECT_TRUE(b.heard.empty()) << "named twice, received once";
}

constexpr const char* nobody = "0b8c2a34-9f0e-4a7e-8f0e-2d1a5b6c7d8e";

TEST_P(WithSessions, Of_a_list_whoever_is_there_receives) {
  world w(GetParam());
  w.start();
  guest a(w), b(w);
  const std::string somebody_else = "1c9d3b45-9f0e-4a7e-8f0e-2d1a5b6c7d8e";
  a.talk.whisper({.text = "some"}, to::clients{{nobody, b.id, somebody_else}});
  EXPECT_EQ(b.heard.next().line.text, "some");
  a.talk.say({.text = "looked at"}, to::clients{{nobody, b.id}});
  EXPECT_EQ(b.heard.next().line.text, "looked at");
  settle(a);
  EXPECT_TRUE(a.errors.empty());
  a.talk.whisper({.text = "none"}, to::clients{{nobody, somebody_else}});
  a.talk.say({.text = "none"}, to::clients{{nobody, somebody_else}});
  for (const char* event : {"Talk.Whisper", "Talk.Say"}) {
    const auto told = a.errors.next();
    EXPECT_EQ(told.error.code, errc::unknown_target);
    EXPECT_EQ(told.event, event);
  }
  EXPECT_EQ(w.host->peers.arrived({.text = "from the server"}, to::clients{{nobody, b.id}}), parley::sent::queued);
  EXPECT_EQ(b.heard.next().line.text, "from the server");
}

TEST_P(EveryMedium, A_handler_sees_no_event_for_somebody_who_is_not_there) {
  world w(GetParam());
  w.start();
  guest a(w);
  a.talk.say({.text = "where are you?"}, to::client{nobody});
  a.errors.next();
  a.talk.say({.text = "to myself"}, to::client{a.id});
  EXPECT_EQ(w.host->said.next().text, "to myself");
}

TEST_P(EveryMedium, Client_ids_begin_with_what_is_their_servers) {
  world one(GetParam()), other(GetParam());
  one.start();
  other.start();
  guest a(one), b(one), c(other);
  EXPECT_EQ(a.id[14], '8');
  EXPECT_EQ(a.id.substr(0, 8), b.id.substr(0, 8));
  EXPECT_NE(a.id.substr(0, 8), c.id.substr(0, 8));
}

TEST_P(EveryMedium, An_unknown_client_is_told_to_the_sender_who_stays_connected) {
  world w(GetParam());
  w.start();
  guest a(w);
  a.talk.say({.text = "x"}, to::client{nobody});
  const auto told = a.errors.next();
  if (!GetParam().plain()) {
    EXPECT_EQ(told.error.code, errc::unknown_target);
    EXPECT_EQ(told.event, "Talk.Say");
    EXPECT_TRUE(told.error.code == parley::condition::gone);
  }
  EXPECT_EQ(a.talk.add({.numbers = {2}}).value, 2);
}

TEST_P(EveryMedium, A_handler_passes_drops_rewrites_and_refuses) {
  world w(GetParam());
  w.host->on_say = [](const Line& line, parley::event&) -> parley::relay {
    if (line.text == "drop") return parley::relay::drop;
    if (line.text == "shout") return parley::relay::with(Line{.text = "SHOUT", .number = line.number});
    if (line.text == "no") return parley::error{errc::denied, "not here"};
    if (line.text == "throw") throw std::runtime_error("a secret");
    return parley::relay::pass;
  };
  w.start();
  guest a(w), b(w);
  for (const char* text : {"drop", "shout", "no", "throw", "pass"}) a.talk.say({.text = text, .number = 3});
  EXPECT_EQ(b.heard.next().line, (Line{.text = "SHOUT", .number = 3}));
  EXPECT_EQ(b.heard.next().line.text, "pass");
  for (const char* text : {"not here", "the handler failed"}) {
    const auto told = a.errors.next();
    // In plain mode the text has to name the event.
    const std::string plain =
        "Talk.Say: " + std::string(text) + " (" + std::string(parley::wire_name(static_cast<errc>(told.error.code.value())));
    EXPECT_EQ(told.error.message, GetParam().plain() ? plain + ")" : text);
  }
  settle(b);
  EXPECT_TRUE(b.heard.empty());
}

TEST_P(EveryMedium, An_event_for_the_server_reaches_its_handler_alone) {
  world w(GetParam());
  w.start();
  guest a(w), b(w);
  a.talk.report({.text = "dear server", .number = ~std::uint64_t{0}});
  EXPECT_EQ(w.host->reports.next(), (Line{.text = "dear server", .number = ~std::uint64_t{0}}));
  settle(a);
  settle(b);
  EXPECT_TRUE(b.heard.empty());
}

TEST_P(EveryMedium, An_event_for_the_server_can_be_refused_and_its_sender_hears_why) {
  world w(GetParam());
  w.host->on_report = [](const Line& line, parley::event& event) {
    if (line.text == "no") event.refuse({errc::unauthenticated, "sign in first"});
    if (line.text == "never") event.refuse(errc::denied);
  };
  w.start();
  guest a(w), b(w);
  for (const char* text : {"no", "yes", "never"}) a.talk.report({.text = text});
  for (const errc code : {errc::unauthenticated, errc::denied}) {
    const auto told = a.errors.next();
    EXPECT_TRUE(told.error.from_peer);
    EXPECT_EQ(told.error.code, code);
    EXPECT_THAT(GetParam().plain() ? told.error.message : told.event, testing::StartsWith("Talk.Report"));
    if (code == errc::unauthenticated) { EXPECT_THAT(told.error.message, HasSubstr("sign in first")); }
  }
  settle(a);
  EXPECT_TRUE(a.errors.empty());
  EXPECT_TRUE(b.errors.empty());
}

TEST_P(EveryMedium, An_event_that_is_refused_reaches_nobody_whatever_its_handler_returns) {
  world w(GetParam());
  w.host->on_say = [](const Line& line, parley::event& event) {
    if (line.text == "no") event.refuse({errc::denied, "not now"});
    return parley::relay::pass;
  };
  w.start();
  guest a(w), b(w);
  for (const char* text : {"no", "yes"}) a.talk.say({.text = text});
  EXPECT_THAT(a.errors.next().error.message, HasSubstr("not now"));
  EXPECT_EQ(b.heard.next().line.text, "yes");
  settle(b);
  EXPECT_TRUE(b.heard.empty());
}

// If a client accepts only small payloads, it alone misses a larger event, and it stays connected.
TEST_P(WithSessions, An_event_larger_than_a_client_accepts_is_left_out_for_that_client_alone) {
  world w(GetParam());
  w.start();
  parley::client_options modest = w.client_options();
  modest.max_message = 100;
  guest a(w), b(w), c(w, std::move(modest));
  const std::string large(200, 'x');
  a.talk.say({.text = large}, to::all);           // a handler examines this event
  a.talk.say({.text = large}, to::client{c.id});  // to this client alone
  a.talk.chat(large, to::all);                    // in JSON the text is in `message`
  w.host->peers.arrived({.text = large}, to::all);
  for (guest* g : {&a, &b})
    for (int i = 0; i < 3; ++i) EXPECT_EQ(g->heard.next().line.text, large);
  a.talk.whisper({.text = large}, to::others);  // this method's own limit is higher, and the client knows it
  EXPECT_EQ(c.heard.next().line.text, large);
  a.talk.say({.text = "small"}, to::client{c.id});
  w.host->peers.arrived({.text = "small"}, to::client{c.id});
  for (int i = 0; i < 2; ++i) EXPECT_EQ(c.heard.next().line.text, "small");
  EXPECT_TRUE(c.errors.empty());
  EXPECT_TRUE(c.lost.empty());
  EXPECT_EQ(w.server->counters().left_out, 4u);
}

// The size of the payload in the receiver's encoding counts.
TEST(Events, An_event_that_is_too_large_in_one_encoding_only_is_left_out_in_that_one) {
  for (const carrier over : {carrier::loopback, carrier::websocket, carrier::threads}) {
    world w({over, parley::encoding::binary});
    w.start();
    parley::client_options small_json = w.client_options(parley::encoding::json);
    parley::client_options small_binary = w.client_options(parley::encoding::binary);
    small_json.max_message = small_binary.max_message = 300;
    guest a(w), json(w, std::move(small_json)), binary(w, std::move(small_binary));
    const std::string grows(200, '\x01');  // each character becomes six in JSON
    a.talk.say({.text = grows});
    EXPECT_EQ(binary.heard.next().line.text, grows);
    a.talk.say({.text = "small"});
    EXPECT_EQ(json.heard.next().line.text, "small");
    EXPECT_EQ(binary.heard.next().line.text, "small");
    EXPECT_EQ(w.server->counters().left_out, 1u);
  }
}

TEST_P(EveryMedium, The_server_speaks_to_all_to_one_and_to_the_others_of_one) {
  world w(GetParam());
  w.host->on_connected = [&](parley::peer& peer) { w.host->peers.arrived({.text = peer.id()}, to::others(peer)); };
  w.start();
  guest a(w), b(w);
  const auto arrived = a.heard.next();
  EXPECT_EQ(arrived.line.text, b.id);
  EXPECT_TRUE(arrived.from.is_server());
  EXPECT_EQ(w.host->peers.arrived({.text = "everybody"}, to::all), parley::sent::queued);
  EXPECT_EQ(a.heard.next().line.text, "everybody");
  EXPECT_EQ(b.heard.next().line.text, "everybody");
  w.host->peers.arrived({.text = "you"}, to::client{b.id});
  EXPECT_EQ(b.heard.next().line.text, "you");
  settle(a);
  EXPECT_TRUE(a.heard.empty());
}

TEST_P(EveryMedium, An_event_of_either_side_travels_as_message_text) {
  world w(GetParam());
  w.start();
  guest a(w), b(w);
  a.talk.chat("from a \"client\"\n");
  EXPECT_EQ(b.heard.next().line.text, "from a \"client\"\n");
  w.host->peers.chat("from the server", to::all);
  EXPECT_EQ(a.heard.next().line.text, "from the server");
  a.talk.chat("", to::all);
  EXPECT_EQ(a.heard.next().line.text, "");
}

TEST_P(EveryMedium, A_payload_can_name_its_receivers) {
  world w(GetParam());
  w.start();
  guest a(w), b(w);
  a.talk.poke({.text = "others"});
  EXPECT_EQ(b.heard.next().line.text, "others");
  a.talk.poke({.text = "both", .reach = Reach::BACK});
  EXPECT_EQ(a.heard.next().line.text, "both");
  EXPECT_EQ(b.heard.next().line.text, "both");
  a.talk.poke({.text = "nobody", .reach = Reach::NOBODY | Reach::BACK});
  settle(a);
  settle(b);
  EXPECT_TRUE(a.heard.empty());
  EXPECT_TRUE(b.heard.empty());
  for (const char* text : {"others", "both", "nobody"}) EXPECT_EQ(w.host->pokes.next().nudge.text, text);
}

// One audience with three encodings. Each client receives the event in its own encoding, with the
// same meaning.
TEST(Events, A_mixed_audience_hears_the_same_line_each_in_its_own_encoding) {
  for (const carrier over : {carrier::loopback, carrier::websocket, carrier::threads}) {
    world w({over, parley::encoding::binary});
    w.start();
    guest binary(w, parley::encoding::binary), json(w, parley::encoding::json), plain(w, parley::encoding::plain);
    for (guest* from : {&binary, &json, &plain}) {
      const Line line{.text = "says \u00fcber \\ \"quote\"", .number = 9'007'199'254'740'993};
      from->talk.whisper(line, to::all);  // has no handler
      from->talk.say(line, to::all);      // has a handler
      for (guest* g : {&binary, &json, &plain}) {
        for (int i = 0; i < 2; ++i) {
          const auto got = g->heard.next();
          EXPECT_EQ(got.line, line);
          EXPECT_EQ(got.from.id, from->id);
        }
      }
    }
    w.host->peers.chat("typed once, sent in three encodings", to::all);
    for (guest* g : {&binary, &json, &plain}) EXPECT_EQ(g->heard.next().line.text, "typed once, sent in three encodings");
  }
}

TEST_P(EveryMedium, What_one_sender_sends_one_receiver_hears_in_order_whatever_the_targets) {
  world w(GetParam());
  w.start();
  guest a(w), b(w);
  constexpr std::uint64_t count = 2'000;
  for (std::uint64_t i = 0; i < count; ++i) {
    const Line line{.text = "n", .number = i};
    parley::sent outcome = parley::sent::dropped;
    while (outcome == parley::sent::dropped) {
      switch (i % 3) {
        case 0:
          outcome = a.talk.whisper(line);
          break;
        case 1:
          outcome = a.talk.whisper(line, to::client{b.id});
          break;
        default:
          outcome = a.talk.say(line);
          break;
      }
    }
    ASSERT_EQ(outcome, parley::sent::queued);
  }
  for (std::uint64_t i = 0; i < count; ++i) ASSERT_EQ(b.heard.next().line.number, i);
}

TEST_P(EveryMedium, Handlers_add_up_and_end_when_told) {
  world w(GetParam());
  w.start();
  guest a(w), b(w);
  events<int> order;
  auto first = b.talk.on_say([&](const Line&) { order.put(1); });
  b.talk.on_say([&](const Line&, const parley::origin&) -> asio::awaitable<void> {
    asio::steady_timer timer(co_await asio::this_coro::executor, 1ms);
    co_await timer.async_wait(asio::use_awaitable);
    order.put(2);
  });
  settle(b);
  a.talk.say({.text = "one"});
  EXPECT_EQ(order.next(), 1);
  EXPECT_EQ(order.next(), 2);
  first.cancel();
  {
    parley::scoped_subscription here = b.talk.on_say([&](const Line&) { order.put(3); });
    settle(b);
    a.talk.say({.text = "two"});
    EXPECT_EQ(order.next(), 3);
    EXPECT_EQ(order.next(), 2);
  }
  settle(b);
  a.talk.say({.text = "three"});
  EXPECT_EQ(order.next(), 2);
  EXPECT_TRUE(order.empty());
}

TEST_P(WithSessions, An_async_send_completes_when_the_queue_has_taken_it) {
  world w(GetParam());
  w.start();
  guest a(w), b(w);
  EXPECT_TRUE(a.talk.async_say({.text = "queued"}, to::others, asio::use_future).get().has_value());
  EXPECT_EQ(b.heard.next().line.text, "queued");
}

TEST_P(EveryMedium, A_peer_keeps_what_the_application_puts_there) {
  world w(GetParam());
  w.start();
  std::optional<guest> a(std::in_place, w);
  a->talk.report({.text = "once"});
  a->talk.report({.text = "twice"});
  w.host->reports.next();
  w.host->reports.next();
  const std::string id = a->id;
  a.reset();
  EXPECT_EQ(w.host->departures.next().id, id);
}

}  // namespace
}  // namespace talk::v1
