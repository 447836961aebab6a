// Values that JSON cannot express, sent to receivers of every encoding. The sender gets an error,
// and no receiver gets the event.
#include "odd.client.hpp"
#include "odd.server.hpp"
#include "system/events.hpp"

#include <parley/client.hpp>
#include <parley/loopback.hpp>
#include <parley/server.hpp>

#include <gtest/gtest.h>

#include <asio/io_context.hpp>
#include <asio/use_future.hpp>

#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace odd::v1 {
namespace {

using parley::encoding;
using parley::errc;
namespace to = parley::to;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

struct Host final : OdditiesHandler {
  parley::reply<Odd> echo(const Odd& odd, parley::call&) override { return odd; }
  parley::reply<Odd> spoil(parley::call&) override { return Odd{.value = nan}; }
  parley::relay say(const Odd& odd, parley::event&) override {
    return odd.text == "spoil me" ? parley::relay::with(Odd{.value = nan}) : parley::relay::pass;
  }
};

struct guest {
  guest(parley::loopback& network, encoding e) : link("mem://host", {.encoding = e, .loopback = &network}), oddities(link) {
    oddities.on_say([this](const Odd& odd) { heard.put(odd); });
    oddities.on_told([this](const Odd& odd) { heard.put(odd); });
    link.on_error([this](const parley::error& e2, std::string_view event) { errors.put({std::string(event), e2}); });
    link.connect();
  }
  struct reported {
    std::string event;
    parley::error why;
  };
  events<Odd> heard;
  events<reported> errors;
  parley::client link;
  OdditiesClient oddities;
};

class Unwritable : public testing::Test {
 protected:
  Unwritable()
      : server({.log = [this](parley::log_level, std::string_view text) { logged.put(std::string(text)); }, .loopback = &network}) {
    server.add(host);
    server.start();
  }
  ~Unwritable() override {
    server.stop();
    server.join();
  }
  // Returns the log lines about `subject`. Earlier lines are ignored.
  std::string log_of(std::string_view subject) {
    for (;;)
      if (std::string line = logged.next(); line.find(subject) != line.npos) return line;
  }

  events<std::string> logged;
  parley::loopback network;
  parley::server server;
  Host host;
};

std::vector<std::pair<Odd, std::string>> odd_ones() {
  const auto mask = [](std::string path) { return parley::field_mask{.paths = {std::move(path)}}; };
  return {
      {{.at = parley::timestamp{253'402'300'800, 5}}, "$.at: "},
      {{.at = parley::timestamp{5, -1}}, "$.at: "},
      {{.mask = mask("address_line_1")}, "$.mask: "},
      {{.mask = mask("fooBar")}, "$.mask: "},
      {{.mask = mask("a__b")}, "$.mask: "},
      {{.mask = mask("a,b")}, "$.mask: "},
      {{.value = nan}, "$.value: "},
      {{.value = -std::numeric_limits<double>::infinity()}, "$.value: "},
      {{.text = "longer than ten"}, "$.text: "},
  };
}

TEST_F(Unwritable, AnEventIsHeardByNobodyAndItsSenderIsToldWhy) {
  guest binary(network, encoding::binary), json(network, encoding::json), plain(network, encoding::plain);
  for (guest* from : {&binary, &json, &plain}) {
    for (const auto& [odd, path] : odd_ones()) {
      EXPECT_EQ(from->oddities.say(odd, to::all), parley::sent::unwritable) << path;
      const auto told = from->errors.next();
      EXPECT_EQ(told.event, "Oddities.Say");
      EXPECT_EQ(told.why.code, errc::bad_payload);
      EXPECT_EQ(told.why.message.substr(0, path.size()), path);
    }
    // The link and the sender are unaffected, and this is the first event that the receivers get.
    EXPECT_EQ(from->oddities.say({.number = 1.5}, to::all), parley::sent::queued);
    for (guest* g : {&binary, &json, &plain}) EXPECT_EQ(g->heard.next().number, 1.5);
  }
}

TEST_F(Unwritable, WhatJsonDoesHaveATextForIsHeardByAll) {
  guest binary(network, encoding::binary), json(network, encoding::json), plain(network, encoding::plain);
  const Odd fine{.at = parley::timestamp{253'402'300'799, 999'999'999},
                 .mask = parley::field_mask{.paths = {"address_line", "ok"}},
                 .value = parley::value{},
                 .number = std::numeric_limits<double>::infinity()};
  for (guest* from : {&binary, &json, &plain}) {
    EXPECT_EQ(from->oddities.say(fine, to::all), parley::sent::queued);
    for (guest* g : {&binary, &json, &plain}) EXPECT_EQ(g->heard.next(), fine);
  }
}

TEST_F(Unwritable, ACallEndsWithBadPayload) {
  for (const encoding e : {encoding::binary, encoding::json, encoding::plain}) {
    guest g(network, e);
    const Odd odd{.value = nan};
    try {
      g.oddities.echo(odd);
      ADD_FAILURE() << "answered";
    } catch (const parley::call_failed& failed) {
      EXPECT_EQ(failed.error().code, errc::bad_payload);
      EXPECT_EQ(failed.error().message, "$.value: NaN or infinity, which is not a JSON number");
    }
    EXPECT_EQ(g.oddities.async_echo(odd, asio::use_future).get().error().code, errc::bad_payload);
    EXPECT_EQ(g.oddities.async_say(odd, to::all, asio::use_future).get().error().code, errc::bad_payload);
    EXPECT_EQ(g.oddities.echo({.number = 2}).number, 2);
  }
}

TEST_F(Unwritable, AnAnswerFailsAndTheServersLogSaysWhy) {
  for (const encoding e : {encoding::binary, encoding::json, encoding::plain}) {
    guest g(network, e);
    EXPECT_EQ(g.oddities.async_spoil(asio::use_future).get().error().code, errc::failed);
    EXPECT_NE(log_of("the handler of Oddities.Spoil").find("$.value: NaN"), std::string::npos);
    EXPECT_EQ(g.oddities.echo({.number = 2}).number, 2);
  }
}

TEST_F(Unwritable, AHandlersRewrittenEventFailsAndTheServersLogSaysWhy) {
  guest binary(network, encoding::binary), json(network, encoding::json);
  for (guest* from : {&binary, &json}) {
    EXPECT_EQ(from->oddities.say({.text = "spoil me"}, to::all), parley::sent::queued);
    EXPECT_EQ(from->errors.next().why.code, errc::failed);
    EXPECT_NE(log_of("the handler of Oddities.Say").find("$.value: NaN"), std::string::npos);
  }
}

TEST_F(Unwritable, AServersEventIsRefusedAndLogged) {
  guest binary(network, encoding::binary), json(network, encoding::json);
  OdditiesPeers peers{server};
  EXPECT_EQ(peers.told({.value = nan}, to::all), parley::sent::unwritable);
  EXPECT_NE(log_of("Oddities.Told").find("$.value: NaN"), std::string::npos);
  EXPECT_EQ(peers.told({.number = 3}, to::all), parley::sent::queued);
  for (guest* g : {&binary, &json}) EXPECT_EQ(g->heard.next().number, 3);
}

TEST(UnwritableEvents, AreBoundedUntilTheyAreReported) {
  constexpr std::size_t most = 64'000, each = 64;
  asio::io_context io;
  parley::loopback network;
  std::size_t logged = 0, reported = 0;
  const auto count = [&](parley::log_level level, std::string_view) { logged += level == parley::log_level::error; };
  parley::server server(io.get_executor(), {.max_posted = most, .log = count, .loopback = &network});
  parley::client link(io.get_executor(), "mem://host", {.max_queue = most, .loopback = &network});
  link.on_error([&](const parley::error&, std::string_view) { ++reported; });
  const OdditiesClient oddities(link);
  const OdditiesPeers peers(server);
  server.start();
  for (int i = 0; i < 5000; ++i) {
    oddities.say({.value = nan}, to::all);
    peers.told({.value = nan}, to::all);
  }
  while (io.poll() != 0) {}
  for (const std::size_t heard : {logged, reported}) {
    EXPECT_GT(heard, most / each / 2);
    EXPECT_LE(heard, most / each);
  }
  EXPECT_EQ(peers.told({.number = 3}, to::all), parley::sent::queued);
  link.close();
  server.stop();
  io.run();
}

}  // namespace
}  // namespace odd::v1
