// The checks of one loop with a clock that the test advances: values, errors, coroutines, time limits
// and addresses that fail too often.
#include "parley/server/authentication.hpp"

#include "parley/transport/loopback/manual_clock.hpp"

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

namespace parley {
namespace {

using namespace std::chrono_literals;
using kind = check_outcome::kind;

struct asked final : transport::request {
  void accept(std::string_view, std::shared_ptr<transport::connection_handler>) override {}
  void reject(int status, std::string_view, std::chrono::seconds) override { rejected = status; }
  void hold(std::shared_ptr<void>) override {}
  int rejected = 0;
};

struct Checks : testing::Test {
  // A check that never answers, and reports when it is interrupted.
  reply<principal> wait_for_ever() {
    struct watched {
      bool& ended;
      ~watched() { ended = true; }
    } const watch{interrupted};
    asio::steady_timer timer(co_await asio::this_coro::executor, 1h);
    co_await timer.async_wait(asio::use_awaitable);
    co_return principal{};
  }
  void serve(authenticator check) {
    all.emplace(std::move(check));
    checks.emplace(*all, loop.get_executor(), clock, 5s, [this] { return owner.lock(); });
  }
  std::optional<check_outcome> ask(shown_credential shown = {credential::bearer("t"), shown_by::header}) {
    const std::size_t before = outcomes.size();
    checks->check_upgrade(request, std::move(shown), [this](check_outcome outcome) { outcomes.push_back(std::move(outcome)); });
    loop.restart();
    loop.poll();
    return outcomes.size() > before ? std::optional(outcomes.back()) : std::nullopt;
  }
  void pass(std::chrono::milliseconds time) {
    clock->advance(time, [&] {
      loop.restart();
      loop.poll();
    });
  }

  asio::io_context loop;
  const std::shared_ptr<manual_clock> clock = std::make_shared<manual_clock>();
  std::shared_ptr<int> owned = std::make_shared<int>(1);
  std::weak_ptr<void> owner = owned;
  std::optional<shared_checks> all;
  std::optional<authentication> checks;
  std::shared_ptr<asked> request = [] {
    auto one = std::make_shared<asked>();
    one->remote = "192.0.2.1:1234";
    one->path = "/ws";
    one->query = "a=b";
    one->headers = {{"X-Tenant", "red"}};
    return one;
  }();
  bool interrupted = false;
  std::vector<check_outcome> outcomes;
};

TEST_F(Checks, See_what_the_client_shows) {
  serve([](const showing& s) -> reply<principal> {
    EXPECT_EQ(s.credential.scheme(), "bearer");
    EXPECT_EQ(s.credential.secret(), "t");
    EXPECT_EQ(s.how, shown_by::header);
    EXPECT_EQ(s.path, "/ws");
    EXPECT_EQ(s.query, "a=b");
    EXPECT_EQ(s.remote, "192.0.2.1:1234");
    EXPECT_EQ(s.header("x-tenant"), "red");
    EXPECT_EQ(s.before, nullptr);
    EXPECT_EQ(s.certificate, nullptr);
    return principal{.name = "ada", .roles = {"admin"}};
  });
  const auto got = ask();
  ASSERT_TRUE(got);
  EXPECT_EQ(got->is, kind::good);
  EXPECT_EQ(got->who.name, "ada");
}

TEST_F(Checks, May_be_coroutines) {
  serve([](const showing& s) -> reply<principal> {
    asio::steady_timer timer(co_await asio::this_coro::executor, 0ms);
    co_await timer.async_wait(asio::use_awaitable);
    co_return principal{.name = s.credential.secret()};  // it lives until the answer
  });
  ask();
  loop.restart();
  loop.run_for(30s);
  ASSERT_EQ(outcomes.size(), 1u);
  EXPECT_EQ(outcomes[0].who.name, "t");
}

TEST_F(Checks, That_refuse_say_why_to_the_log) {
  serve([](const showing&) { return reply<principal>(error{errc::unauthenticated, "no such token"}); });
  const auto got = ask();
  ASSERT_TRUE(got);
  EXPECT_EQ(got->is, kind::refused);
  EXPECT_TRUE(got->unauthenticated);
  EXPECT_EQ(got->text, "no such token");
  serve([](const showing&) { return reply<principal>(errc::denied); });
  const auto denied = ask();
  EXPECT_FALSE(denied->unauthenticated);
  EXPECT_EQ(denied->text, "denied");
}

TEST_F(Checks, That_throw_are_broken) {
  serve([](const showing&) -> reply<principal> { throw std::runtime_error("no database"); });
  EXPECT_EQ(ask()->text, "the handler of auth.check failed: no database");
  serve([](const showing&) -> reply<principal> {
    throw std::runtime_error("later");
    co_return principal{};
  });
  EXPECT_EQ(ask()->is, kind::broken);
}

TEST_F(Checks, Give_principals_that_can_be_used) {
  const auto with = [&](principal who) {
    serve([&](const showing&) { return reply<principal>(who); });
    return ask()->is;
  };
  EXPECT_EQ(with({.name = std::string(128, 'x')}), kind::good);
  EXPECT_EQ(with({.name = std::string(129, 'x')}), kind::broken);
  EXPECT_EQ(with({.name = "ad\na"}), kind::broken);
  EXPECT_EQ(with({.name = "ad\xff"}), kind::broken);
  EXPECT_EQ(with({.name = "ad\x7f"}), kind::broken);
  EXPECT_EQ(with({.name = "Zoë:1"}), kind::good);
  EXPECT_EQ(with({.expires = std::chrono::system_clock::now() + 1h}), kind::good);
  EXPECT_EQ(with({.expires = std::chrono::system_clock::now() - 1s}), kind::refused);
}

TEST_F(Checks, That_take_too_long_are_interrupted) {
  serve([this](const showing&) { return wait_for_ever(); });
  EXPECT_FALSE(ask());
  pass(4999ms);
  EXPECT_TRUE(outcomes.empty());
  pass(1ms);
  ASSERT_EQ(outcomes.size(), 1u);
  EXPECT_EQ(outcomes[0].is, kind::broken);
  pass(0ms);
  EXPECT_TRUE(interrupted);
  EXPECT_EQ(outcomes.size(), 1u);
}

TEST_F(Checks, Of_requests_that_the_transport_has_refused_are_interrupted) {
  serve([this](const showing&) { return wait_for_ever(); });
  EXPECT_FALSE(ask());
  ASSERT_TRUE(request->on_abandoned);
  std::exchange(request->on_abandoned, nullptr)();
  pass(10s);
  EXPECT_TRUE(interrupted);
  EXPECT_TRUE(outcomes.empty());
}

TEST_F(Checks, End_with_the_server) {
  serve([this](const showing&) { return wait_for_ever(); });
  EXPECT_FALSE(ask());
  checks->stop();
  pass(10s);
  EXPECT_EQ(request->rejected, 503);
  EXPECT_TRUE(interrupted);
  EXPECT_TRUE(outcomes.empty());
}

TEST_F(Checks, Do_nothing_when_their_owner_is_gone) {
  serve([this](const showing&) { return wait_for_ever(); });
  EXPECT_FALSE(ask());
  owned.reset();
  pass(10s);
  EXPECT_TRUE(outcomes.empty());
}

TEST_F(Checks, Bar_an_address_after_ten_wrong_credentials) {
  serve([](const showing&) { return reply<principal>(errc::unauthenticated); });
  for (int i = 0; i < 20; ++i) ask({credential(), shown_by::nobody});  // a stranger guesses nothing
  for (int i = 0; i < 10; ++i) {
    EXPECT_FALSE(checks->is_barred(*request)) << i;
    ask();
  }
  EXPECT_TRUE(checks->is_barred(*request));
  request->remote = "192.0.2.1:99";
  EXPECT_TRUE(checks->is_barred(*request));
  request->remote = "[::ffff:192.0.2.1]:99";
  EXPECT_TRUE(checks->is_barred(*request));
  request->remote = "192.0.2.2:99";
  EXPECT_FALSE(checks->is_barred(*request));
  pass(6s);
  request->remote = "192.0.2.1:99";
  EXPECT_FALSE(checks->is_barred(*request));
}

TEST_F(Checks, Bar_a_network_of_IPv6_and_not_this_machine) {
  serve([](const showing&) { return reply<principal>(errc::denied); });
  request->remote = "[2001:db8::1]:5";
  for (int i = 0; i < 10; ++i) ask();
  request->remote = "[2001:db8::ffff]:6";
  EXPECT_TRUE(checks->is_barred(*request));
  request->remote = "[2001:db8:0:1::1]:5";
  EXPECT_FALSE(checks->is_barred(*request));
  for (const std::string local : {"127.0.0.1:5", "[::1]:5", "mem", "unix:pid=1,uid=0"}) {
    request->remote = local;
    for (int i = 0; i < 20; ++i) ask();
    EXPECT_FALSE(checks->is_barred(*request)) << local;
  }
}

TEST_F(Checks, That_are_broken_bar_nobody) {
  serve([](const showing&) -> reply<principal> { throw std::runtime_error("no database"); });
  for (int i = 0; i < 20; ++i) ask();
  EXPECT_FALSE(checks->is_barred(*request));
}

}  // namespace
}  // namespace parley
