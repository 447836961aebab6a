// The time that connecting may take, and the errors when it fails, for typed clients and raw
// connections.
#include "held_port.hpp"
#include "system/world.hpp"
#include "websocket/chosen_names.hpp"

#include <parley/by_name.hpp>
#include <parley/raw.hpp>

#include <gmock/gmock.h>

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/use_future.hpp>

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <thread>

namespace {

using namespace talk::v1;
using parley::errc;
using parley::transport::testing::names;
using testing::HasSubstr;
using testing::Not;

template <class F>
parley::error error_of(F f) {
  try {
    f();
  } catch (const parley::call_failed& failed) { return failed.error(); }
  return {errc::failed, "nothing was thrown"};
}

// --- Names that are not answered.

TEST(Connecting, Is_given_up_in_its_time_and_the_destructor_waits_for_no_name) {
  names().hold("slow.test");
  {
    parley::client link{"ws://slow.test:1/ws", {.connect_timeout = 20ms}};
    parley::raw_connection raw{"ws://slow.test:1/ws", {.connect_timeout = 20ms}};
    for (const parley::error& why : {error_of([&] { link.connect(); }), error_of([&] { raw.connect(); })}) {
      EXPECT_EQ(why.code, errc::deadline_exceeded);
      EXPECT_THAT(why.message, HasSubstr("connect_timeout"));
    }
  }
  EXPECT_EQ(names().running("slow.test"), 2) << "a look-up for each of their loops";
  names().release("slow.test");
  names().wait_until_ended("slow.test");
}

TEST(Connecting, Ends_with_its_client_while_a_name_is_looked_up) {
  names().hold("slow.test");
  std::future<parley::result<>> typed, raw;
  {
    parley::client link{"ws://slow.test:1/ws"};
    parley::raw_connection ws{"ws://slow.test:1/ws"};
    typed = link.async_connect(asio::use_future);
    raw = ws.async_connect(asio::use_future);
    names().wait_until_begun("slow.test", 2);
  }
  EXPECT_EQ(typed.get().error().code, errc::cancelled);
  EXPECT_EQ(raw.get().error().code, errc::cancelled);
  EXPECT_EQ(names().running("slow.test"), 2);
  names().release("slow.test");
}

// --- Names that get another address.

TEST(Connecting, Again_asks_for_the_address_again) {
  names().choose("moves.test", {"127.0.0.1"});
  std::optional<parley::server> server(std::in_place, parley::server_options{});
  server->start();
  const std::uint16_t port = server->port();
  parley::client link{"ws://moves.test:" + std::to_string(port) + "/ws", {.reconnect = {.pause = 1ms, .longest = 10ms}}};
  link.connect();
  names().choose("moves.test", {"127.0.0.2"});
  server->stop();
  server->join();
  server.emplace(parley::server_options{.address = "127.0.0.2", .port = port});
  server->start();
  while (link.status().outcome != parley::outcome::fresh) std::this_thread::yield();
  EXPECT_TRUE(link.connected());
  link.close();
  server->stop();
  server->join();
}

// --- The largest possible times.

struct ForEver : EveryMedium {};
INSTANTIATE_TEST_SUITE_P(Over, ForEver, testing::ValuesIn(every_medium()), medium_name);

TEST_P(ForEver, Is_for_ever_at_both_ends) {
  using std::chrono::milliseconds;
  for (const milliseconds longest : {milliseconds::max(), milliseconds::max() - 1ms, milliseconds(std::int64_t{1} << 32)}) {
    world w(GetParam(), {.handshake_timeout = longest, .heartbeat = longest, .deadline = parley::steady::duration::max()});
    w.start();
    parley::client_options options = w.client_options();
    options.connect_timeout = options.heartbeat = options.max_silence = longest;
    options.deadline = parley::steady::duration::max();
    guest a(w, std::move(options));
    EXPECT_EQ(a.talk.add({.numbers = {1, 2}}).value, 3);
  }
}

// --- The texts of errors.

TEST(ConnectErrors, Say_which_address_could_not_be_reached) {
  const held_port nobody;
  const std::string at = nobody.address();
  parley::client link{"ws://" + at + "/ws"};
  parley::raw_connection raw{"ws://" + at + "/ws"};
  for (const parley::error& why : {error_of([&] { link.connect(); }), error_of([&] { raw.connect(); })})
    EXPECT_EQ(why.message, "the server could not be reached at " + at + ": Connection refused");
}

TEST(ConnectErrors, Say_the_path_that_is_not_served_and_the_usual_one) {
  parley::server server{{}};
  server.start();
  const std::string base = "ws://127.0.0.1:" + std::to_string(server.port());
  const auto said = [&](const std::string& rest) {
    parley::client link{base + rest};
    return error_of([&] { link.connect(); }).message;
  };
  EXPECT_EQ(said(""),
            "the server refused with HTTP 404: nothing is served at /; the default path of a Parley server is /ws (server_options::path "
            "sets it)");
  EXPECT_THAT(said("/chat?token=secret"), testing::AllOf(HasSubstr("at /chat;"), HasSubstr("/ws"), Not(HasSubstr("secret"))));
  EXPECT_THAT(said("/" + std::string(2000, 'x')), testing::SizeIs(testing::Lt(300u)));
}

TEST(ConnectErrors, Say_the_systems_text_once) {
  parley::server first{{}};
  first.start();
  parley::server second{{.port = first.port()}};
  try {
    second.start();
    ADD_FAILURE() << "started on a port that is taken";
  } catch (const parley::call_failed& failed) {
    const std::string what = failed.what(), text = failed.code().message();
    EXPECT_THAT(what, testing::EndsWith(": " + text));
    EXPECT_EQ(what.find(text), what.rfind(text)) << what;
  }
}

struct TooLarge : EveryMedium {};
INSTANTIATE_TEST_SUITE_P(Over, TooLarge, testing::ValuesIn(every_medium()), medium_name);

TEST_P(TooLarge, Says_size_limit_and_option) {
  world w(GetParam(), {.max_message = 3000});
  w.start();
  parley::client_options options = w.client_options();
  options.peer_max_message = 3000;
  guest a(w, options);
  const std::string ours = GetParam().plain() ? "client_options::peer_max_message" : "server_options::max_message";
  const Numbers many{.numbers = std::vector<double>(1000, 1.5)};
  const auto says = [](const std::string& option) {
    return testing::AllOf(testing::StartsWith("the payload has "), testing::EndsWith(" bytes, the limit is 3000 (" + option + ")"));
  };
  EXPECT_THAT(error_of([&] { a.talk.later(many); }).message, says(ours));
  const parley::error late = a.talk.async_say(Line{.text = std::string(4000, 'x')}, parley::to::others, asio::use_future).get().error();
  EXPECT_EQ(late.code, errc::too_large);
  EXPECT_THAT(late.message, says(ours));
  EXPECT_THAT(error_of([&] { a.talk.echo(std::string(200'001, 'x')); }).message,
              testing::EndsWith("the limit is 200000 (max_bytes of Talk.Echo)"));
  if (!GetParam().plain()) return;
  // If the client assumes a larger limit, the server refuses the call.
  options.peer_max_message = 100'000;
  guest b(w, options);
  EXPECT_THAT(error_of([&] { b.talk.later(many); }).message, says("server_options::max_message"));
}

}  // namespace
