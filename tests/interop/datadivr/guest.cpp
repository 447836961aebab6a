// Parley's generated client with datadivr's own server: datadivr_guest, with the server's url in
// DATADIVR_URL and its release in DATADIVR_RELEASE. datadivr_test.py runs it once for each release.
#include "datadivr/v1/datadivr.client.hpp"
#include "system/events.hpp"

#include <parley/by_name.hpp>
#include <parley/client.hpp>

#include <gmock/gmock.h>
#include <asio/use_future.hpp>

#include <cmath>
#include <cstdlib>
#include <future>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace datadivr::v1;
using namespace std::chrono_literals;
using parley::errc;
using testing::HasSubstr;
using testing::StartsWith;

std::string url() { return std::getenv("DATADIVR_URL"); }
bool describes_nodes() { return std::string(std::getenv("DATADIVR_RELEASE")) >= "0.3"; }

struct guest {
  explicit guest(bool in_order = true) : link(url(), {.encoding = parley::encoding::plain, .answers_in_order = in_order}) {
    hub.on_msg([this](const std::string& text, const parley::origin& from) { heard.put({from.id, text}); });
    names.on_event([this](const parley::named_event& e, const parley::origin& from) {
      if (e.name != "msg") others.put({e, from.id});
    });
    link.on_error([this](const parley::error& e, std::string_view) { errors.put(e); });
    link.on_disconnected([this](const parley::error& why) { lost.put(why); });
    link.connect();
    id = link.learn_id();
  }
  // When this returns, everything that was sent before has been handled.
  void fence() const { EXPECT_EQ(hub.sum({.numbers = {1, 2}}), 3); }

  using line = std::pair<std::string, std::string>;  // sender and text
  events<line> heard;
  events<std::pair<parley::named_event, std::string>> others;
  events<parley::error> errors, lost;
  parley::client link;
  DatadivrClient hub{link};
  parley::by_name names{link};
  std::string id;
};

parley::error refusal(const auto& call) {
  try {
    call();
  } catch (const parley::call_failed& failed) { return failed.error(); }
  ADD_FAILURE() << "not refused";
  return errc::invalid;
}

TEST(Guest, Gets_sums_of_whatever_the_original_takes_for_numbers) {
  const guest a;
  EXPECT_EQ(a.hub.sum({.numbers = {391, 29}}), 420);
  EXPECT_EQ(a.hub.sum({.numbers = {"3", true, 0.5}}), 4.5);
  EXPECT_TRUE(std::isnan(a.hub.sum({.numbers = {"nan", 1}})));
  EXPECT_EQ(a.hub.sum({.numbers = {"-inf"}}), -INFINITY);
}

TEST(Guest, Gets_error_answers_as_typed_errors) {
  const guest a;
  const parley::error why = refusal([&] { a.hub.sum({.numbers = {1, "many"}}); });
  EXPECT_EQ(why.code, errc::failed);
  EXPECT_TRUE(why.from_peer);
  EXPECT_THAT(why.message, StartsWith("Error: could not convert string to float"));
  EXPECT_EQ(refusal([&] { a.names.call({.name = "sum_event", .payload = "[]", .reply = "sum_handler_result"}); }).message,
            "Invalid payload format");
  // An empty list is not written, as in protobuf's JSON.
  EXPECT_EQ(refusal([&] { a.hub.sum({}); }).message, "Payload must contain a list of numbers");
  a.fence();
  EXPECT_TRUE(a.errors.empty());
}

TEST(Guest, Asks_many_things_at_once_and_each_answer_finds_its_question) {
  const guest a;
  std::vector<std::future<parley::result<double>>> sums;
  for (int n = 0; n < 200; ++n)
    sums.push_back(n % 7 == 3 ? a.hub.async_sum({.numbers = {"x"}}, asio::use_future)
                              : a.hub.async_sum({.numbers = {n, n}}, asio::use_future));
  for (int n = 0; n < 200; ++n) {
    const parley::result<double> sum = sums[static_cast<std::size_t>(n)].get();
    if (n % 7 == 3) EXPECT_EQ(sum.error().code, errc::failed) << n;
    else EXPECT_EQ(sum.value(), 2 * n);
  }
}

TEST(Guest, Asks_one_thing_at_a_time_where_nothing_is_known_of_the_order) {
  const guest a(false);
  std::vector<std::future<parley::result<double>>> sums;
  for (int n = 0; n < 20; ++n) sums.push_back(a.hub.async_sum({.numbers = {n}}, asio::use_future));
  for (int n = 0; n < 20; ++n) EXPECT_EQ(sums[static_cast<std::size_t>(n)].get().value(), n);
}

TEST(Guest, Is_told_about_nodes_where_the_release_knows_them) {
  const guest a;
  if (!describes_nodes()) {  // passed on to the other clients, which do not answer
    EXPECT_EQ(refusal([&] { a.hub.with({.deadline = 50ms}).get_node_info({.index = 0}); }).code, errc::deadline_exceeded);
    a.fence();
    return;
  }
  const parley::structure no_project{{{"error", "No project is currently open"}}};
  EXPECT_EQ(a.hub.get_node_info({.index = 0}), no_project);
  EXPECT_EQ(a.hub.get_node_info({}), no_project);
}

TEST(Guest, Learns_its_own_id_as_the_others_see_it) {
  guest a, b;
  EXPECT_NE(a.id, b.id);
  a.hub.msg("from a");
  EXPECT_EQ(b.heard.next(), guest::line(a.id, "from a"));
  parley::client by_answer{url(), {.encoding = parley::encoding::plain}};
  EXPECT_EQ(DatadivrClient(by_answer).sum({.numbers = {1}}), 1);
  const std::string known = by_answer.id();
  EXPECT_EQ(known.size(), 36u);
  EXPECT_EQ(by_answer.learn_id(), known);
}

TEST(Guest, Says_things_to_all_to_others_and_to_one) {
  guest a, b, c;
  a.hub.msg("to all", parley::to::all);
  for (guest* g : {&a, &b, &c}) EXPECT_EQ(g->heard.next(), guest::line(a.id, "to all"));
  a.hub.msg("to others", parley::to::others);
  for (guest* g : {&b, &c}) EXPECT_EQ(g->heard.next(), guest::line(a.id, "to others"));
  a.hub.msg("to b: Grüße, 世界 \"quoted\" \\ \n", parley::to::client(b.id));
  EXPECT_EQ(b.heard.next(), guest::line(a.id, "to b: Grüße, 世界 \"quoted\" \\ \n"));
  a.hub.msg("to nobody", parley::to::client("00000000-0000-4000-8000-000000000000"));
  for (const guest* g : {&a, &b, &c}) {
    g->fence();
    EXPECT_TRUE(g->heard.empty());
    EXPECT_TRUE(g->errors.empty());
  }
}

TEST(Guest, Sends_and_hears_events_that_no_schema_knows) {
  guest a, b;
  EXPECT_TRUE(
      a.names.send({.name = "MOVED", .payload = R"({"at":[1.5,null,true],"who":"ä"})", .message = "look"}, parley::to::client(b.id)));
  const auto [moved, from] = b.others.next();
  EXPECT_EQ(moved.name, "MOVED");
  EXPECT_EQ(moved.payload, R"({"at":[1.5,null,true],"who":"ä"})");
  EXPECT_EQ(moved.message, "look");
  EXPECT_EQ(from, a.id);
}

TEST(Guest, Is_not_thrown_out_by_what_another_has_the_server_pass_on) {
  guest a, b;
  for (int i = 0; i < 40; ++i) {
    a.names.send({.name = "msg", .payload = "7"});
    a.names.send({.name = "sum_handler_result", .payload = R"("forged")"}, parley::to::client(b.id));
    a.names.send({.name = "client_overview", .payload = "[]"});
    a.names.send({.name = "parley.own_id", .payload = "\"forged\""});
    a.names.send({.name = "MOVED", .payload = std::string(60, '[') + std::string(60, ']')});
  }
  a.fence();
  a.hub.msg("still there?", parley::to::client(b.id));
  while (b.heard.next().second != "still there?") {}
  b.fence();
  EXPECT_TRUE(b.lost.empty());
}

TEST(Guest, Is_dropped_by_the_original_for_what_that_cannot_handle_and_comes_back) {
  if (!describes_nodes()) return;  // an older release passes it on
  guest a, b;
  const parley::error why = refusal([&] { a.names.call({.name = "get_node_info", .payload = "[1]", .reply = "get_node_info_result"}); });
  EXPECT_EQ(why.code, errc::disconnected);
  EXPECT_EQ(a.lost.next().code, errc::disconnected);
  EXPECT_EQ(a.link.id(), "");

  a.link.connect();
  const std::string before = std::exchange(a.id, a.link.learn_id());
  EXPECT_NE(a.id, before);
  a.fence();
  b.hub.msg("welcome back", parley::to::client(a.id));
  EXPECT_EQ(a.heard.next(), guest::line(b.id, "welcome back"));
}

TEST(Guest, Is_told_when_it_expects_more_than_the_original_speaks) {
  for (const auto encoding : {parley::encoding::automatic, parley::encoding::binary, parley::encoding::json}) {
    parley::client link{url(), {.encoding = encoding}};
    EXPECT_EQ(refusal([&] { link.connect(); }).code, errc::version_mismatch);
  }
}

}  // namespace
