// Who a client is: every source of a credential with every outcome of the check, in memory, where the
// test advances the time, and what clients, handlers and logs learn of it.
#include "base64url.hpp"
#include "system/log_of.hpp"
#include "system/world.hpp"
#include "websocket/transport_recorder.hpp"

#include <parley/auth.hpp>
#include <parley/transport/loopback/manual_clock.hpp>

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include <gmock/gmock.h>

#include <memory>
#include <optional>
#include <ostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace talk::v1 {
namespace {

using parley::errc;
using parley::principal;
using parley::reply;
using parley::showing;
using parley::shown_by;
using parley::transport::testing::recorder;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// The secrets of all tests. No log may contain one.
constexpr std::string_view good_secret = "sesame-is-open", wrong_secret = "sesame-is-shut", other_secret = "sesame-of-bob";

using parley::testing::base64url;

// A server and its clients on one loop, without a thread. What cannot be told apart from the outside
// is asked of the server's handler.
struct Auth : testing::Test {
  void serve(parley::server_options options = {}, bool checks = true) {
    options.loopback = &network;
    options.clock = clock;
    options.log = log.sink();
    options.heartbeat = std::chrono::hours(24);  // the clients that the test plays answer no pings
    options.auth.cookie = "sid";
    options.auth.ticket = "ticket";
    options.origins = {"https://lobby.example"};
    if (checks && !options.auth.check) options.auth.check = [this](const showing& s) { return check(s); };
    server.emplace(io.get_executor(), std::move(options));
    host.emplace(*server);
    server->add(*host);
    server->start();
    settle();
  }
  ~Auth() override {
    for (auto& one : links) one->close();
    if (server) server->stop();
    for (int turns = 0; turns < 100; ++turns) settle();
    for (const std::string_view secret : {good_secret, wrong_secret, other_secret}) {
      EXPECT_EQ(log.count(secret), 0u) << "a secret is in the log";
      EXPECT_EQ(log.count(base64url(secret)), 0u) << "a secret is in the log";
    }
  }
  void settle() {
    io.restart();
    io.poll();
  }
  void pass(std::chrono::milliseconds time) {
    clock->advance(time, [this] { settle(); });
  }

  // The usual check: one secret is good, and one is another user's.
  reply<principal> check(const showing& s) {
    seen.push_back({s.how, s.credential.scheme(), s.before ? s.before->name : ""});
    if (s.how == shown_by::nobody && strangers) return principal{};
    if (s.credential.secret() == good_secret) return who;
    if (s.credential.secret() == other_secret) return principal{.name = "bob"};
    return parley::error{errc::unauthenticated, "the check's own words"};
  }

  std::shared_ptr<recorder> connect(parley::transport::connect_options options) {
    auto one = std::make_shared<recorder>();
    network.connect(io.get_executor(), std::move(options), one);
    settle();
    return one;
  }
  void say(const std::shared_ptr<recorder>& to, const std::string& frame) {
    to->send(frame);
    settle();
  }
  static std::string hello(std::string_view secret = {}) {
    std::string auth = secret.empty() ? "" : R"(,"auth":{"scheme":"bearer","credential":")" + std::string(secret) + "\"}";
    return R"({"event_name":"$hello","payload":{"revision":1,"features":["multi"])" + auth + "}}";
  }
  // A client that has greeted, and what it has received.
  std::shared_ptr<recorder> greet(std::string_view secret = {}, parley::transport::connect_options options = {.url = "mem://talk/ws"}) {
    options.subprotocols.push_back("parley.v1.json");
    auto one = connect(std::move(options));
    if (one->opened == 1 && one->closed == 0) say(one, hello(secret));
    return one;
  }
  static std::string last_of(const std::shared_ptr<recorder>& who) { return who->messages.empty() ? "" : who->messages.back().content; }

  // A client of Parley, which shows a header.
  parley::client& link_of(std::string_view secret, parley::encoding encoding = parley::encoding::binary) {
    parley::client_options options{.encoding = encoding, .loopback = &network, .clock = clock};
    if (!secret.empty()) options.headers = {{"Authorization", "Bearer " + std::string(secret)}};
    links.push_back(std::make_unique<parley::client>(io.get_executor(), "mem://talk/ws", std::move(options)));
    return *links.back();
  }
  std::optional<parley::error> outcome_of(parley::client& link) {
    std::optional<parley::error> got;
    link.async_connect([&](const parley::result<>& r) {
      if (!r) got = r.error();
    });
    settle();
    return got;
  }

  struct seen_by_check {
    shown_by how;
    std::string scheme, before;
  };
  asio::io_context io;
  parley::loopback network;
  std::shared_ptr<parley::manual_clock> clock = std::make_shared<parley::manual_clock>();
  log_of log;
  principal who{.name = "ada", .roles = {"admin"}, .claims = {{"tenant", "red"}}};
  bool strangers = true;
  std::vector<seen_by_check> seen;
  std::optional<parley::server> server;
  std::optional<Host> host;
  std::vector<std::unique_ptr<parley::client>> links;
};

// ---- Every source with every outcome.

struct source {
  const char* name;
  shown_by how;
};
std::ostream& operator<<(std::ostream& out, const source& s) { return out << s.name; }
enum class outcome { good, refused, denied, throws, coroutine, coroutine_refused, coroutine_throws, too_slow, client_goes, server_stops };
std::string name_of(outcome o) {
  static constexpr std::string_view names[] = {"good",        "refused",           "denied",           "throws",
                                               "coroutine",   "coroutine_refused", "coroutine_throws", "too_slow",
                                               "client_goes", "server_stops"};
  return std::string(names[static_cast<std::size_t>(o)]);
}

class EverySource : public Auth, public testing::WithParamInterface<std::tuple<source, outcome>> {
 protected:
  shown_by how() const { return std::get<0>(GetParam()).how; }
  outcome wanted() const { return std::get<1>(GetParam()); }
  bool at_upgrade() const { return how() != shown_by::hello && how() != shown_by::nobody; }

  std::shared_ptr<recorder> come(std::string_view secret) {
    parley::transport::connect_options options{.url = "mem://talk/ws"};
    const std::string text(secret);
    switch (how()) {
      case shown_by::header:
        options.headers = {{"Authorization", "Bearer " + text}};
        break;
      case shown_by::subprotocol:
        options.subprotocols = {"parley.auth." + base64url(text)};
        break;
      case shown_by::ticket:
        options.url = "mem://talk/ws?ticket=" + text;
        break;
      case shown_by::cookie:
        options.headers = {{"Cookie", "sid=" + text}};
        options.origin = "https://lobby.example";
        break;
      default:
        break;
    }
    return greet(how() == shown_by::hello ? secret : std::string_view(), std::move(options));
  }
  reply<principal> later(const showing& s) {
    struct watched {
      bool& ended;
      ~watched() { ended = true; }
    } const watch{interrupted};
    asio::steady_timer timer(co_await asio::this_coro::executor,
                             wanted() == outcome::too_slow || wanted() == outcome::client_goes || wanted() == outcome::server_stops
                                 ? std::chrono::hours(1)
                                 : std::chrono::hours(0));
    co_await timer.async_wait(asio::use_awaitable);
    if (wanted() == outcome::coroutine_throws) throw std::runtime_error("no database");
    auto decided = check(s);
    co_return std::move(decided.now());
  }
  bool interrupted = false;
};
INSTANTIATE_TEST_SUITE_P(Of, EverySource,
                         testing::Combine(testing::Values(source{"header", shown_by::header}, source{"subprotocol", shown_by::subprotocol},
                                                          source{"ticket", shown_by::ticket}, source{"cookie", shown_by::cookie},
                                                          source{"hello", shown_by::hello}, source{"nobody", shown_by::nobody}),
                                          testing::Values(outcome::good, outcome::refused, outcome::denied, outcome::throws,
                                                          outcome::coroutine, outcome::coroutine_refused, outcome::coroutine_throws,
                                                          outcome::too_slow, outcome::client_goes, outcome::server_stops)),
                         [](const auto& instance) {
                           return std::string(std::get<0>(instance.param).name) + "_" + name_of(std::get<1>(instance.param));
                         });

TEST_P(EverySource, Has_the_outcome_of_the_check) {
  const bool wrong = wanted() == outcome::refused || wanted() == outcome::coroutine_refused;
  strangers = !wrong;
  parley::server_options options;
  options.auth.check = [this](const showing& s) -> reply<principal> {
    EXPECT_EQ(s.how, how());
    EXPECT_EQ(s.path, "/ws");
    EXPECT_EQ(s.query, "");
    EXPECT_EQ(s.remote, "mem");
    switch (wanted()) {
      case outcome::good:
      case outcome::refused:
        return check(s);
      case outcome::denied:
        return parley::error{errc::denied, "the check's own words"};
      case outcome::throws:
        throw std::runtime_error("no database");
      default:
        return later(s);
    }
  };
  serve(std::move(options));
  const auto client = come(wrong ? wrong_secret : good_secret);
  for (int i = 0;
       i < 1000 && (wanted() == outcome::coroutine || wanted() == outcome::coroutine_refused || wanted() == outcome::coroutine_throws) &&
       !interrupted;
       ++i) {
    io.restart();
    io.run_one_for(std::chrono::milliseconds(100));
  }
  settle();
  if (client->opened == 1 && client->closed == 0 && client->messages.empty() && at_upgrade()) say(client, hello());

  const auto is_refused = [&](std::string_view status, std::uint16_t code) {
    ASSERT_EQ(client->closed, 1);
    EXPECT_TRUE(client->messages.empty());
    if (at_upgrade()) {
      EXPECT_EQ(client->opened, 0);
      EXPECT_THAT(client->how.message, HasSubstr("HTTP " + std::string(status)));
    } else {
      EXPECT_EQ(client->why.code, code);
      EXPECT_THAT(client->why.text, AllOf(Not(HasSubstr("own words")), Not(HasSubstr("database"))));
    }
    EXPECT_TRUE(host->arrivals.empty());
    EXPECT_EQ(server->counters().auth_accepted, 0u);
  };
  switch (wanted()) {
    case outcome::good:
    case outcome::coroutine: {
      ASSERT_EQ(client->closed, 0);
      EXPECT_THAT(last_of(client), HasSubstr("$welcome"));
      EXPECT_FALSE(host->arrivals.empty());
      const std::string name = how() == shown_by::nobody ? "" : "ada";
      EXPECT_EQ(log.count(" as ada"), name.empty() ? 0u : 1u);
      EXPECT_EQ(server->counters().auth_accepted, 1u);
      break;
    }
    case outcome::refused:
    case outcome::coroutine_refused:
      is_refused("401", 4005);
      EXPECT_EQ(log.count("the check's own words"), 1u);
      EXPECT_EQ(server->counters().auth_refused, 1u);
      break;
    case outcome::denied:
      is_refused("403", 4005);
      EXPECT_EQ(log.count("the check's own words"), 1u);
      break;
    case outcome::throws:
    case outcome::coroutine_throws:
      is_refused("503", 1013);
      EXPECT_GE(log.count("the handler of auth.check failed: no database"), 1u);
      EXPECT_EQ(server->counters().auth_broken, 1u);
      break;
    case outcome::too_slow:
      EXPECT_EQ(client->closed, 0);
      pass(std::chrono::seconds(5));
      is_refused("503", 1013);
      EXPECT_TRUE(interrupted);
      break;
    case outcome::client_goes:
      if (!at_upgrade()) {
        client->call([](parley::transport::connection& to) { to.abort(); });
        settle();
        pass(std::chrono::milliseconds(1));
        EXPECT_TRUE(interrupted);
      }
      pass(std::chrono::seconds(5));
      EXPECT_TRUE(interrupted);
      EXPECT_TRUE(host->arrivals.empty());
      break;
    case outcome::server_stops:
      server->stop();
      pass(std::chrono::seconds(3));
      EXPECT_TRUE(interrupted);
      EXPECT_EQ(client->closed, 1);
      break;
  }
}

// ---- What is refused without asking the check.

TEST_F(Auth, Two_sources_at_once_are_refused) {
  serve();
  const auto header_and_ticket = greet("", {.url = "mem://talk/ws?ticket=" + std::string(good_secret),
                                            .headers = {{"Authorization", "Bearer " + std::string(good_secret)}}});
  EXPECT_THAT(header_and_ticket->how.message, HasSubstr("HTTP 400"));
  EXPECT_TRUE(seen.empty());
  const auto header_and_hello =
      greet(good_secret, {.url = "mem://talk/ws", .headers = {{"Authorization", "Bearer " + std::string(good_secret)}}});
  EXPECT_EQ(header_and_hello->why.code, 4002);
}

// Cross-site WebSocket hijacking: the browser of a user sends the cookie for every page.
TEST_F(Auth, A_cookie_counts_only_from_a_page_that_may_connect) {
  strangers = false;
  serve();
  const auto with = [&](const std::string& origin) {
    return greet("", {.url = "mem://talk/ws", .headers = {{"Cookie", "sid=" + std::string(good_secret)}}, .origin = origin});
  };
  EXPECT_THAT(last_of(with("https://lobby.example")), HasSubstr("$welcome"));
  EXPECT_THAT(with("https://evil.example")->how.message, HasSubstr("HTTP 403"));
  EXPECT_THAT(with("null")->how.message, HasSubstr("HTTP 403"));
  EXPECT_EQ(with("")->why.code, 4005);  // a program, or a page that hides: the cookie does not count
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_EQ(seen[0].how, shown_by::cookie);
  EXPECT_EQ(seen[1].how, shown_by::nobody);
}

TEST_F(Auth, A_credential_without_a_secret_or_a_scheme_is_refused) {
  serve();
  const auto client = connect({.url = "mem://talk/ws", .subprotocols = {"parley.v1.json"}});
  say(client, R"({"event_name":"$hello","payload":{"revision":1,"auth":{"scheme":"bearer"}}})");
  EXPECT_EQ(client->why.code, 4005);
  EXPECT_TRUE(seen.empty());
}

TEST_F(Auth, Without_a_check_everybody_is_nobody_and_credentials_are_ignored) {
  serve({}, false);
  std::string name = "?";
  host->on_connected = [&](parley::peer& peer) { name = peer.principal().name; };
  const auto client = greet(good_secret, {.url = "mem://talk/ws", .headers = {{"Authorization", "Bearer " + std::string(good_secret)}}});
  EXPECT_THAT(last_of(client), HasSubstr("$welcome"));
  EXPECT_EQ(name, "");
}

// ---- Plain mode.

TEST_F(Auth, A_plain_client_is_checked_at_the_upgrade) {
  serve();
  parley::client& ada = link_of(good_secret, parley::encoding::plain);
  EXPECT_FALSE(outcome_of(ada));
  EXPECT_EQ(seen.back().how, shown_by::header);
  strangers = false;
  const auto why = outcome_of(link_of("", parley::encoding::plain));
  ASSERT_TRUE(why);
  EXPECT_EQ(why->code, errc::unauthenticated);
  EXPECT_EQ(seen.back().how, shown_by::nobody);
}

// ---- What handlers see.

TEST_F(Auth, Handlers_know_who_the_client_is) {
  serve();
  std::vector<std::string> names;
  host->on_connected = [&](parley::peer& peer) { names.push_back("connected " + peer.principal().name); };
  host->on_add = [&](const Numbers&, parley::call& call) -> reply<Sum> {
    names.push_back("add " + call.principal().name);
    EXPECT_EQ(&call.principal(), &call.peer().principal());
    EXPECT_EQ(call.principal().claims.at("tenant"), "red");
    return Sum{};
  };
  host->on_say = [&](const Line&, parley::event& event) {
    names.push_back("say " + event.principal().name);
    return parley::relay::pass;
  };
  parley::client& link = link_of(good_secret);
  EXPECT_FALSE(outcome_of(link));
  TalkClient talk{link};
  talk.async_add({.numbers = {1}}, [](const parley::result<Sum>& r) { EXPECT_TRUE(r); });
  talk.say({.text = "hello"});
  settle();
  EXPECT_THAT(names, testing::ElementsAre("connected ada", "add ada", "say ada"));
}

TEST_F(Auth, A_call_at_a_client_is_of_nobody_in_particular) {
  serve();
  parley::client& link = link_of(good_secret);
  TalkClient talk{link};
  std::string name = "?";
  talk.on_meet([&](const Line& line, parley::call& call) {
    name = call.principal().name;
    return line;
  });
  EXPECT_FALSE(outcome_of(link));
  host->peers.async_meet({.text = "you"}, parley::to::client{link.id()}, [](const parley::result<Line>& r) { EXPECT_TRUE(r); });
  settle();
  EXPECT_EQ(name, "");
}

TEST_F(Auth, The_refusal_reaches_the_client_with_its_code) {
  serve();
  EXPECT_EQ(outcome_of(link_of(wrong_secret))->code, errc::unauthenticated);
  EXPECT_EQ(log.count("was refused with HTTP 401: the check's own words"), 1u);
}

// ---- Expiry and renewal.

struct Expiry : Auth {
  Expiry() {
    who.expires = std::chrono::system_clock::now() + std::chrono::minutes(10);
    serve();
    client = greet(good_secret);
  }
  static std::string auth(std::string_view secret) {
    return R"({"event_name":"$auth","payload":{"scheme":"bearer","credential":")" + std::string(secret) + "\"}}";
  }
  std::shared_ptr<recorder> client;
};

TEST_F(Expiry, Is_announced_and_then_closes_the_connection) {
  EXPECT_THAT(last_of(client), testing::ContainsRegex("\"auth_ms\":(600000|59....)"));
  pass(std::chrono::minutes(9));
  EXPECT_EQ(client->closed, 0);
  pass(std::chrono::seconds(66));
  ASSERT_EQ(client->closed, 1);
  EXPECT_EQ(client->why.code, 4006);
  const auto gone = host->departures.next();
  EXPECT_EQ(gone.why.close_code, 4006);
}

TEST_F(Expiry, Of_a_plain_client_closes_it_too) {
  const auto plain = connect({.url = "mem://talk/ws", .headers = {{"Authorization", "Bearer " + std::string(good_secret)}}});
  EXPECT_EQ(plain->opened, 1);
  pass(std::chrono::minutes(11));
  EXPECT_EQ(plain->why.code, 4006);
}

TEST_F(Expiry, Is_moved_by_another_credential_which_takes_effect_at_once) {
  pass(std::chrono::minutes(9));
  who.roles = {"reader"};
  who.expires = std::chrono::system_clock::now() + std::chrono::hours(1);
  std::vector<std::string> changed;
  host->on_principal_changed = [&](parley::peer& peer) { changed.push_back(peer.principal().roles.at(0)); };
  say(client, auth(good_secret));
  EXPECT_THAT(last_of(client),
              AllOf(HasSubstr("$auth"), testing::ContainsRegex("\"auth_ms\":(3600000|359....)"), Not(HasSubstr("bearer"))));
  EXPECT_THAT(changed, testing::ElementsAre("reader"));
  EXPECT_EQ(seen.back().how, shown_by::again);
  EXPECT_EQ(seen.back().before, "ada");
  pass(std::chrono::minutes(50));
  EXPECT_EQ(client->closed, 0);
  pass(std::chrono::minutes(11));
  EXPECT_EQ(client->why.code, 4006);
}

TEST_F(Expiry, Ends_if_the_new_credential_does_not_expire) {
  who.expires.reset();
  say(client, auth(good_secret));
  EXPECT_THAT(last_of(client), AllOf(HasSubstr("$auth"), Not(HasSubstr("auth_ms"))));
  pass(std::chrono::hours(1));
  EXPECT_EQ(client->closed, 0);
}

TEST_F(Expiry, A_credential_of_somebody_else_ends_the_session) {
  say(client, auth(other_secret));
  EXPECT_EQ(client->why.code, 4005);
  EXPECT_EQ(log.count("was of another principal"), 1u);
}

TEST_F(Expiry, A_wrong_credential_ends_the_session) {
  say(client, auth(wrong_secret));
  EXPECT_EQ(client->why.code, 4005);
}

TEST_F(Expiry, Another_credential_every_moment_is_a_violation_of_policy) {
  say(client, auth(good_secret));
  say(client, auth(good_secret));
  EXPECT_EQ(client->why.code, 1008);
}

}  // namespace
}  // namespace talk::v1
