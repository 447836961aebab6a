// A foreign dialect in addition to Parley's encodings. One server with one handler has clients of
// both, which receive each other's events. Each option of a dialect is tested. In memory the test
// advances the time.
#include "system/lines_dialect.hpp"
#include "system/world.hpp"
#include "websocket/transport_support.hpp"

#include <parley/by_name.hpp>

#include <gmock/gmock.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace talk::v1 {
namespace {

using parley::errc;
using parley::transport::testing::recorder;
using parley::transport::testing::run_until;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

const lines_dialect lines;

// Everything on one loop: the server with a second port, clients that write lines by hand, and a
// client of Parley.
struct Dialect : testing::Test {
  void open(parley::dialect how) {
    if (!how.format) how.format = &lines;
    server.listen({.path = "/lines", .dialect = std::move(how)});
    server.add(host);
    server.start();
    settle();
  }
  ~Dialect() override {
    if (guest) guest->close();
    server.stop();
    // There is no thread, so remaining work is run here.
    for (int turns = 0; turns < 100; ++turns) settle();
  }

  void settle() {
    io.restart();
    io.poll();
  }
  void pass(std::chrono::milliseconds time) {
    clock->advance(time, [this] { settle(); });
  }
  std::shared_ptr<recorder> stranger(std::vector<std::string> subprotocols = {}) {
    auto one = std::make_shared<recorder>();
    parley::transport::connect_options options;
    options.url = "mem://talk/lines";
    options.subprotocols = std::move(subprotocols);
    network.connect(io.get_executor(), std::move(options), one);
    settle();
    return one;
  }
  void say(const std::shared_ptr<recorder>& who, const std::string& frame) {
    who->send(frame);
    settle();
  }
  std::vector<std::string> heard(const std::shared_ptr<recorder>& who) {
    settle();
    std::vector<std::string> all;
    for (const auto& one : who->messages) all.push_back(one.content);
    who->messages.clear();
    return all;
  }
  TalkClient joined() {
    guest = std::make_unique<parley::client>(
        io.get_executor(), "mem://talk",
        parley::client_options{.encoding = parley::encoding::binary, .loopback = &network, .clock = clock});
    TalkClient talk(*guest);
    talk.on_say([this](const Line& line) { guest_heard.push_back(line.text); });
    talk.on_arrived([this](const Line& line) { guest_heard.push_back("arrived " + line.text); });
    guest->async_connect([](const parley::result<>& r) { EXPECT_TRUE(r); });
    settle();
    return talk;
  }

  asio::io_context io;
  parley::loopback network;
  std::shared_ptr<parley::manual_clock> clock = std::make_shared<parley::manual_clock>();
  parley::server server{io.get_executor(), {.loopback = &network, .clock = clock}};
  Host host{server};
  std::unique_ptr<parley::client> guest;
  std::vector<std::string> guest_heard;
};

TEST_F(Dialect, Clients_of_two_languages_hear_each_other) {
  open({});
  const TalkClient talk = joined();
  const auto bob = stranger();
  const auto eve = stranger();
  say(bob, "say hello from afar");
  EXPECT_THAT(guest_heard, ElementsAre("hello from afar"));
  EXPECT_THAT(heard(bob), IsEmpty());
  EXPECT_THAT(heard(eve), ElementsAre(AllOf(StartsWith("said "), HasSubstr(" hello from afar"))));
  talk.say({.text = "hello back"}, parley::to::all);
  EXPECT_THAT(heard(bob), ElementsAre("said " + guest->id() + " hello back"));
  EXPECT_THAT(heard(eve), ElementsAre("said " + guest->id() + " hello back"));
  EXPECT_EQ(server.counters().clients, 3u);
}

TEST_F(Dialect, Its_calls_are_answered) {
  open({});
  const auto bob = stranger();
  say(bob, "add 391 29");
  EXPECT_THAT(heard(bob), ElementsAre("add_result 420"));
}

TEST_F(Dialect, What_it_has_no_words_for_is_left_out_for_its_peers_alone) {
  open({});
  joined();
  const auto bob = stranger();
  host.peers.arrived({.text = "somebody"}, parley::to::all);
  EXPECT_THAT(heard(bob), IsEmpty());
  EXPECT_THAT(guest_heard, ElementsAre("arrived somebody"));
  say(bob, "add 1 2 3 4");  // refused, but the dialect has no errors
  say(bob, "add 1 2");
  EXPECT_THAT(heard(bob), ElementsAre("add_result 3"));
}

// A dialect of lines that counts its write() calls, and reports only after writing that it cannot
// express something.
struct hesitant final : parley::wire::envelope_format {
  bool binary() const override { return lines.binary(); }
  parley::format payload_format() const override { return lines.payload_format(); }
  bool has_session() const override { return lines.has_session(); }
  std::optional<parley::wire::fault> read(parley::bytes_view frame, parley::side reader, const parley::wire::read_limits& limits,
                                          parley::wire::envelope& out) const override {
    return lines.read(frame, reader, limits, out);
  }
  bool write(const parley::wire::envelope& e, parley::side writer, parley::bytes_view payload, std::string& out) const override {
    ++writes;
    if (e.kind == parley::wire::kind::error && !error_word.empty()) {
      out += error_word;
      return true;
    }
    const bool sayable = e.name != "add_result" && lines.write(e, writer, payload, out);
    if (!sayable) out += "half a frame ";
    return sayable;
  }

  mutable int writes = 0;
  std::string error_word;
};

TEST_F(Dialect, What_it_cannot_say_is_tried_once_for_all_its_peers) {
  hesitant format;
  open({.format = &format, .max_frame = 50});
  const TalkClient talk = joined();
  const std::vector<std::shared_ptr<recorder>> strangers{stranger(), stranger(), stranger()};
  host.peers.arrived({.text = "somebody"}, parley::to::all);
  settle();
  EXPECT_EQ(format.writes, 1);
  talk.say({.text = std::string(100, 'x')}, parley::to::others);
  settle();
  EXPECT_EQ(format.writes, 2);
  for (const auto& one : strangers) EXPECT_THAT(heard(one), IsEmpty());
}

TEST_F(Dialect, Nothing_is_sent_of_an_answer_that_it_cannot_say) {
  hesitant format;
  open({.format = &format});
  const auto bob = stranger();
  say(bob, "add 1 2");        // the dialect cannot express the answer
  say(bob, "add 1 2 3 4");    // the dialect cannot express the error
  say(bob, "say I am here");  // other clients receive it
  EXPECT_THAT(heard(bob), IsEmpty());
  EXPECT_EQ(format.writes, 2 + 2);
}

TEST_F(Dialect, What_replaces_an_answer_over_the_bound_is_held_against_it_too) {
  hesitant format;
  open({.format = &format, .max_frame = 20});
  const auto bob = stranger();
  say(bob, "later 1");
  say(bob, "later 2");
  format.error_word = "sorry";
  host.waiting.next().answer->answer(Sum{.value = 1.2345678901234e-300});
  EXPECT_THAT(heard(bob), ElementsAre("sorry"));
  format.error_word = "a sorry over the bound";
  host.waiting.next().answer->answer(Sum{.value = 1.2345678901234e-300});
  EXPECT_THAT(heard(bob), IsEmpty());
}

TEST_F(Dialect, Answers_leave_in_the_order_of_the_calls) {
  open({});
  const auto bob = stranger();
  say(bob, "later");
  say(bob, "add 1 2");
  EXPECT_THAT(heard(bob), IsEmpty());
  host.waiting.next().answer->answer(Sum{.value = 7});
  EXPECT_THAT(heard(bob), ElementsAre("Talk.Later 7", "add_result 3"));
}

TEST_F(Dialect, Or_when_they_are_ready) {
  open({.answers_in_order = false});
  const auto bob = stranger();
  say(bob, "later");
  say(bob, "add 1 2");
  EXPECT_THAT(heard(bob), ElementsAre("add_result 3"));
  host.waiting.next().answer->answer(Sum{.value = 7});
  EXPECT_THAT(heard(bob), ElementsAre("Talk.Later 7"));
}

TEST_F(Dialect, Nothing_is_said_before_the_peers_first_word) {
  open({.quiet_start = 1s});
  const auto bob = stranger();
  const auto eve = stranger();
  say(bob, "say one");
  say(bob, "say two");
  EXPECT_THAT(heard(eve), IsEmpty());
  say(eve, "say three");
  EXPECT_THAT(heard(eve), ElementsAre(HasSubstr("one"), HasSubstr("two")));
  EXPECT_THAT(heard(bob), ElementsAre(HasSubstr("three")));
}

TEST_F(Dialect, Or_before_so_long_after_it_came) {
  open({.quiet_start = 1s});
  const auto bob = stranger();
  const auto eve = stranger();
  say(bob, "say one");
  pass(999ms);
  EXPECT_THAT(heard(eve), IsEmpty());
  pass(1ms);
  EXPECT_THAT(heard(eve), ElementsAre(HasSubstr("one")));
}

TEST_F(Dialect, Between_two_frames_for_one_peer_there_is_a_gap) {
  open({.gap = 10ms});
  const TalkClient talk = joined();
  const auto bob = stranger();
  const auto eve = stranger();
  for (const char* text : {"one", "two", "three"}) talk.say({.text = text}, parley::to::all);
  settle();
  EXPECT_THAT(heard(bob), ElementsAre(HasSubstr("one")));
  EXPECT_THAT(heard(eve), ElementsAre(HasSubstr("one")));
  pass(9ms);
  EXPECT_THAT(heard(bob), IsEmpty());
  pass(1ms);
  EXPECT_THAT(heard(bob), ElementsAre(HasSubstr("two")));
  pass(10ms);
  EXPECT_THAT(heard(bob), ElementsAre(HasSubstr("three")));
  pass(10ms);
  talk.say({.text = "at once"}, parley::to::all);
  EXPECT_THAT(heard(bob), ElementsAre(HasSubstr("at once")));
}

TEST_F(Dialect, A_close_waits_for_what_has_to_leave_frame_by_frame) {
  open({.gap = 10ms});
  const auto bob = stranger();
  const auto eve = stranger();
  for (const char* text : {"say one", "say two", "say three"}) say(eve, text);
  host.on_say = [&](const Line&, parley::event& event) {
    event.peer().close("enough");
    return parley::relay::drop;
  };
  say(bob, "say close me");
  EXPECT_THAT(heard(bob), ElementsAre(HasSubstr("one")));
  EXPECT_EQ(bob->closed, 0);
  pass(10ms);
  EXPECT_THAT(heard(bob), ElementsAre(HasSubstr("two")));
  EXPECT_EQ(bob->closed, 0);
  pass(10ms);
  EXPECT_THAT(heard(bob), ElementsAre(HasSubstr("three")));
  EXPECT_EQ(bob->closed, 1);
  EXPECT_EQ(bob->why.code, 4012);
}

TEST_F(Dialect, What_is_bad_is_passed_over_in_silence) {
  open({.error_answers = false});
  const auto bob = stranger();
  const auto eve = stranger();
  say(bob, "shout");
  bob->send("say in the wrong kind of frame", parley::transport::opcode::binary);
  say(bob, "add not numbers");
  EXPECT_THAT(heard(bob), IsEmpty());
  say(bob, "say still here");
  EXPECT_THAT(heard(eve), ElementsAre(HasSubstr("still here")));
}

TEST_F(Dialect, Silence_ends_no_connection_where_there_are_no_pings) {
  open({.pings = false});
  const auto bob = stranger();
  pass(1h);
  EXPECT_EQ(bob->closed, 0);
  say(bob, "add 1 1");
  EXPECT_THAT(heard(bob), ElementsAre("add_result 2"));
}

TEST_F(Dialect, A_frame_over_the_bound_is_left_out_for_its_peers_alone) {
  open({.max_frame = 100});
  const TalkClient talk = joined();
  const auto bob = stranger();
  const auto eve = stranger();
  const std::string head = "said " + guest->id() + ' ';
  const std::string fits(96 - head.size(), 'x');  // the head of a server's frame has 4 bytes
  talk.say({.text = fits + 'x'}, parley::to::others);
  EXPECT_THAT(heard(bob), IsEmpty());
  talk.say({.text = fits}, parley::to::others);
  EXPECT_THAT(heard(bob), ElementsAre(head + fits));
  say(bob, "say " + std::string(200, 'y'));
  EXPECT_THAT(guest_heard, ElementsAre(std::string(200, 'y')));
}

TEST_F(Dialect, Its_subprotocol_is_agreed_with_who_offers_it) {
  open({.subprotocol = "lines"});
  EXPECT_EQ(stranger({"others", "lines"})->subprotocol, "lines");
  EXPECT_EQ(stranger({"others"})->subprotocol, "");
  EXPECT_EQ(stranger()->subprotocol, "");
}

TEST_F(Dialect, Ports_are_settled_before_the_start) {
  open({});
  EXPECT_THROW(server.listen({}), std::logic_error);
  EXPECT_THROW(static_cast<void>(server.port(2)), std::out_of_range);
}

TEST(DialectOptions, A_format_with_a_session_is_no_dialect) {
  const parley::dialect wrong{.format = &parley::wire::json_format()};
  EXPECT_THROW(parley::server{{.dialect = wrong}}, std::invalid_argument);
  EXPECT_THROW(parley::client("ws://localhost/", {.dialect = wrong}), std::invalid_argument);
  parley::server server;
  EXPECT_THROW(server.listen({.dialect = wrong}), std::invalid_argument);
  for (int i = 0; i < 5; ++i) server.listen({.dialect = {.format = &lines}});
  EXPECT_THROW(server.listen({.dialect = {.format = &lines}}), std::invalid_argument);
}

TEST(DialectOptions, A_greeting_is_refused_where_nobody_would_send_it) {
  EXPECT_THROW(parley::client("ws://localhost/", {.greeting = "hello"}), std::invalid_argument);
}

TEST(DialectOptions, Names_without_a_schema_need_json_in_the_dialect_as_elsewhere) {
  const parley::client json("ws://localhost/", {.dialect = {.format = &lines}});
  EXPECT_NO_THROW(parley::by_name{json});
}

// ---- Over sockets, with one loop and with several.

class DialectPorts : public testing::TestWithParam<std::size_t> {};
INSTANTIATE_TEST_SUITE_P(Threads, DialectPorts, testing::Values(1, 3));

TEST_P(DialectPorts, One_server_speaks_two_languages_on_two_ports) {
  const parley::dialect foreign{.format = &lines, .subprotocol = "lines", .gap = 1ms, .quiet_start = 10s};
  parley::server server{{.threads = GetParam()}};
  const std::size_t second = server.listen({.path = "/", .dialect = foreign});
  Host host{server};
  server.add(host);
  server.start();
  EXPECT_NE(server.port(), server.port(second));
  const std::string own = "ws://127.0.0.1:" + std::to_string(server.port()) + "/ws";
  const std::string strange = "ws://127.0.0.1:" + std::to_string(server.port(second)) + "/";

  parley::client lost{strange + "ws"};  // the path of the first port
  EXPECT_THROW(lost.connect(), parley::call_failed);

  struct guest {
    guest(const std::string& url, parley::client_options options) : link(url, std::move(options)), talk(link) {
      talk.on_say([this](const Line& line, const parley::origin& from) { heard.put(from.id + ": " + line.text); });
      link.connect();
    }
    events<std::string> heard;
    parley::client link;
    TalkClient talk;
  };
  std::vector<std::unique_ptr<guest>> all;
  for (int i = 0; i < 4; ++i) {
    all.push_back(std::make_unique<guest>(own, parley::client_options{}));
    host.arrivals.next();
    all.push_back(std::make_unique<guest>(strange, parley::client_options{.dialect = foreign}));
    host.arrivals.next();
    EXPECT_EQ(all.back()->talk.add({.numbers = {1, 2}}).value, 3);  // also the client's first message
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::string text = "from " + std::to_string(i);
    all[i]->talk.say({.text = text}, parley::to::others);
    for (std::size_t k = 0; k < all.size(); ++k) {
      if (k == i) continue;
      EXPECT_THAT(all[k]->heard.next(), testing::EndsWith(": " + text));
    }
  }
  all.clear();
  server.stop();
  server.join();
}

TEST(DialectClient, Its_greeting_goes_before_everything_and_all_of_it_before_the_close) {
  asio::io_context io;
  parley::transport::testing::served server(io);
  parley::client_options options{.dialect = {.format = &lines, .gap = 1ms}, .greeting = "say it is me"};
  auto link = std::make_unique<parley::client>(server.url("/"), options);
  const TalkClient talk(*link);
  for (const char* text : {"one", "two", "three"}) talk.say({.text = text}, parley::to::others);
  ASSERT_TRUE(run_until(io, [&] { return !server.ends.empty() && server.ends.front()->messages.size() >= 2; }));
  link->close();
  ASSERT_TRUE(run_until(io, [&] { return server.ends.front()->closed > 0; }));
  std::vector<std::string> said;
  for (const auto& one : server.ends.front()->messages) said.push_back(one.content);
  EXPECT_THAT(said, ElementsAre("say it is me", "say one", "say two", "say three"));
}

TEST(DialectClient, Nobody_knows_how_to_ask_for_its_id) {
  asio::io_context io;
  parley::transport::testing::served server(io);
  events<parley::result<std::string>> learned;
  parley::client link{server.url("/"), {.dialect = {.format = &lines}}};
  link.async_learn_id([&](parley::result<std::string> id) { learned.put(std::move(id)); });
  ASSERT_TRUE(run_until(io, [&] { return !learned.empty(); }));
  EXPECT_EQ(learned.next().error().code, errc::unimplemented);
}

TEST(DialectClient, Several_calls_are_in_flight_where_the_dialect_answers_in_order) {
  for (const bool in_order : {true, false}) {
    asio::io_context io;
    parley::transport::testing::served server(io);
    events<double> sums;
    parley::client link{server.url("/"), {.dialect = {.format = &lines, .answers_in_order = in_order}, .answers_in_order = !in_order}};
    const TalkClient talk(link);
    const auto take = [&](parley::result<Sum> sum) { sums.put(sum ? sum->value : 0); };
    talk.async_add({.numbers = {1, 2}}, take);
    talk.async_add({.numbers = {3, 4}}, take);
    talk.say({.text = "at once"}, parley::to::others);
    const auto said = [&] { return server.ends.empty() ? 0 : server.ends.front()->messages.size(); };
    ASSERT_TRUE(run_until(io, [&] { return said() >= 2; }));
    server.ends.front()->send("add_result 3");
    ASSERT_TRUE(run_until(io, [&] { return said() == 3; }));
    server.ends.front()->send("add_result 7");
    ASSERT_TRUE(run_until(io, [&] { return !sums.empty(); }));
    EXPECT_EQ(sums.next(), 3);
    ASSERT_TRUE(run_until(io, [&] { return !sums.empty(); }));
    EXPECT_EQ(sums.next(), 7);
    std::vector<std::string> frames;
    for (const auto& one : server.ends.front()->messages) frames.push_back(one.content);
    if (in_order) EXPECT_THAT(frames, ElementsAre("add 1 2", "add 3 4", "say at once"));
    else EXPECT_THAT(frames, ElementsAre("add 1 2", "say at once", "add 3 4"));
  }
}

TEST(DialectClient, An_event_over_the_bound_is_refused) {
  asio::io_context io;
  parley::transport::testing::served server(io);
  events<parley::error> refused;
  parley::client link{server.url("/"), {.dialect = {.format = &lines, .max_frame = 50}}};
  const TalkClient talk(link);
  link.on_error([&](const parley::error& e, std::string_view) { refused.put(e); });
  talk.say({.text = std::string(60, 'x')}, parley::to::others);
  talk.say({.text = "short"}, parley::to::others);
  ASSERT_TRUE(run_until(io, [&] { return !server.ends.empty() && !server.ends.front()->messages.empty(); }));
  EXPECT_EQ(server.ends.front()->messages.front().content, "say short");
  EXPECT_EQ(refused.next().code, errc::too_large);
}

TEST(DialectClient, Sends_what_the_server_is_said_to_accept_and_no_more) {
  asio::io_context io;
  parley::transport::testing::served server(io, {.limits = {.max_message = 200'000}});
  const std::string large(100'000, 'x');
  parley::client usual{server.url("/"), {.dialect = {.format = &lines}}};
  EXPECT_EQ(TalkClient(usual).say({.text = large}, parley::to::others), parley::sent::too_large);
  parley::client link{server.url("/"), {.dialect = {.format = &lines}, .peer_max_message = 150'000}};
  const TalkClient talk(link);
  EXPECT_EQ(talk.say({.text = large + large}, parley::to::others), parley::sent::too_large);
  EXPECT_EQ(talk.say({.text = large}, parley::to::others), parley::sent::queued);
  ASSERT_TRUE(run_until(io, [&] { return !server.ends.empty() && !server.ends.back()->messages.empty(); }));
  EXPECT_EQ(server.ends.back()->messages.front().content, "say " + large);
}

}  // namespace
}  // namespace talk::v1
