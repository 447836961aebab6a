// A server whose schema has `unknown: RELAY` passes on events of undeclared methods to clients that
// speak JSON, without decoding them.
#include "datadivr.client.hpp"
#include "datadivr.server.hpp"
#include "system/events.hpp"
#include "talk.client.hpp"

#include <parley/client.hpp>
#include <parley/loopback.hpp>
#include <parley/server.hpp>

#include <gtest/gtest.h>
#include <asio/use_future.hpp>

#include <numeric>
#include <optional>
#include <string>

namespace {

using parley::encoding;
using parley::errc;

struct Hub final : datadivr::v1::DatadivrHandler {
  parley::reply<double> sum(const datadivr::v1::Numbers& n, parley::call&) override {
    return std::accumulate(n.numbers.begin(), n.numbers.end(), 0.0);
  }
};

// Sends events that the server knows (datadivr) and events that it does not know (talk).
struct visitor {
  visitor(parley::loopback& network, encoding e) : link("mem://hub", {.encoding = e, .loopback = &network}), known(link), unknown(link) {
    unknown.on_say([this](const talk::v1::Line& line, const parley::origin& from) { heard.put({line, from.id}); });
    known.on_msg([this](const std::string& text, const parley::origin& from) { heard.put({{.text = text}, from.id}); });
    link.on_error([this](const parley::error& e2, std::string_view event) { errors.put({e2.code, std::string(event)}); });
    link.connect();
  }
  struct heard_line {
    talk::v1::Line line;
    std::string from;
  };
  events<heard_line> heard;
  events<std::pair<std::error_code, std::string>> errors;
  parley::client link;
  datadivr::v1::DatadivrClient known;
  talk::v1::TalkClient unknown;
};

class Unknown : public testing::Test {
 protected:
  Unknown() : server({.loopback = &network}) {
    server.add(hub);
    server.start();
  }
  ~Unknown() override {
    server.stop();
    server.join();
  }
  parley::loopback network;
  parley::server server;
  Hub hub;
};

TEST_F(Unknown, Bare_names_and_named_replies_are_what_the_schema_says) {
  visitor plain(network, encoding::plain), json(network, encoding::json), binary(network, encoding::binary);
  for (visitor* v : {&plain, &json, &binary}) EXPECT_EQ(v->known.sum({.numbers = {391, 29}}), 420);
  plain.known.msg("hello", parley::to::all);
  for (visitor* v : {&plain, &json, &binary}) EXPECT_EQ(v->heard.next().line.text, "hello");
}

TEST_F(Unknown, A_client_learns_its_own_id_and_the_others_hear_nothing_of_that) {
  visitor a(network, encoding::plain), b(network, encoding::plain), json(network, encoding::json), binary(network, encoding::binary);
  const std::string id = a.link.learn_id();
  EXPECT_EQ(a.link.id(), id);
  EXPECT_NE(b.link.learn_id(), id);
  EXPECT_EQ(json.link.learn_id(), json.link.id());
  a.known.msg("it is me", parley::to::all);
  for (visitor* v : {&a, &b, &json, &binary}) {
    EXPECT_EQ(v->heard.next().from, id);
    EXPECT_TRUE(v->errors.empty());
  }
}

TEST_F(Unknown, Events_without_a_method_are_relayed_between_peers_that_speak_json) {
  visitor plain(network, encoding::plain), json(network, encoding::json), binary(network, encoding::binary);
  const talk::v1::Line line{.text = "the server has no idea", .number = 7};
  plain.unknown.say(line);
  auto heard = json.heard.next();
  EXPECT_EQ(heard.line, line);
  EXPECT_FALSE(heard.from.empty());
  json.unknown.say(line, parley::to::all);
  EXPECT_EQ(plain.heard.next().line, line);
  EXPECT_EQ(json.heard.next().from, json.link.id());
  EXPECT_EQ(binary.known.sum({}), 0);
  EXPECT_TRUE(binary.heard.empty()) << "no type is known for it in binary";
}

TEST_F(Unknown, A_binary_peer_that_sends_one_is_told) {
  visitor binary(network, encoding::binary);
  binary.unknown.say({.text = "who knows"});
  EXPECT_EQ(binary.errors.next(), std::pair(make_error_code(errc::unimplemented), std::string("Talk.Say")));
  EXPECT_EQ(binary.known.sum({.numbers = {1}}), 1);
}

}  // namespace
