// The C interface with a real server.
#include "held_port.hpp"
#include "system/world.hpp"
#include "tools/relay.hpp"

#include <parley/c/parley.h>

#include <gmock/gmock.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <memory>
#include <string>
#include <thread>

namespace {

using namespace talk::v1;

struct free_them {
  void operator()(parley_client* c) const { parley_client_free(c); }
  void operator()(parley_message* m) const { parley_message_free(m); }
  void operator()(parley_options* o) const { parley_options_free(o); }
};
using client_ptr = std::unique_ptr<parley_client, free_them>;
using message_ptr = std::unique_ptr<parley_message, free_them>;
using options_ptr = std::unique_ptr<parley_options, free_them>;

options_ptr options_for(parley_encoding encoding) {
  options_ptr options(parley_options_new());
  EXPECT_EQ(parley_options_set_encoding(options.get(), encoding), PARLEY_OK);
  return options;
}

client_ptr make(world& w, const options_ptr& options = {}) {
  parley_error why;
  client_ptr client(parley_client_new(w.url().c_str(), options.get(), &why));
  EXPECT_TRUE(client) << why.text;
  EXPECT_EQ(why.code, PARLEY_OK);
  return client;
}
client_ptr connected(world& w, const options_ptr& options = {}) {
  auto client = make(w, options);
  parley_error why;
  EXPECT_EQ(parley_client_connect(client.get(), &why), PARLEY_OK) << why.text;
  return client;
}

parley_code send(const client_ptr& c, const char* name, std::string_view payload, const char* to = nullptr, const char* message = nullptr,
                 parley_error* why = nullptr) {
  return parley_client_send(c.get(), name, payload.data(), payload.size(), to, message, why);
}
message_ptr next(const client_ptr& c) {
  parley_message* got = nullptr;
  EXPECT_EQ(parley_client_poll(c.get(), 30'000, &got), PARLEY_OK);
  return message_ptr(got);
}
parley_code call(const client_ptr& c, const char* name, std::string_view payload, const char* reply, message_ptr& answer,
                 parley_error* why = nullptr, std::int64_t timeout = 0) {
  parley_message* got = nullptr;
  const parley_code outcome = parley_client_call(c.get(), name, payload.data(), payload.size(), reply, timeout, &got, why);
  answer.reset(got);
  return outcome;
}

struct CClient : testing::TestWithParam<parley_encoding> {
  CClient() { w.start(); }
  world w{{carrier::websocket, parley::encoding::binary}};
};
INSTANTIATE_TEST_SUITE_P(In, CClient, testing::Values(PARLEY_JSON, PARLEY_PLAIN),
                         [](const auto& in) { return in.param == PARLEY_JSON ? "json" : "plain"; });

TEST_P(CClient, Sends_and_polls) {
  guest other(w);
  const auto me = connected(w, options_for(GetParam()));
  EXPECT_EQ(parley_client_connected(me.get()), 1);
  const std::string id = w.host->arrivals.next();
  EXPECT_EQ(send(me, "Talk.Say", R"({"text":"from C","number":"7"})", "others"), PARLEY_OK);
  EXPECT_EQ(other.heard.next().line, (Line{.text = "from C", .number = 7}));
  EXPECT_EQ(parley_client_send(me.get(), "Talk.Chat", nullptr, 0, nullptr, "plain words", nullptr), PARLEY_OK);
  EXPECT_EQ(other.heard.next().line.text, "plain words");

  other.talk.say({.text = "to C"}, parley::to::client(id));
  const auto got = next(me);
  ASSERT_TRUE(got);
  EXPECT_EQ(parley_message_kind(got.get()), PARLEY_EVENT);
  EXPECT_STREQ(parley_message_name(got.get()), "Talk.Say");
  EXPECT_STREQ(parley_message_payload(got.get()), R"({"text":"to C"})");
  EXPECT_EQ(parley_message_payload_size(got.get()), std::strlen(R"({"text":"to C"})"));
  EXPECT_EQ(parley_message_from(got.get()), other.id);
  EXPECT_EQ(parley_message_text(got.get()), nullptr);
  EXPECT_EQ(parley_message_code(got.get()), PARLEY_OK);

  parley_message* none = nullptr;
  EXPECT_EQ(parley_client_poll(me.get(), 0, &none), PARLEY_DEADLINE_EXCEEDED);
  EXPECT_EQ(none, nullptr);
}

TEST_P(CClient, Calls_wait_or_call_back) {
  const auto me = connected(w, options_for(GetParam()));
  message_ptr answer;
  parley_error why;
  EXPECT_EQ(call(me, "Talk.Add", R"({"numbers":[391,29]})", "add_result", answer, &why), PARLEY_OK) << why.text;
  ASSERT_TRUE(answer);
  EXPECT_EQ(parley_message_kind(answer.get()), PARLEY_ANSWER);
  EXPECT_STREQ(parley_message_payload(answer.get()), R"({"value":420})");

  const parley_code refused = call(me, "Talk.Add", R"({"numbers":[1,2,3,4]})", "add_result", answer, &why);
  EXPECT_EQ(refused, why.code);
  EXPECT_EQ(refused, PARLEY_FAILED);
  EXPECT_EQ(why.from_peer, 1);
  EXPECT_STREQ(why.text, "at most three");
  EXPECT_FALSE(answer);

  events<std::string> told;
  const auto handler = [](void* to, const parley_message* m) {
    static_cast<events<std::string>*>(to)->put(parley_message_kind(m) == PARLEY_ANSWER ? parley_message_payload(m)
                                                                                       : parley_code_name(parley_message_code(m)));
  };
  const std::string numbers = R"({"numbers":[1]})";
  EXPECT_EQ(parley_client_start_call(me.get(), "Talk.Add", numbers.data(), numbers.size(), "add_result", 0, handler, &told, &why),
            PARLEY_OK);
  EXPECT_EQ(told.next(), R"({"value":1})");
  EXPECT_EQ(parley_client_start_call(me.get(), "Talk.Nowhere", nullptr, 0, nullptr, 0, handler, &told, &why), PARLEY_OK);
  EXPECT_EQ(told.next(), "unimplemented");
  EXPECT_EQ(parley_client_start_call(me.get(), "Talk.Add", "{", 1, nullptr, 0, handler, &told, &why), PARLEY_OK);
  EXPECT_EQ(told.next(), "invalid");
}

TEST_P(CClient, Open_calls_end_when_the_client_is_freed) {
  auto me = connected(w, options_for(GetParam()));
  events<int> told;
  const auto handler = [](void* to, const parley_message* m) { static_cast<events<int>*>(to)->put(parley_message_code(m)); };
  EXPECT_EQ(parley_client_start_call(me.get(), "Talk.Later", nullptr, 0, nullptr, -1, handler, &told, nullptr), PARLEY_OK);
  const auto held = w.host->waiting.next();  // a call that is dropped without an answer counts as failed
  me.reset();
  EXPECT_EQ(told.next(), PARLEY_CANCELLED);
}

TEST_P(CClient, What_the_server_refuses_comes_as_a_message) {
  const auto me = connected(w, options_for(GetParam()));
  EXPECT_EQ(send(me, "Talk.Report", R"({"text":5})"), PARLEY_OK);
  const auto got = next(me);
  ASSERT_TRUE(got);
  EXPECT_EQ(parley_message_kind(got.get()), PARLEY_REFUSAL);
  EXPECT_EQ(parley_message_code(got.get()), PARLEY_BAD_PAYLOAD);
  EXPECT_TRUE(parley_message_text(got.get()));
  EXPECT_EQ(parley_message_from_peer(got.get()), 1);
  EXPECT_EQ(parley_message_close_code(got.get()), 0);
}

TEST_P(CClient, The_end_of_the_server_is_a_message_and_connecting_again_a_new_start) {
  const auto options = options_for(GetParam());
  ASSERT_EQ(parley_options_set_reconnect_attempts(options.get(), 0), PARLEY_OK);
  const auto me = connected(w, options);
  w.server->stop();
  w.server->join();
  const auto got = next(me);
  ASSERT_TRUE(got);
  EXPECT_EQ(parley_message_kind(got.get()), PARLEY_LOST);
  EXPECT_EQ(parley_message_code(got.get()), PARLEY_DISCONNECTED);
  EXPECT_EQ(parley_message_close_code(got.get()), 1001);
  EXPECT_EQ(parley_message_from_peer(got.get()), 1);
  EXPECT_EQ(parley_client_connected(me.get()), 0);
  EXPECT_EQ(send(me, "Talk.Say", "{}"), PARLEY_DISCONNECTED);
  parley_error why;
  EXPECT_EQ(parley_client_connect(me.get(), &why), PARLEY_DISCONNECTED);
  EXPECT_EQ(why.code, PARLEY_DISCONNECTED);
  EXPECT_EQ(why.close_code, 0) << "nothing was open";
}

struct statuses {
  static void put(void* to, const parley_status* now) { static_cast<statuses*>(to)->all.put(*now); }
  parley_status next(parley_state state) {
    for (;;)
      if (const parley_status one = all.next(); one.state == state) return one;
  }
  events<parley_status> all;
};

TEST_P(CClient, Connects_again_by_itself_and_tells_how_it_stands) {
  statuses told;  // outlives the client
  const auto options = options_for(GetParam());
  ASSERT_EQ(parley_options_set_reconnect_pauses(options.get(), 1, 5, 1000), PARLEY_OK);
  ASSERT_EQ(parley_options_add_url(options.get(), w.url().c_str()), PARLEY_OK);
  parley::testing::relay between{w.server->port()};
  const client_ptr me(parley_client_new(("ws://127.0.0.1:" + std::to_string(between.port()) + "/ws").c_str(), options.get(), nullptr));
  ASSERT_TRUE(me);
  parley_status now;
  EXPECT_EQ(parley_client_status(me.get(), &now), PARLEY_OK);
  EXPECT_EQ(now.state, PARLEY_IDLE);
  EXPECT_EQ(parley_client_on_status(me.get(), &statuses::put, &told), PARLEY_OK);
  EXPECT_EQ(parley_client_on_status(me.get(), &statuses::put, &told), PARLEY_INVALID) << "once";
  w.host->on_touch = [&](parley::call&) -> parley::reply<> {
    between.reset_all();
    return parley::errc::failed;  // which nobody receives
  };
  EXPECT_EQ(parley_client_connect(me.get(), nullptr), PARLEY_OK);
  EXPECT_EQ(told.next(PARLEY_OPEN).fresh, 0);
  message_ptr none;
  EXPECT_EQ(call(me, "Talk.Touch", "{}", nullptr, none), PARLEY_DISCONNECTED);
  const parley_status waiting = told.next(PARLEY_WAITING);
  EXPECT_EQ(waiting.attempt, 1u);
  EXPECT_LE(waiting.next_try, 5);
  EXPECT_EQ(waiting.why.code, PARLEY_DISCONNECTED);
  EXPECT_EQ(waiting.why.close_code, 1006);
  const parley_status again = told.next(PARLEY_OPEN);
  EXPECT_EQ(again.fresh, 1);
  EXPECT_EQ(again.calls_lost, 1u);
  EXPECT_EQ(again.why.code, PARLEY_OK);
  EXPECT_EQ(parley_client_reconnect_now(me.get()), PARLEY_OK);
  EXPECT_EQ(call(me, "Talk.Add", R"({"numbers":[1,2]})", "add_result", none), PARLEY_OK);
  parley_client_close(me.get());
  while (now.state != PARLEY_CLOSED) EXPECT_EQ(parley_client_status(me.get(), &now), PARLEY_OK);
  EXPECT_EQ(now.why.code, PARLEY_CANCELLED);
}

TEST(CClient, Shows_a_token) {
  parley::server_options options;
  options.auth.check = [](const parley::showing& shown) -> parley::reply<parley::principal> {
    if (shown.credential.secret() != "open-sesame") return parley::errc::unauthenticated;
    return parley::principal{.name = "ada"};
  };
  world w({carrier::websocket, parley::encoding::json}, std::move(options));
  w.start();
  const options_ptr chosen = options_for(PARLEY_JSON);
  EXPECT_EQ(parley_options_set_token(chosen.get(), ""), PARLEY_INVALID);
  EXPECT_EQ(parley_options_set_token(chosen.get(), nullptr), PARLEY_INVALID);
  ASSERT_EQ(parley_options_set_token(chosen.get(), "open-sesame"), PARLEY_OK);
  connected(w, chosen);
  ASSERT_EQ(parley_options_set_token(chosen.get(), "close-sesame"), PARLEY_OK);
  const auto refused = make(w, chosen);
  parley_error why;
  EXPECT_EQ(parley_client_connect(refused.get(), &why), PARLEY_UNAUTHENTICATED) << why.text;
  // Not in plain text to another machine, unless the program says so.
  EXPECT_EQ(parley_client_new("ws://example.org/ws", chosen.get(), &why), nullptr);
  EXPECT_EQ(why.code, PARLEY_INVALID);
  ASSERT_EQ(parley_options_set_token_on_plain_text(chosen.get(), 1), PARLEY_OK);
  EXPECT_TRUE(client_ptr(parley_client_new("ws://example.org/ws", chosen.get(), &why)));
}

TEST(COptions, Of_reconnecting_are_checked) {
  const options_ptr options(parley_options_new());
  EXPECT_EQ(parley_options_set_reconnect_attempts(options.get(), -1), PARLEY_OK);
  EXPECT_EQ(parley_options_set_reconnect_attempts(options.get(), INT64_MAX), PARLEY_OK);
  EXPECT_EQ(parley_options_set_reconnect_first_too(options.get(), 1), PARLEY_OK);
  EXPECT_EQ(parley_options_set_reconnect_pauses(options.get(), INT64_MAX, INT64_MAX, INT64_MAX), PARLEY_OK);
  EXPECT_EQ(parley_options_set_reconnect_pauses(options.get(), -1, 0, 0), PARLEY_INVALID);
  EXPECT_EQ(parley_options_set_reconnect_attempts(nullptr, 1), PARLEY_INVALID);
  EXPECT_EQ(parley_options_set_reconnect_first_too(nullptr, 1), PARLEY_INVALID);
  EXPECT_EQ(parley_options_set_reconnect_pauses(nullptr, 1, 1, 1), PARLEY_INVALID);
  EXPECT_EQ(parley_options_add_url(options.get(), nullptr), PARLEY_INVALID);
  EXPECT_EQ(parley_options_add_url(options.get(), "nonsense"), PARLEY_OK) << "checked with the client";
  parley_error why;
  EXPECT_EQ(parley_client_new("ws://127.0.0.1:1/ws", options.get(), &why), nullptr);
  EXPECT_EQ(why.code, PARLEY_INVALID);
  EXPECT_EQ(parley_client_status(nullptr, nullptr), PARLEY_INVALID);
  EXPECT_EQ(parley_client_on_status(nullptr, &statuses::put, nullptr), PARLEY_INVALID);
  EXPECT_EQ(parley_client_reconnect_now(nullptr), PARLEY_INVALID);
}

TEST_P(CClient, The_close_code_says_which_end_has_closed_and_why) {
  const auto options = options_for(GetParam());
  ASSERT_EQ(parley_options_set_max_message(options.get(), 1000), PARLEY_OK);
  const auto me = connected(w, options);
  std::string large = '"' + std::string(50'000, 'x') + '"';
  parley_error why;
  message_ptr none;
  EXPECT_EQ(call(me, "Talk.Echo", large, nullptr, none, &why), PARLEY_DISCONNECTED);
  EXPECT_EQ(why.close_code, 1009);
  EXPECT_EQ(why.from_peer, 0);
  EXPECT_EQ(why.maybe_done, 1);
  const auto lost = next(me);
  ASSERT_TRUE(lost);
  EXPECT_EQ(parley_message_kind(lost.get()), PARLEY_LOST);
  EXPECT_EQ(parley_message_close_code(lost.get()), 1009);
  EXPECT_EQ(parley_message_from_peer(lost.get()), 0);
}

TEST_P(CClient, A_call_without_an_answer_says_whether_it_may_have_run) {
  const auto options = options_for(GetParam());
  ASSERT_EQ(parley_options_set_reconnect_attempts(options.get(), 0), PARLEY_OK);
  const auto me = connected(w, options);
  parley_error why;
  parley_message* answer = nullptr;
  EXPECT_EQ(parley_client_call(me.get(), "Talk.Later", "{}", 2, nullptr, 20, &answer, &why), PARLEY_DEADLINE_EXCEEDED);
  EXPECT_EQ(why.maybe_done, 1);
  w.server->stop();
  while (parley_client_connected(me.get())) {
    parley_message* lost = nullptr;
    ASSERT_EQ(parley_client_poll(me.get(), 20'000, &lost), PARLEY_OK);
    parley_message_free(lost);
  }
  EXPECT_EQ(parley_client_call(me.get(), "Talk.Later", "{}", 2, nullptr, 20'000, &answer, &why), PARLEY_DISCONNECTED);
  EXPECT_EQ(why.maybe_done, 0);
}

TEST_P(CClient, Ids_are_copied_into_what_room_there_is) {
  const auto me = connected(w, options_for(GetParam()));
  const std::string id = w.host->arrivals.next();
  if (GetParam() == PARLEY_PLAIN) {
    EXPECT_EQ(parley_client_id(me.get(), nullptr, 0), 0u);
    parley_error why;
    EXPECT_EQ(parley_client_learn_id(me.get(), 20'000, &why), PARLEY_OK) << why.text;
  }
  std::array<char, 64> room{};
  EXPECT_EQ(parley_client_id(me.get(), room.data(), room.size()), id.size());
  EXPECT_EQ(room.data(), id);
  EXPECT_EQ(parley_client_id(me.get(), room.data(), 5), id.size());
  EXPECT_EQ(room.data(), id.substr(0, 4));
}

struct CHandler : CClient {};
INSTANTIATE_TEST_SUITE_P(In, CHandler, testing::Values(PARLEY_JSON), [](const auto&) { return "json"; });

TEST_P(CHandler, Takes_everything_instead_of_poll) {
  guest other(w);
  struct seen {
    events<std::string> names;
    parley_client* client = nullptr;
    parley_code waited = PARLEY_OK, called = PARLEY_OK;
  } all;
  auto me = make(w);
  all.client = me.get();
  const auto handler = [](void* to, const parley_message* m) {
    auto& s = *static_cast<seen*>(to);
    parley_message* answer = nullptr;
    s.waited = parley_client_connect(s.client, nullptr);
    s.called = parley_client_call(s.client, "Talk.Touch", nullptr, 0, nullptr, 0, &answer, nullptr);
    parley_client_send(s.client, "Talk.Say", R"({"text":"echo"})", 15, "others", nullptr, nullptr);
    s.names.put(parley_message_name(m));
  };
  EXPECT_EQ(parley_client_on_message(me.get(), handler, &all), PARLEY_OK);
  EXPECT_EQ(parley_client_on_message(me.get(), handler, &all), PARLEY_INVALID) << "only one";
  EXPECT_EQ(parley_client_connect(me.get(), nullptr), PARLEY_OK);
  w.host->arrivals.next();
  other.talk.say({.text = "hello"});
  EXPECT_EQ(all.names.next(), "Talk.Say");
  EXPECT_EQ(other.heard.next().line.text, "echo");
  EXPECT_EQ(all.waited, PARLEY_WOULD_DEADLOCK);
  EXPECT_EQ(all.called, PARLEY_WOULD_DEADLOCK);
  parley_message* none = nullptr;
  EXPECT_EQ(parley_client_poll(me.get(), 0, &none), PARLEY_INVALID);
}

std::ptrdiff_t threads() { return std::distance(std::filesystem::directory_iterator("/proc/self/task"), {}); }

TEST_P(CHandler, May_free_its_client) {
  guest other(w);
  const std::ptrdiff_t before = threads();
  struct seen {
    events<int> done;
    parley_client* client = nullptr;
  } all;
  all.client = make(w).release();
  parley_client_on_message(
      all.client,
      [](void* to, const parley_message*) {
        auto& s = *static_cast<seen*>(to);
        parley_client_free(s.client);
        s.done.put(1);
      },
      &all);
  EXPECT_EQ(parley_client_connect(all.client, nullptr), PARLEY_OK);
  w.host->arrivals.next();
  other.talk.say({.text = "go"});
  all.done.next();
  w.host->departures.next();
  // A client was freed on its own thread. Wait until that thread has ended, so that it does not run
  // while the process exits.
  while (threads() > before) std::this_thread::yield();
}

TEST_P(CHandler, Comes_too_late_once_connected) {
  const auto me = connected(w);
  EXPECT_EQ(parley_client_on_message(
                me.get(), [](void*, const parley_message*) {}, nullptr),
            PARLEY_INVALID);
}

TEST_P(CHandler, What_nobody_polls_ends_the_client_and_loses_nothing_before) {
  guest other(w);
  options_ptr options(parley_options_new());
  ASSERT_EQ(parley_options_set_max_unread(options.get(), 20'000), PARLEY_OK);
  const auto me = connected(w, options);
  w.host->arrivals.next();
  const std::string text(4'000, 'x');
  for (int i = 0; i < 20; ++i) other.talk.say({.text = text, .number = static_cast<std::uint64_t>(i + 1)});
  w.host->departures.next();
  int before = 0;
  for (;;) {
    const auto got = next(me);
    ASSERT_TRUE(got);
    if (parley_message_kind(got.get()) == PARLEY_LOST) {
      EXPECT_EQ(parley_message_code(got.get()), PARLEY_OVERLOADED);
      break;
    }
    EXPECT_THAT(parley_message_payload(got.get()), testing::HasSubstr("\"number\":\"" + std::to_string(++before) + "\""));
  }
  EXPECT_EQ(before, 4);
  parley_message* none = nullptr;
  EXPECT_EQ(parley_client_poll(me.get(), -1, &none), PARLEY_CANCELLED);
}

TEST_P(CHandler, Closing_wakes_who_waits) {
  const auto me = connected(w);
  std::thread closing([&] { parley_client_close(me.get()); });
  parley_message* none = nullptr;
  EXPECT_EQ(parley_client_poll(me.get(), -1, &none), PARLEY_CANCELLED);
  closing.join();
  EXPECT_EQ(send(me, "Talk.Say", "{}"), PARLEY_DISCONNECTED);
  message_ptr answer;
  EXPECT_EQ(call(me, "Talk.Touch", "{}", nullptr, answer), PARLEY_CANCELLED);
}

TEST_P(CHandler, Many_threads_send_and_call) {
  guest other(w);
  const auto me = connected(w);
  constexpr int each = 50;
  std::vector<std::thread> all;
  for (int t = 0; t < 4; ++t)
    all.emplace_back([&] {
      for (int i = 0; i < each; ++i) {
        EXPECT_EQ(send(me, "Talk.Say", R"({"text":"x"})"), PARLEY_OK);
        message_ptr answer;
        EXPECT_EQ(call(me, "Talk.Touch", "{}", nullptr, answer), PARLEY_OK);
      }
    });
  for (auto& t : all) t.join();
  for (int i = 0; i < 4 * each; ++i) other.heard.next();
}

TEST(CVersion, Of_the_library_is_that_of_its_header) { EXPECT_STREQ(parley_version(), PARLEY_VERSION); }

TEST(CArguments, That_cannot_be_are_refused) {
  parley_error why;
  EXPECT_EQ(parley_client_new(nullptr, nullptr, &why), nullptr);
  EXPECT_EQ(why.code, PARLEY_INVALID);
  EXPECT_EQ(parley_client_new("http://x", nullptr, &why), nullptr);
  EXPECT_EQ(why.code, PARLEY_INVALID);
  EXPECT_STRNE(why.text, "");
  EXPECT_EQ(parley_client_new("ws://x y/", nullptr, nullptr), nullptr);
  const client_ptr c(parley_client_new("ws://127.0.0.1:1/", nullptr, nullptr));
  parley_message* none = nullptr;
  EXPECT_EQ(parley_client_send(nullptr, "n", nullptr, 0, nullptr, nullptr, &why), PARLEY_INVALID);
  EXPECT_EQ(send(c, nullptr, "{}"), PARLEY_INVALID);
  EXPECT_EQ(send(c, "", "{}"), PARLEY_INVALID);
  EXPECT_EQ(send(c, "n", "{"), PARLEY_INVALID);
  EXPECT_EQ(send(c, "n", "{}", ""), PARLEY_UNKNOWN_TARGET);
  EXPECT_EQ(parley_client_poll(nullptr, 0, &none), PARLEY_INVALID);
  EXPECT_EQ(parley_client_poll(c.get(), 0, nullptr), PARLEY_INVALID);
  EXPECT_EQ(parley_client_call(c.get(), "n", nullptr, 0, nullptr, 0, nullptr, nullptr), PARLEY_INVALID);
  EXPECT_EQ(parley_client_start_call(c.get(), "n", nullptr, 0, nullptr, 0, nullptr, nullptr, nullptr), PARLEY_INVALID);
  EXPECT_EQ(parley_client_on_message(c.get(), nullptr, nullptr), PARLEY_INVALID);
  EXPECT_EQ(parley_message_close_code(nullptr), 0);
  EXPECT_EQ(parley_message_from_peer(nullptr), 0);
  EXPECT_EQ(parley_client_connected(nullptr), 0);
  EXPECT_EQ(parley_client_id(nullptr, nullptr, 0), 0u);
  parley_client_close(nullptr);
  parley_client_free(nullptr);
  parley_message_free(nullptr);
  parley_options_free(nullptr);

  const options_ptr o(parley_options_new());
  EXPECT_EQ(parley_options_set_encoding(o.get(), static_cast<parley_encoding>(0)), PARLEY_INVALID);
  EXPECT_EQ(parley_options_set_encoding(nullptr, PARLEY_JSON), PARLEY_INVALID);
  EXPECT_EQ(parley_options_set_deadline(o.get(), 0), PARLEY_INVALID);
  EXPECT_EQ(parley_options_set_connect_timeout(o.get(), -1), PARLEY_INVALID);
  EXPECT_EQ(parley_options_set_connect_timeout(o.get(), INT64_MAX), PARLEY_OK);
  for (const auto set : {parley_options_set_heartbeat, parley_options_set_max_silence}) {
    EXPECT_EQ(set(o.get(), 0), PARLEY_INVALID);
    EXPECT_EQ(set(nullptr, 1), PARLEY_INVALID);
    EXPECT_EQ(set(o.get(), INT64_MAX), PARLEY_OK);
  }
  EXPECT_EQ(parley_options_set_max_message(o.get(), 0), PARLEY_INVALID);
  EXPECT_EQ(parley_options_set_peer_max_message(o.get(), 0), PARLEY_INVALID);
  EXPECT_EQ(parley_options_set_peer_max_message(o.get(), 1'000'000), PARLEY_OK);
  EXPECT_EQ(parley_options_set_agent(o.get(), std::string(65, 'a').c_str()), PARLEY_INVALID);
  EXPECT_EQ(parley_options_add_header(o.get(), nullptr, ""), PARLEY_INVALID);
}

TEST(CArguments, Nobody_there_is_told_by_connect) {
  const held_port nobody;
  const client_ptr c(parley_client_new(("ws://" + nobody.address()).c_str(), nullptr, nullptr));
  parley_error why;
  EXPECT_EQ(parley_client_connect(c.get(), &why), PARLEY_DISCONNECTED);
  EXPECT_EQ(why.from_peer, 0);
  EXPECT_STRNE(why.text, "");
}

TEST(CCodes, Have_names) {
  EXPECT_STREQ(parley_code_name(PARLEY_OK), "ok");
  EXPECT_STREQ(parley_code_name(PARLEY_DEADLINE_EXCEEDED), "deadline_exceeded");
  EXPECT_STREQ(parley_code_name(PARLEY_WOULD_DEADLOCK), "would_deadlock");
  for (int code = PARLEY_OK; code <= PARLEY_INVALID; ++code) EXPECT_STRNE(parley_code_name(code), "unknown");
  EXPECT_STREQ(parley_code_name(-1), "unknown");
  EXPECT_STREQ(parley_code_name(99), "unknown");
}

#ifdef PARLEY_TESTS_HAVE_TLS
struct c_client_tls : testing::Test {
  world w{{carrier::tls, parley::encoding::json}};
  const std::string authority = w.client_tls->ca_pem;
  options_ptr options = options_for(PARLEY_JSON);

  c_client_tls() { w.start(); }
  // Connects, and returns the code and the text.
  std::pair<parley_code, std::string> outcome() {
    parley_error why;
    const client_ptr client(parley_client_new(w.url().c_str(), options.get(), &why));
    if (client) parley_client_connect(client.get(), &why);
    return {static_cast<parley_code>(why.code), std::string(why.text)};
  }
};

TEST_F(c_client_tls, Calls_are_answered) {
  ASSERT_EQ(parley_options_set_tls_ca_pem(options.get(), authority.c_str()), PARLEY_OK);
  const auto client = connected(w, options);
  message_ptr answer;
  EXPECT_EQ(call(client, "Talk.Add", R"({"numbers":[391,29]})", nullptr, answer), PARLEY_OK);
}

TEST_F(c_client_tls, A_server_that_nobody_trusts_is_refused) {
  EXPECT_EQ(outcome().first, PARLEY_DENIED);
  EXPECT_THAT(outcome().second, testing::HasSubstr("not trusted here"));
  ASSERT_EQ(parley_options_set_tls_ca_pem(options.get(), authority.c_str()), PARLEY_OK);
  ASSERT_EQ(parley_options_set_tls_host_name(options.get(), "lobby.local"), PARLEY_OK);
  EXPECT_THAT(outcome().second, testing::HasSubstr("is not for \"lobby.local\""));
  ASSERT_EQ(parley_options_set_tls_insecure_accept_any_certificate(options.get(), 1), PARLEY_OK);
  EXPECT_EQ(outcome().first, PARLEY_OK);
}

TEST_F(c_client_tls, Options_that_cannot_be_used_are_invalid) {
  ASSERT_EQ(parley_options_set_tls_ca_file(options.get(), "/nowhere/ca.pem"), PARLEY_OK);
  EXPECT_EQ(outcome().first, PARLEY_INVALID);
  EXPECT_THAT(outcome().second, testing::HasSubstr("/nowhere/ca.pem"));
  ASSERT_EQ(parley_options_set_tls_ca_file(options.get(), ""), PARLEY_OK);
  ASSERT_EQ(parley_options_set_tls_certificate_files(options.get(), "/nowhere/own.pem", "/nowhere/key.pem"), PARLEY_OK);
  EXPECT_THAT(outcome().second, testing::HasSubstr("/nowhere/own.pem"));
  EXPECT_EQ(parley_options_set_tls_minimum(options.get(), static_cast<parley_tls_version>(11)), PARLEY_INVALID);
  EXPECT_EQ(parley_options_set_tls_ca_file(options.get(), nullptr), PARLEY_INVALID);
  EXPECT_EQ(parley_options_set_tls_certificate_pem(options.get(), "x", nullptr), PARLEY_INVALID);
  EXPECT_EQ(parley_options_set_tls_system_ca_too(nullptr, 1), PARLEY_INVALID);
}

TEST_F(c_client_tls, A_certificate_may_be_shown) {
  const parley::testing::issuer issuer;
  const auto own = issuer.issue({.name = "device-7", .alternative = "", .client = true});
  ASSERT_EQ(parley_options_set_tls_ca_pem(options.get(), authority.c_str()), PARLEY_OK);
  ASSERT_EQ(parley_options_set_tls_minimum(options.get(), PARLEY_TLS_1_3), PARLEY_OK);
  ASSERT_EQ(parley_options_set_tls_certificate_pem(options.get(), own.pem.c_str(), own.key_pem.c_str()), PARLEY_OK);
  EXPECT_EQ(outcome().first, PARLEY_OK);
}
#endif

}  // namespace
