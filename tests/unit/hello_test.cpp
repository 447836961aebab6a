// The greeting, in addition to the frozen greetings of tests/vectors.
#include "frames.hpp"

#include <gtest/gtest.h>

#include <set>

namespace {

using namespace parley;
using frames::describe;
using frames::from_hex;

std::string read_hello(std::string_view json) {
  const frames::exact copy(json);
  wire::hello h;
  const auto wrong = wire::read_hello(format::json, copy.bytes(), h);
  return wrong ? describe(*wrong) : describe(h);
}
std::string read_welcome(std::string_view json) {
  const frames::exact copy(json);
  wire::welcome w;
  const auto wrong = wire::read_welcome(format::json, copy.bytes(), w);
  return wrong ? describe(*wrong) : describe(w);
}
std::string read_binary(const wire::hello& h) {
  std::string bytes;
  wire::write_hello(format::binary, h, bytes);
  const frames::exact copy(bytes);
  wire::hello back;
  const auto wrong = wire::read_hello(format::binary, copy.bytes(), back);
  return wrong ? describe(*wrong) : describe(back);
}

TEST(Hello, ThatCannotBeReadIsClosedWith4002) {
  for (const char* json : {
           "",
           "hello",
           "[]",
           "null",
           "{",
           "{}",
           R"({"features":[]})",
           R"({"revision":0})",
           R"({"revision":null})",
           R"({"revision":"1"})",
           R"({"revision":1.5})",
           R"({"revision":-1})",
           R"({"revision":4294967296})",
           R"({"revision":1,"revision":1})",
           R"({"revision":1,"features":"resume"})",
           R"({"revision":1,"features":[1]})",
           R"({"revision":1,"required":{}})",
           R"({"revision":1,"agent":7})",
           R"({"revision":1,"contract":7})",
           R"({"revision":1,"contract":"b046b9356d305ca"})",
           R"({"revision":1,"contract":"g046b9356d305ca5"})",
           R"({"revision":1,"contract":"-046b9356d305ca5"})",
           R"({"revision":1,"methods":[]})",
           R"({"revision":1,"methods":{"x":7}})",
           R"({"revision":1,"methods":{"x":"7"}})",
           R"({"revision":1,"methods":{"$x":"466a160a4609156f"}})",
           R"({"revision":1,"methods":{"":"466a160a4609156f"}})",
           R"({"revision":1,"auth":"x"})",
           R"({"revision":1,"auth":{"scheme":7}})",
           R"({"revision":1,"resume":{"token":7}})",
           R"({"revision":1,"resume":{"epoch":7}})",
           R"({"revision":1,"resume":{"received":-1}})",
           R"({"revision":1,"limits":[]})",
           R"({"revision":1,"limits":{"max_calls":"7"}})",
           R"({"revision":1,"limits":{"max_calls":-7}})",
           R"({"revision":1,"meta":[]})",
           R"({"revision":1,"meta":{"A":"x"}})",
           R"({"revision":1,"meta":{"a":7}})",
           R"({"revision":1}x)",
       })
    EXPECT_EQ(read_hello(json), "close 4002") << json;
  EXPECT_EQ(read_hello(R"({"revision":1,"agent":")" + std::string(65, 'a') + "\"}"), "close 4002");
}

TEST(Hello, IgnoresWhatItDoesNotKnow) {
  EXPECT_EQ(read_hello(R"({"later":{"a":1},"revision":9,"features":["time","multi"],"limits":{"later":1,"max_calls":0},"agent":null})"),
            "revision=9 features=0040");
}

TEST(Hello, RemembersThatItRequiresSomethingUnknown) {
  wire::hello h;
  ASSERT_FALSE(wire::read_hello(format::json, as_bytes(R"({"revision":1,"required":["time"]})"), h));
  EXPECT_NE(h.required & ~std::uint64_t{0xff}, 0u);
}

TEST(Hello, ListsEachMethodOnce) {
  EXPECT_EQ(read_hello(R"({"revision":1,"methods":{"x":"466a160a4609156f","y":"466a160a4609156f","x":"466a160a4609156f"}})"), "close 4001");
  wire::hello h;
  h.methods = {{{}, 5, 1}, {{}, 3, 2}};
  EXPECT_EQ(read_binary(h).substr(0, 10), "revision=1");
  h.methods.push_back({{}, 5, 9});
  EXPECT_EQ(read_binary(h), "close 4001");
  h.methods = {{{}, 0, 1}};
  EXPECT_EQ(read_binary(h), "close 4002");
}

TEST(Hello, MayListThousandsOfMethods) {
  wire::hello h;
  for (int i = 0; i < 4000; ++i) {
    const std::string name = "Service.Method" + std::to_string(i);
    h.methods.push_back({name, wire::method_id(name), static_cast<std::uint64_t>(i)});
  }
  h.contract = wire::contract_of(h.methods);
  std::string json;
  wire::write_hello(format::json, h, json);
  EXPECT_EQ(read_hello(json), describe(h));
  EXPECT_EQ(read_binary(h), describe(h));
}

TEST(Hello, InBinaryKeepsReservedBytesZero) {
  wire::hello h;
  h.methods = {{{}, 0x11111111, 0x2222222222222222}};
  std::string bytes;
  wire::write_hello(format::binary, h, bytes);
  wire::hello back;
  ASSERT_FALSE(wire::read_hello(format::binary, as_bytes(bytes), back));
  const std::size_t print = bytes.find("\x11\x11\x11\x11");
  ASSERT_NE(print, bytes.npos);
  bytes[print + 4] = 1;
  const auto wrong = wire::read_hello(format::binary, as_bytes(bytes), back);
  ASSERT_TRUE(wrong);
  EXPECT_EQ(wrong->close, 4002);
}

TEST(Hello, WithoutBytesHasNoRevision) {
  wire::hello h;
  const auto wrong = wire::read_hello(format::binary, {}, h);
  ASSERT_TRUE(wrong);
  EXPECT_EQ(wrong->close, 4002);
}

TEST(Welcome, ThatCannotBeReadIsAViolation) {
  for (const char* json : {
           "",
           "{}",
           R"({"revision":1})",
           R"({"revision":1,"outcome":"new"})",
           R"({"revision":1,"client_id":"a"})",
           R"({"revision":1,"client_id":"a","outcome":"odd"})",
           R"({"revision":0,"client_id":"a","outcome":"new"})",
           R"({"revision":1,"client_id":7,"outcome":"new"})",
           R"({"revision":1,"client_id":"a","outcome":1})",
           R"({"revision":1,"client_id":"a","outcome":"new","missing":{}})",
           R"({"revision":1,"client_id":"a","outcome":"new","missing":[7]})",
           R"({"revision":1,"client_id":"a","outcome":"new","mismatched":["x"]})",
           R"({"revision":1,"client_id":"a","outcome":"new","heartbeat_ms":-1})",
       })
    EXPECT_EQ(read_welcome(json), "close 4001") << json;
}

TEST(Welcome, HasDefaults) {
  EXPECT_EQ(read_welcome(R"({"revision":1,"client_id":"a","outcome":"new","heartbeat_ms":0,"policy":"later"})"),
            "revision=1 client_id=a outcome=1 received=0 next=1 policy=2 heartbeat_ms=20000");
}

TEST(Greetings, SurviveEveryTruncationAndEveryFlippedBit) {
  const auto try_both = [](format f, std::string_view payload) {
    const frames::exact copy(payload);
    wire::hello h;
    wire::welcome w;
    wire::goaway g;
    for (const auto& wrong :
         {wire::read_hello(f, copy.bytes(), h), wire::read_welcome(f, copy.bytes(), w), wire::read_goaway(f, copy.bytes(), g)})
      EXPECT_TRUE(!wrong || wrong->close == 4001 || wrong->close == 4002);
  };
  for (const frames::record& r : frames::read_records("greetings.txt")) {
    const std::string binary = from_hex(r["fbs"]);
    for (std::size_t size = 0; size < binary.size(); ++size) try_both(format::binary, std::string_view(binary).substr(0, size));
    for (std::size_t bit = 0; bit < binary.size() * 8; ++bit) {
      std::string flipped = binary;
      flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ 1 << bit % 8);
      try_both(format::binary, flipped);
    }
    for (std::size_t size = 0; size < r["json"].size(); ++size) try_both(format::json, std::string_view(r["json"]).substr(0, size));
  }
}

TEST(Goaway, IsTheSameInBothFormats) {
  wire::goaway g;
  g.reason = 2;
  g.retry_ms = 1500;
  g.last_id = 17;
  g.text = "back soon";
  for (const format f : {format::json, format::binary}) {
    std::string payload;
    wire::write_goaway(f, g, payload);
    wire::goaway back;
    ASSERT_FALSE(wire::read_goaway(f, as_bytes(payload), back));
    EXPECT_EQ(back.reason, 2);
    EXPECT_EQ(back.retry_ms, 1500u);
    EXPECT_EQ(back.last_id, 17u);
    EXPECT_EQ(back.text, "back soon");
  }
  wire::goaway back;
  ASSERT_FALSE(wire::read_goaway(format::json, as_bytes(R"({"reason":"later"})"), back));
  EXPECT_EQ(back.reason, 0);
}

TEST(ClientIds, AreUuidsOfVersion8ThatBeginWithTheirNode) {
  std::set<std::string> ids;
  for (int i = 0; i < 1000; ++i) {
    const std::string id = wire::make_client_id(0x0b8c2a34);
    ASSERT_EQ(id.size(), 36u);
    EXPECT_TRUE(wire::is_client_id(id));
    EXPECT_TRUE(id.starts_with("0b8c2a34-"));
    EXPECT_EQ(id[14], '8');
    EXPECT_NE(std::string_view("89ab").find(id[19]), std::string_view::npos);
    EXPECT_EQ(id.find_first_of("ABCDEF"), id.npos);
    ids.insert(id);
  }
  EXPECT_EQ(ids.size(), 1000u);
  EXPECT_NE(wire::make_node_id(), wire::make_node_id());
}

TEST(ClientIds, AreToldFromOtherTexts) {
  EXPECT_TRUE(wire::is_client_id("0B8C2A34-9f0e-4a7e-8f0e-2d1a5b6c7d8e"));
  for (const char* text :
       {"", "all", "0b8c2a34-9f0e-4a7e-8f0e-2d1a5b6c7d8", "0b8c2a34-9f0e-4a7e-8f0e-2d1a5b6c7d8e0", "0b8c2a34+9f0e-4a7e-8f0e-2d1a5b6c7d8e",
        "0b8c2a349-f0e-4a7e-8f0e-2d1a5b6c7d8e", "gb8c2a34-9f0e-4a7e-8f0e-2d1a5b6c7d8e"})
    EXPECT_FALSE(wire::is_client_id(text)) << text;
}

TEST(MethodIds, AreTheFirstBytesOfTheNamesHash) {
  EXPECT_EQ(wire::method_id("Lobby.Add"), 0x3600357fu);
  EXPECT_EQ(wire::method_id("Lobby.Say"), 0x07f02616u);
}

TEST(Contracts, AreTakenOverNamesWhereIdsAreMissing) {
  const std::vector<wire::print> named{{"Lobby.Add", 0, 0x466a160a4609156f}, {"Lobby.Say", 0, 0xc699c85d92fa11a0}};
  EXPECT_EQ(wire::contract_of(named), 0xb046b9356d305ca5u);
}

// The example of wire.hpp, as it is printed there.
std::string door_example() {
  parley::wire::envelope call;
  call.kind = parley::wire::kind::call;
  call.name = "Lobby.Add";                           // JSON names methods,
  call.method = parley::wire::method_id(call.name);  // binary numbers them
  call.id = 7;
  std::string frame;
  parley::wire::json_format().write(call, parley::side::client, parley::as_bytes(R"({"numbers":[1]})"), frame);
  parley::wire::envelope read;
  if (auto fault = parley::wire::json_format().read(parley::as_bytes(frame), parley::side::server, {}, read)) return fault->text;
  return read.name;
}
TEST(Door, ExampleRuns) { EXPECT_EQ(door_example(), "Lobby.Add"); }

}  // namespace
