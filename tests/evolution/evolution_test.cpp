// Schemas change while programs run: an old client with a new server, and the reverse, in every
// encoding.
#include "broken/rooms.client.hpp"
#include "new/rooms.client.hpp"
#include "new/rooms.server.hpp"
#include "old/rooms.client.hpp"
#include "old/rooms.server.hpp"

#include "system/events.hpp"

#include <parley/client.hpp>
#include <parley/loopback.hpp>
#include <parley/server.hpp>

#include <gtest/gtest.h>
#include <asio/use_future.hpp>

#include <mutex>
#include <thread>
#include <vector>

namespace rooms {
namespace {

using parley::encoding;
using parley::errc;

struct OldHost final : before::RoomsHandler {
  parley::reply<before::Welcome> enter(const before::Guest& guest, parley::call&) override {
    return before::Welcome{.text = "welcome " + guest.name + " in seat " + std::to_string(guest.seat)};
  }
};

struct NewHost final : after::RoomsHandler {
  explicit NewHost(parley::server& server) : peers(server) {}
  parley::reply<after::Welcome> enter(const after::Guest& guest, parley::call&) override {
    return after::Welcome{.text = guest.title.value_or("dear") + " " + guest.name + " in seat " + std::to_string(guest.seat),
                          .present = {"somebody"}};
  }
  parley::reply<after::Count> how_many(parley::call&) override { return after::Count{.guests = 2}; }
  after::RoomsPeers peers;
};

// The log lines of a server, for facts that only the log reports.
struct log_lines {
  parley::log_sink sink() {
    return [this](parley::log_level, std::string_view text) {
      std::lock_guard lock(mutex);
      all.emplace_back(text);
    };
  }
  bool any_contains(std::string_view what) {
    std::lock_guard lock(mutex);
    for (const std::string& line : all)
      if (line.find(what) != std::string::npos) return true;
    return false;
  }
  std::mutex mutex;
  std::vector<std::string> all;
};

std::string encoding_name(const testing::TestParamInfo<encoding>& chosen) {
  return chosen.param == encoding::binary ? "binary" : chosen.param == encoding::json ? "json" : "plain";
}
class Evolution : public testing::TestWithParam<encoding> {};
INSTANTIATE_TEST_SUITE_P(In, Evolution, testing::Values(encoding::binary, encoding::json, encoding::plain), encoding_name);
// Not plain mode, which has no greeting to compare contracts in.
class Greeted : public testing::TestWithParam<encoding> {};
INSTANTIATE_TEST_SUITE_P(In, Greeted, testing::Values(encoding::binary, encoding::json), encoding_name);

TEST_P(Evolution, An_old_client_and_a_new_server_understand_each_other) {
  parley::loopback network;
  log_lines log;
  parley::server server{{.log = log.sink(), .loopback = &network}};
  NewHost host(server);
  server.add(host);
  server.start();
  {
    parley::client link{"mem://rooms", {.encoding = GetParam(), .loopback = &network}};
    before::RoomsClient old{link};
    EXPECT_EQ(old.enter({.name = "Ann", .seat = 7}).text, "dear Ann in seat 7");

    parley::client other{"mem://rooms", {.encoding = GetParam(), .loopback = &network}};
    after::RoomsClient recent{other};
    events<before::Line> heard;
    old.on_say([&](const before::Line& line) { heard.put(line); });
    EXPECT_EQ(old.enter({}).text, "dear  in seat 0");  // once this is answered, the handler is set
    recent.enter({.name = "Bob", .title = "Dr"});
    recent.say({.text = "hello", .colour = "red"});
    EXPECT_EQ(heard.next().text, "hello");
    host.peers.changed({.guests = 2}, parley::to::all);  // the old client does not know the event and stays connected
    EXPECT_EQ(old.enter({.name = "Ann", .seat = 7}).text, "dear Ann in seat 7");
  }
  server.stop();
  server.join();
  EXPECT_FALSE(log.any_contains("different version"));
}

TEST_P(Evolution, A_new_client_and_an_old_server_understand_each_other) {
  parley::loopback network;
  log_lines log;
  parley::server server{{.log = log.sink(), .loopback = &network}};
  OldHost host;
  server.add(host);
  server.start();
  {
    parley::client link{"mem://rooms", {.encoding = GetParam(), .loopback = &network}};
    after::RoomsClient recent{link};
    const after::Welcome welcome = recent.enter({.name = "Ann", .title = "Dr", .seat = 7});
    EXPECT_EQ(welcome.text, "welcome Ann in seat 7");
    EXPECT_TRUE(welcome.present.empty());
    if (GetParam() != encoding::plain) { EXPECT_EQ(recent.async_how_many(asio::use_future).get().error().code, errc::unimplemented); }
  }
  server.stop();
  server.join();
  EXPECT_FALSE(log.any_contains("different version"));
}

TEST_P(Greeted, An_incompatible_method_is_named_and_the_others_go_on) {
  parley::loopback network;
  log_lines log;
  parley::server server{{.log = log.sink(), .loopback = &network}};
  OldHost host;
  server.add(host);
  server.start();
  {
    parley::client link{"mem://rooms", {.encoding = GetParam(), .loopback = &network}};
    broken::RoomsClient wrong{link};
    parley::client other{"mem://rooms", {.encoding = GetParam(), .loopback = &network}};
    before::RoomsClient right{other};
    events<before::Line> heard;
    right.on_say([&](const before::Line& line) { heard.put(line); });
    right.enter({});

    const parley::error refused = wrong.async_enter({.name = "Ann", .seat = "window"}, asio::use_future).get().error();
    EXPECT_EQ(refused.code, errc::version_mismatch);
    EXPECT_NE(refused.message.find("Rooms.Enter"), std::string::npos) << refused.message;
    wrong.say({.text = "I am still here"});
    EXPECT_EQ(heard.next().text, "I am still here");
  }
  server.stop();
  server.join();
  EXPECT_TRUE(log.any_contains("has a different version of Rooms.Enter"));
}

// If both ends know of the difference before an event is sent, the event is refused at the sender.
// Nothing is written, and the sender learns which event it was.
TEST_P(Greeted, An_event_the_ends_disagree_about_is_refused_at_its_sender) {
  parley::loopback network;
  log_lines log;
  parley::server server{{.loopback = &network}};
  OldHost host;
  server.add(host);
  server.start();
  {
    parley::client other{"mem://rooms", {.encoding = GetParam(), .loopback = &network}};
    before::RoomsClient right{other};
    events<before::Line> heard;
    right.on_say([&](const before::Line& line) { heard.put(line); });
    right.enter({});

    struct told {
      parley::error why;
      std::string event;
    };
    events<told> errors;
    parley::client link{"mem://rooms", {.encoding = GetParam(), .log = log.sink(), .loopback = &network}};
    link.on_error([&](const parley::error& e, std::string_view event) { errors.put({e, std::string(event)}); });
    broken::RoomsClient wrong{link};
    const auto expect_told = [&] {
      const told one = errors.next();
      EXPECT_EQ(one.why.code, errc::version_mismatch);
      EXPECT_FALSE(one.why.from_peer);
      EXPECT_EQ(one.event, "Rooms.Move");
      EXPECT_NE(one.why.message.find("Rooms.Move"), std::string::npos) << one.why.message;
    };
    EXPECT_EQ(wrong.move({.by = "two"}), parley::sent::queued) << "nobody knows before the link is up";
    expect_told();
    EXPECT_EQ(wrong.move({.by = "two"}), parley::sent::mismatched);
    expect_told();
    EXPECT_EQ(wrong.async_move({.by = "two"}, parley::to::others, asio::use_future).get().error().code, errc::version_mismatch);
    expect_told();
    EXPECT_EQ(wrong.say({.text = "nothing else was sent"}), parley::sent::queued);
    EXPECT_EQ(heard.next().text, "nothing else was sent");
    EXPECT_EQ(server.counters().events, 1u);
    EXPECT_TRUE(errors.empty());
  }
  server.stop();
  server.join();
  EXPECT_TRUE(log.any_contains("have different versions of Rooms.Move"));
}

TEST_P(Greeted, The_next_server_is_not_held_to_what_the_one_before_it_disagreed_about) {
  parley::loopback network;
  parley::server old{{.loopback = &network}};
  OldHost host;
  old.add(host);
  old.start();
  events<parley::error> lost;
  parley::client link{"mem://rooms", {.encoding = GetParam(), .loopback = &network}};
  link.on_disconnected([&](const parley::error& why) { lost.put(why); });
  const broken::RoomsClient wrong{link};
  link.connect();
  EXPECT_EQ(wrong.move({.by = "two"}), parley::sent::mismatched);
  old.stop();
  old.join();
  lost.next();
  parley::server next{{.loopback = &network}};
  next.start();
  network.hold();
  auto connected = link.async_connect(asio::use_future);
  while (wrong.say({}) == parley::sent::closed) std::this_thread::yield();
  EXPECT_EQ(wrong.move({.by = "two"}), parley::sent::queued);
  network.release();
  EXPECT_TRUE(connected.get());
  EXPECT_EQ(wrong.move({.by = "two"}), parley::sent::queued);
  next.stop();
  next.join();
}

struct MovingHost final : before::RoomsHandler {
  explicit MovingHost(parley::server& server) : peers(server) {}
  void connected(parley::peer& peer) override { outcome.put(peers.moved({.by = 1}, parley::to::client{peer})); }
  events<parley::sent> outcome;
  before::RoomsPeers peers;
};

TEST_P(Greeted, An_event_for_one_client_that_disagrees_is_refused_at_the_server) {
  parley::loopback network;
  parley::server server{{.loopback = &network}};
  MovingHost host(server);
  server.add(host);
  server.start();
  {
    parley::client other{"mem://rooms", {.encoding = GetParam(), .loopback = &network}};
    before::RoomsClient right{other};
    events<before::Step> steps;
    right.on_moved([&](const before::Step& step) { steps.put(step); });
    other.connect();
    EXPECT_EQ(host.outcome.next(), parley::sent::queued);
    EXPECT_EQ(steps.next().by, 1u);

    parley::client link{"mem://rooms", {.encoding = GetParam(), .loopback = &network}};
    const broken::RoomsClient wrong{link};
    link.connect();
    EXPECT_EQ(host.outcome.next(), parley::sent::mismatched);
  }
  server.stop();
  server.join();
}

TEST(StrictServer, It_refuses_the_client_and_says_which_method) {
  parley::loopback network;
  log_lines log;
  parley::server server{{.contract = parley::contract_policy::refuse, .log = log.sink(), .loopback = &network}};
  OldHost host;
  server.add(host);
  server.start();
  {
    parley::client link{"mem://rooms", {.loopback = &network}};
    broken::RoomsClient wrong{link};
    const parley::error refused = link.async_connect(asio::use_future).get().error();
    EXPECT_EQ(refused.code, errc::version_mismatch);
    EXPECT_NE(refused.message.find("Rooms.Enter"), std::string::npos) << refused.message;
  }
  server.stop();
  server.join();
  EXPECT_TRUE(log.any_contains("has a different version of Rooms.Enter"));
}

}  // namespace
}  // namespace rooms
