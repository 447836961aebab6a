// Credentials in a session: the table of what a server does about each frame while it knows nobody,
// waits for a check and knows who the client is, and a walk of the whole life.
#include "sessions.hpp"

#include <random>

namespace {

using namespace sessions;
using session::authentication;

class Credentials : public testing::TestWithParam<encoding> {
 protected:
  session::session_options as(side self, authentication how = authentication::none) {
    session::session_options options;
    options.self = self;
    options.format = &GetParam().format();
    options.authentication = how;
    return options;
  }
  static wire::hello hello(std::optional<wire::auth> shown = std::nullopt) {
    wire::hello h = hello_of_a_client();
    h.auth = std::move(shown);
    return h;
  }
  static void hear_auth(end& to, const wire::auth& shown) {
    std::string payload;
    wire::write_auth(to.session.format().payload_format(), shown, payload);
    wire::envelope e;
    e.kind = wire::kind::auth;
    EXPECT_EQ(to.hear(e, payload), nullptr);
  }
  static wire::auth next_auth(end& from) {
    const wire::envelope e = from.next();
    EXPECT_EQ(e.kind, wire::kind::auth);
    wire::auth answer;
    EXPECT_FALSE(wire::read_auth(from.session.format().payload_format(), e.payload, answer));
    return answer;
  }
  // A server that has let its client in.
  std::unique_ptr<end> open(authentication how) {
    auto server = std::make_unique<end>(as(side::server, how), known.contract);
    server->out.on_greeted = [raw = server.get()](const wire::auth&) { raw->session.welcome(raw->now, 60'000); };
    server->session.start(server->now);
    server->hear_hello(hello());
    EXPECT_TRUE(server->session.open());
    server->out.frames.clear();
    return server;
  }

  const wire::auth token{"bearer", "open sesame"};
  program known;
};
INSTANTIATE_TEST_SUITE_P(In, Credentials, testing::ValuesIn(with_greeting()), testing::PrintToStringParamName());

TEST_P(Credentials, Travel_in_the_hello_and_their_lifetime_in_the_welcome) {
  end server(as(side::server, authentication::at_hello), known.contract);
  auto at_client = as(side::client);
  at_client.shown = std::make_shared<const wire::auth>(token);
  end client(at_client, known.contract);
  std::optional<wire::auth> seen;
  server.out.on_greeted = [&](wire::auth shown) { seen = std::move(shown); };
  server.session.start(server.now);
  client.session.start(client.now);
  exchange(client, server);
  ASSERT_TRUE(seen);
  EXPECT_EQ(*seen, token);
  EXPECT_TRUE(server.session.awaits_welcome());
  EXPECT_FALSE(server.session.open());
  EXPECT_TRUE(server.silent());
  server.session.welcome(server.now, 5'000);
  EXPECT_TRUE(server.session.open());
  exchange(client, server);
  EXPECT_TRUE(client.session.open());
  EXPECT_EQ(client.session.auth_ms(), 5'000u);
}

TEST_P(Credentials, Of_nobody_are_empty) {
  end server(as(side::server, authentication::at_hello), known.contract);
  std::optional<wire::auth> seen;
  server.out.on_greeted = [&](wire::auth shown) { seen = std::move(shown); };
  server.session.start(server.now);
  server.hear_hello(hello());
  ASSERT_TRUE(seen);
  EXPECT_EQ(*seen, wire::auth{});
}

TEST_P(Credentials, Are_ignored_if_nobody_checks_them) {
  end server(as(side::server), known.contract);
  server.out.on_greeted = [](const wire::auth&) { ADD_FAILURE() << "asked"; };
  server.session.start(server.now);
  server.hear_hello(hello(token));
  EXPECT_TRUE(server.session.open());
  EXPECT_EQ(server.next_welcome().auth_ms, 0u);
  hear_auth(server, token);
  EXPECT_EQ(server.out.code(), close_code::protocol_violation);
}

TEST_P(Credentials, Of_the_upgrade_must_be_the_only_ones) {
  auto done = as(side::server, authentication::done);
  done.auth_ms = 7'000;
  end server(done, known.contract);
  server.session.start(server.now);
  server.hear_hello(hello());
  EXPECT_EQ(server.next_welcome().auth_ms, 7'000u);
  end twice(done, known.contract);
  twice.session.start(twice.now);
  twice.hear_hello(hello(token));
  EXPECT_EQ(twice.out.code(), close_code::bad_hello);
}

TEST_P(Credentials, That_are_being_checked_let_no_other_frame_pass) {
  for (const wire::kind kind : {wire::kind::ping, wire::kind::hello, wire::kind::auth}) {
    end server(as(side::server, authentication::at_hello), known.contract);
    server.session.start(server.now);
    server.hear_hello(hello(token));
    if (kind == wire::kind::hello) server.hear_hello(hello());
    else if (kind == wire::kind::auth) hear_auth(server, token);
    else server.hear(kind, 1);
    EXPECT_EQ(server.out.code(), close_code::bad_hello);
    EXPECT_TRUE(server.silent());
    server.session.welcome(server.now, 0);  // the answer of the check comes too late
    EXPECT_TRUE(server.silent());
    EXPECT_EQ(server.out.opened_times, 0);
  }
}

TEST_P(Credentials, That_are_checked_for_too_long_end_the_session) {
  end server(as(side::server, authentication::at_hello), known.contract);
  server.session.start(server.now);
  server.pass(4s);
  server.hear_hello(hello(token));
  server.pass(999ms);
  EXPECT_FALSE(server.out.closed);
  server.pass(1ms);
  EXPECT_EQ(server.out.code(), close_code::try_again_later);
}

TEST_P(Credentials, That_are_refused_close_the_session_without_a_word) {
  end server(as(side::server, authentication::at_hello), known.contract);
  server.out.on_greeted = [&](const wire::auth&) { server.session.close(close_code::credential_refused, "no"); };
  server.session.start(server.now);
  server.hear_hello(hello(token));
  EXPECT_EQ(server.out.code(), close_code::credential_refused);
  EXPECT_TRUE(server.silent());
  EXPECT_EQ(server.out.opened_times, 0);
}

TEST_P(Credentials, Are_checked_once_if_the_client_wanted_to_resume) {
  end server(as(side::server, authentication::at_hello), known.contract);
  int asked = 0;
  server.out.on_greeted = [&](const wire::auth& shown) {
    ++asked;
    EXPECT_EQ(shown, token);
    server.session.welcome(server.now, 9'000);
  };
  server.session.start(server.now);
  wire::hello h = hello(token);
  h.resume = wire::resume{"6fNo2rXqQ1m0vJqv0c8d4A", 1, 5};
  server.hear_hello(h);
  EXPECT_EQ(server.next_welcome().outcome, wire::outcome::fresh);
  h.resume.reset();
  server.hear_hello(h);
  EXPECT_EQ(server.next_welcome().auth_ms, 9'000u);
  EXPECT_TRUE(server.session.open());
  EXPECT_EQ(asked, 1);
}

TEST_P(Credentials, Are_renewed_on_an_open_session) {
  for (const authentication how : {authentication::at_hello, authentication::done}) {
    const auto server = open(how);
    std::optional<wire::auth> seen;
    server->out.on_shown = [&](wire::auth shown) { seen = std::move(shown); };
    hear_auth(*server, token);
    ASSERT_TRUE(seen);
    EXPECT_EQ(*seen, token);
    EXPECT_TRUE(server->silent());
    server->session.renewed(30'000);
    EXPECT_EQ(next_auth(*server), (wire::auth{.auth_ms = 30'000}));
    EXPECT_TRUE(server->session.open());
  }
}

TEST_P(Credentials, Are_renewed_one_at_a_time_and_at_most_once_a_second) {
  {
    const auto server = open(authentication::done);
    hear_auth(*server, token);
    server->now += 2s;
    hear_auth(*server, token);  // the first is still being checked
    EXPECT_EQ(server->out.code(), close_code::policy);
  }
  const auto server = open(authentication::done);
  server->out.on_shown = [&](const wire::auth&) { server->session.renewed(1); };
  hear_auth(*server, token);
  server->now += 1s;
  hear_auth(*server, token);
  EXPECT_FALSE(server->out.closed);
  server->now += 999ms;
  hear_auth(*server, token);
  EXPECT_EQ(server->out.code(), close_code::policy);
}

TEST_P(Credentials, That_cannot_be_read_are_a_violation) {
  const auto server = open(authentication::done);
  wire::envelope e;
  e.kind = wire::kind::auth;
  server->hear(e, server->binary() ? "no table" : "[]");
  EXPECT_EQ(server->out.code(), close_code::protocol_violation);
}

TEST_P(Credentials, Of_a_client_wait_for_the_answer) {
  end client(as(side::client), known.contract);
  client.session.start(client.now);
  EXPECT_FALSE(client.session.show(token));
  wire::welcome w = welcome_of_a_server();
  w.auth_ms = 10'000;
  client.hear_welcome(w);
  client.out.frames.clear();
  EXPECT_TRUE(client.session.show(token));
  EXPECT_FALSE(client.session.show(token));
  EXPECT_EQ(next_auth(client), token);
  EXPECT_TRUE(client.silent());
  hear_auth(client, {.auth_ms = 20'000});
  EXPECT_EQ(client.out.renewed_for, 20'000u);
  EXPECT_EQ(client.session.auth_ms(), 20'000u);
  EXPECT_TRUE(client.session.show(token));
  hear_auth(client, {});
  EXPECT_FALSE(client.session.show(token));  // it does not expire any more
  hear_auth(client, {.auth_ms = 1});
  EXPECT_EQ(client.out.code(), close_code::protocol_violation);
}

TEST_P(Credentials, Of_a_client_stay_here_if_the_server_does_not_ask_for_them) {
  const auto client = open_client(GetParam(), known.contract);
  EXPECT_FALSE(client->session.show(token));
  EXPECT_TRUE(client->silent());
}

// The model: what is due, and what was sent. Each step is a frame, an answer of the check, or time.
TEST_P(Credentials, Follow_the_model_through_random_lives) {
  enum class state { greeting, checking, open, renewing, closed };
  for (unsigned seed = 1; seed <= 300; ++seed) {
    std::mt19937 random(seed);
    end server(as(side::server, authentication::at_hello), known.contract);
    int asked = 0;
    server.out.on_greeted = server.out.on_shown = [&](const wire::auth&) { ++asked; };
    server.session.start(server.now);
    state is = state::greeting;
    int expected = 0;
    const time_point deadline = server.now + 5s;
    std::optional<time_point> shown_at;
    for (int step = 0; step < 30 && is != state::closed; ++step) {
      switch (random() % 6) {
        case 0:
          server.hear_hello(hello(token));
          expected += is == state::greeting ? 1 : 0;
          is = is == state::greeting ? state::checking : state::closed;
          break;
        case 1: {
          const bool open_now = is == state::open || is == state::renewing;
          const bool early = shown_at && server.now - *shown_at < 1s;
          hear_auth(server, token);
          if (open_now) shown_at = server.now;
          if (is == state::open && !early) ++expected, is = state::renewing;
          else is = state::closed;
          break;
        }
        case 2:
          server.session.welcome(server.now, 60'000);
          if (is == state::checking) is = state::open;
          break;
        case 3:
          server.session.renewed(60'000);
          if (is == state::renewing) is = state::open;
          break;
        case 4:
          server.pass(std::chrono::milliseconds(random() % 1'500));
          if ((is == state::greeting || is == state::checking) && server.now >= deadline) is = state::closed;
          break;
        case 5:
          server.hear(wire::kind::pong, 1);
          if (is == state::greeting || is == state::checking) is = state::closed;
          break;
      }
      ASSERT_EQ(server.session.closed(), is == state::closed) << "seed " << seed << ", step " << step;
      ASSERT_EQ(server.session.open(), is == state::open || is == state::renewing) << "seed " << seed << ", step " << step;
      ASSERT_EQ(asked, expected) << "seed " << seed << ", step " << step;
      while (!server.silent()) {
        const wire::kind sent = server.next().kind;
        ASSERT_TRUE(sent == wire::kind::welcome || sent == wire::kind::auth || sent == wire::kind::ping) << "seed " << seed;
      }
    }
  }
}

}  // namespace
