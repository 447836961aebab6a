// A client with a source of credentials, and a server that checks them: one loop, in memory, and the
// test advances the time.
#include "system/log_of.hpp"
#include "system/world.hpp"

#include <parley/auth.hpp>
#include <parley/transport/loopback/manual_clock.hpp>

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include <gmock/gmock.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace talk::v1 {
namespace {

using parley::credential;
using parley::credential_wanted;
using parley::errc;
using parley::link_state;
using parley::reply;
using parley::shown_by;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

struct Credentials : testing::Test {
  Credentials() {
    server.add(host);
    server.start();
    settle();
  }
  ~Credentials() override {
    if (link) link->close();
    server.stop();
    for (int turns = 0; turns < 100; ++turns) settle();
    EXPECT_EQ(log.count("token-"), 0u) << "a secret is in a log";
  }
  void settle() {
    io.restart();
    io.poll();
  }
  void pass(std::chrono::milliseconds time) {
    clock->advance(time, [this] { settle(); });
  }

  reply<parley::principal> check(const parley::showing& s) {
    shown.push_back(s.how);
    if (s.credential.secret() != good) return parley::error{errc::unauthenticated, "wrong"};
    parley::principal who{.name = "ada"};
    if (lifetime.count() > 0) who.expires = std::chrono::system_clock::now() + lifetime;
    return who;
  }
  // The usual source: what `next` has, one after the other, the last for ever.
  reply<credential> give(const credential_wanted& wanted) {
    asked.push_back(std::string(wanted.refused ? "refused" : wanted.expiring ? "expiring" : "first"));
    EXPECT_EQ(wanted.url, "mem://talk/ws");
    const std::string secret = next.front();
    if (next.size() > 1) next.erase(next.begin());
    if (secret.empty()) return parley::error{errc::failed, "the provider is down"};
    return credential::bearer(secret);
  }

  parley::client& make(parley::client_options options = {}) {
    options.loopback = &network;
    options.clock = clock;
    options.log = log.sink();
    if (!options.credentials) options.credentials = [this](const credential_wanted& w) { return give(w); };
    parley::client& made = link.emplace(io.get_executor(), "mem://talk/ws", std::move(options));
    made.on_status([this](const parley::link_status& s) { last = s; });
    return made;
  }
  std::string connect() {
    std::string outcome = "pending";
    link->async_connect([&](const parley::result<>& r) {
      outcome = r ? "open" : std::string(parley::wire_name(static_cast<errc>(r.error().code.value()))) + ": " + r.error().message;
    });
    settle();
    return outcome;
  }

  asio::io_context io;
  parley::loopback network;
  std::shared_ptr<parley::manual_clock> clock = std::make_shared<parley::manual_clock>();
  log_of log;
  std::string good = "token-1";
  std::vector<std::string> next{"token-1"};
  std::chrono::seconds lifetime{0};
  std::vector<shown_by> shown;
  std::vector<std::string> asked;
  parley::server server{
      io.get_executor(),
      {.auth = {.check = [this](const parley::showing& s) { return check(s); }}, .log = log.sink(), .loopback = &network, .clock = clock}};
  Host host{server};
  parley::link_status last;
  std::optional<parley::client> link;
};

TEST_F(Credentials, Are_asked_for_before_the_client_connects) {
  make();
  EXPECT_TRUE(asked.empty());
  EXPECT_EQ(connect(), "open");
  EXPECT_THAT(asked, ElementsAre("first"));
  EXPECT_THAT(shown, ElementsAre(shown_by::header));
}

TEST_F(Credentials, Travel_in_the_hello_if_the_options_say_so) {
  for (const auto encoding : {parley::encoding::binary, parley::encoding::json}) {
    make({.encoding = encoding, .credentials_in_hello = true});
    EXPECT_EQ(connect(), "open");
    EXPECT_EQ(shown.back(), shown_by::hello);
  }
  make({.encoding = parley::encoding::plain, .credentials_in_hello = true});  // which has no hello
  EXPECT_EQ(connect(), "open");
  EXPECT_EQ(shown.back(), shown_by::header);
}

TEST_F(Credentials, That_are_refused_are_asked_for_again_once) {
  next = {"token-0", "token-1"};
  make({.reconnect = {.first_too = true}});
  connect();
  pass(std::chrono::seconds(1));
  EXPECT_TRUE(link->connected());
  EXPECT_THAT(asked, ElementsAre("first", "refused"));
}

TEST_F(Credentials, That_are_refused_twice_end_the_attempts) {
  for (const bool in_hello : {false, true}) {
    asked.clear();
    next = {"token-0"};
    make({.reconnect = {.first_too = true}, .credentials_in_hello = in_hello});
    connect();
    pass(std::chrono::minutes(5));
    EXPECT_EQ(last.state, link_state::closed);
    ASSERT_TRUE(last.why);
    EXPECT_EQ(last.why->code, errc::unauthenticated);
    EXPECT_THAT(asked, ElementsAre("first", "refused"));
  }
}

TEST_F(Credentials, Are_asked_for_at_every_attempt) {
  make();
  EXPECT_EQ(connect(), "open");
  host.on_touch = [](parley::call& call) -> reply<> {
    call.peer().close();
    return {};
  };
  network.drop_at_message(0);
  TalkClient talk{*link};
  talk.say({.text = "lost"});
  settle();
  EXPECT_FALSE(link->connected());
  good = "token-2";
  next = {"token-2"};
  pass(std::chrono::minutes(1));
  EXPECT_TRUE(link->connected());
  EXPECT_THAT(asked, ElementsAre("first", "first"));
}

TEST_F(Credentials, That_run_out_are_renewed_before_they_expire) {
  for (const auto encoding : {parley::encoding::binary, parley::encoding::json}) {
    lifetime = std::chrono::seconds(1'000);
    asked.clear();
    good = "token-1";
    next = {"token-1", "token-2"};
    make({.encoding = encoding});
    EXPECT_EQ(connect(), "open");
    const std::string id = link->id();
    good = "token-2";
    pass(std::chrono::seconds(790));
    EXPECT_THAT(asked, ElementsAre("first"));
    pass(std::chrono::seconds(20));
    EXPECT_THAT(asked, ElementsAre("first", "expiring"));
    EXPECT_EQ(shown.back(), shown_by::again);
    pass(std::chrono::seconds(400));  // the old one would have expired
    EXPECT_TRUE(link->connected());
    EXPECT_EQ(link->id(), id);
    pass(std::chrono::seconds(400));  // and the next is due
    EXPECT_THAT(asked, ElementsAre("first", "expiring", "expiring"));
  }
}

TEST_F(Credentials, That_cannot_be_renewed_are_asked_for_again_until_they_expire) {
  lifetime = std::chrono::seconds(1'000);
  next = {"token-1", "", "", "token-1"};
  make();
  EXPECT_EQ(connect(), "open");
  pass(std::chrono::seconds(810));
  EXPECT_THAT(asked, ElementsAre("first", "expiring"));
  EXPECT_EQ(log.count("the provider is down"), 1u);
  pass(std::chrono::seconds(95));
  EXPECT_EQ(asked.size(), 3u);
  pass(std::chrono::seconds(50));
  EXPECT_EQ(asked.size(), 4u);
  pass(std::chrono::seconds(300));
  EXPECT_TRUE(link->connected());
}

TEST_F(Credentials, That_have_expired_are_replaced_with_the_next_connection) {
  lifetime = std::chrono::seconds(100);
  next = {"token-1", "", "", "", "", "", "", "", "", "", "token-1"};
  make();
  EXPECT_EQ(connect(), "open");
  pass(std::chrono::seconds(106));
  bool was_refused = false;
  for (const std::string& one : asked) was_refused = was_refused || one == "refused";
  EXPECT_TRUE(was_refused);
  next = {"token-1"};
  pass(std::chrono::minutes(1));
  EXPECT_TRUE(link->connected());
}

TEST_F(Credentials, Of_somebody_else_end_the_session_but_not_the_link) {
  lifetime = std::chrono::seconds(1'000);
  make();
  EXPECT_EQ(connect(), "open");
  good = "token-2";
  next = {"token-0", "token-2"};
  pass(std::chrono::seconds(810));
  pass(std::chrono::minutes(1));
  EXPECT_TRUE(link->connected());
  EXPECT_THAT(asked, ElementsAre("first", "expiring", "refused"));
}

TEST_F(Credentials, A_source_without_one_fails_the_attempt) {
  next = {""};
  make();
  EXPECT_EQ(connect(), "failed: the provider is down");
  EXPECT_TRUE(shown.empty());
  make({.credentials = [](const credential_wanted&) -> reply<credential> { throw std::runtime_error("no file"); }});
  EXPECT_EQ(connect(), "failed: client_options::credentials failed: no file");
  make({.credentials = [](const credential_wanted&) { return reply<credential>(credential()); }});
  EXPECT_THAT(connect(), HasSubstr("unauthenticated"));
}

// `interrupted` is set when the coroutine ends.
reply<credential> after_an_hour(bool& interrupted) {
  struct watched {
    bool& ended;
    ~watched() { ended = true; }
  } const watch{interrupted};
  asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::hours(1));
  co_await timer.async_wait(asio::use_awaitable);
  co_return credential::bearer("token-1");
}

TEST_F(Credentials, A_source_may_be_a_coroutine_with_ten_seconds) {
  bool interrupted = false;
  make({.credentials = [&](const credential_wanted&) { return after_an_hour(interrupted); }});
  std::string outcome = "pending";
  link->async_connect([&](const parley::result<>& r) { outcome = r ? "open" : r.error().message; });
  settle();
  pass(std::chrono::seconds(9));
  EXPECT_EQ(outcome, "pending");
  pass(std::chrono::seconds(2));
  EXPECT_THAT(outcome, HasSubstr("did not answer within 10 s"));
  EXPECT_TRUE(interrupted);
}

TEST_F(Credentials, A_client_that_is_closed_interrupts_its_source) {
  bool interrupted = false;
  make({.credentials = [&](const credential_wanted&) { return after_an_hour(interrupted); }});
  std::string outcome = "pending";
  link->async_connect(
      [&](const parley::result<>& r) { outcome = r ? "open" : std::string(parley::wire_name(static_cast<errc>(r.error().code.value()))); });
  settle();
  link->close();
  settle();
  EXPECT_EQ(outcome, "cancelled");
  EXPECT_TRUE(interrupted);
}

TEST(CredentialsOfAClient, Do_not_travel_in_plain_text) {
  const auto source = [](const credential_wanted&) { return reply<credential>(credential::bearer("t")); };
  const auto fault = [&](const std::string& url, parley::client_options options) -> std::string {
    options.credentials = source;
    try {
      const parley::client link(url, std::move(options));
    } catch (const std::invalid_argument& wrong) { return wrong.what(); }
    return "";
  };
  for (const char* url : {"ws://localhost/ws", "ws://127.0.0.1:1/ws", "ws://[::1]/ws", "ws+unix:///run/parley.sock:/ws"})
    EXPECT_EQ(fault(url, {}), "") << url;
  for (const char* url : {"ws://example.org/ws", "ws://10.0.0.7/ws", "ws://localhost.example.org/ws"})
    EXPECT_THAT(fault(url, {}), AllOf(HasSubstr("wss://"), HasSubstr("credentials_on_plain_text"))) << url;
  EXPECT_EQ(fault("ws://example.org/ws", {.credentials_on_plain_text = true}), "");
  EXPECT_THAT(fault("ws://localhost/ws", {.more_urls = {"ws://example.org/ws"}}), HasSubstr("wss://"));
  EXPECT_THAT(fault("ws://localhost/ws", {.headers = {{"AUTHORIZATION", "Bearer x"}}}), HasSubstr("Authorization"));
#ifdef PARLEY_TESTS_HAVE_TLS
  EXPECT_EQ(fault("wss://example.org/ws", {}), "");
#endif
}

}  // namespace
}  // namespace talk::v1
