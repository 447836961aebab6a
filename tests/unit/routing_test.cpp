// Routing of events: the chosen target, and the members that receive.
#include "parley/routing/routing.hpp"

#include "parley/wire/codec.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace {

using namespace parley;
using routing::choose;
using routing::choose_by_payload;
using routing::declared;

constexpr bool strict = false;
constexpr bool lenient = true;

method event_to(std::span<const target_kind> kinds) {
  method m;
  m.name = "Lobby.Say";
  m.event = true;
  m.to = kinds;
  return m;
}

constexpr std::array lobby_kinds{target_kind::others, target_kind::all, target_kind::client};
constexpr std::array server_alone{target_kind::server};
constexpr std::array client_first{target_kind::client, target_kind::all};
constexpr std::array all_alone{target_kind::all};
constexpr std::array group_first{target_kind::group, target_kind::all};

// An envelope with `to` as in a frame. Empty: absent.
wire::envelope with_target(std::string_view text) {
  std::string frame = R"({"event_name":"Lobby.Say")";
  if (!text.empty()) frame.append(R"(,"to":)").append(text.front() == '[' ? "" : "\"").append(text).append(text.front() == '[' ? "" : "\"");
  frame += "}";
  wire::envelope e;
  EXPECT_FALSE(wire::json_format().read(as_bytes(frame), side::server, {}, e)) << frame;
  return e;
}

// The text of the chosen target, or the name of the error.
std::string chosen(std::span<const target_kind> kinds, std::string_view to, bool plain = strict) {
  const auto found = choose(event_to(kinds), with_target(to), plain);
  if (!found) return std::string(wire_name(static_cast<errc>(found.error().code.value())));
  if (found->kind != target_kind::several) return to_text(*found);
  std::string text;
  for (const target& part : found->parts) text += "[" + to_text(part) + "]";
  return text;
}

// --- choose

TEST(Choose, TakesTheFirstOfTheDeclarationIfNothingIsSaid) {
  EXPECT_EQ(chosen(lobby_kinds, ""), "others");
  EXPECT_EQ(chosen(server_alone, ""), "server");
  EXPECT_EQ(chosen(all_alone, ""), "all");
}

TEST(Choose, HasNoDefaultThatNeedsAName) {
  EXPECT_EQ(chosen(client_first, ""), "unknown_target");
  EXPECT_EQ(chosen(group_first, ""), "unknown_target");
  EXPECT_EQ(chosen(client_first, "all"), "all");
}

TEST(Choose, TakesWhatIsDeclared) {
  EXPECT_EQ(chosen(lobby_kinds, "all"), "all");
  EXPECT_EQ(chosen(lobby_kinds, "bob"), "bob");
  EXPECT_EQ(chosen(lobby_kinds, "id:bob"), "bob");
  EXPECT_EQ(chosen(lobby_kinds, "id:all"), "id:all");
  EXPECT_EQ(chosen(lobby_kinds, R"(["all","bob"])"), "[all][bob]");
}

TEST(Choose, DeniesWhatIsNotDeclared) {
  EXPECT_EQ(chosen(lobby_kinds, "server"), "denied");
  EXPECT_EQ(chosen(lobby_kinds, "sender"), "denied");
  EXPECT_EQ(chosen(lobby_kinds, "group:Room:red"), "denied");
  EXPECT_EQ(chosen(all_alone, "others"), "denied");
  EXPECT_EQ(chosen(server_alone, "all"), "denied");
  EXPECT_EQ(chosen(lobby_kinds, R"(["all","server"])"), "denied");
}

TEST(Choose, DeniesAKindThatIsNotDeclaredBeforeItAsksWhetherItCanBeRead) {
  for (const char* to : {"group:", "group:Room", "group:Room:", "user:"}) EXPECT_EQ(chosen(lobby_kinds, to), "denied") << to;
  EXPECT_EQ(chosen(lobby_kinds, R"(["all","user:"])"), "denied");
  EXPECT_EQ(chosen(lobby_kinds, R"(["foo:bar","server"])"), "denied");
}

TEST(Choose, DoesNotKnowWhatCannotBeRead) {
  for (const char* to : {"group:", "group:Room", "group:Room:"}) EXPECT_EQ(chosen(group_first, to), "unknown_target") << to;
  for (const char* to : {"foo:bar", "id:", ":"}) EXPECT_EQ(chosen(lobby_kinds, to), "unknown_target") << to;
  EXPECT_EQ(chosen(lobby_kinds, R"(["all","foo:bar"])"), "unknown_target");
  EXPECT_EQ(chosen(lobby_kinds, R"([""])"), "unknown_target");
}

TEST(Choose, DoesNotTakeAnEmptyTextForAnAbsentOne) {
  wire::envelope e;
  ASSERT_FALSE(wire::json_format().read(as_bytes(R"({"event_name":"Lobby.Say","to":""})"), side::server, {}, e));
  const auto found = choose(event_to(lobby_kinds), e, strict);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, errc::unknown_target);
}

TEST(Choose, DeniesAListOfNothing) {
  wire::envelope e;  // the formats refuse such a target, but a dialect might not
  e.to.kind = target_kind::several;
  const auto found = choose(event_to(lobby_kinds), e, strict);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, errc::denied);
}

TEST(Choose, KeepsTheExceptListOfTheEnvelope) {
  wire::envelope e = with_target("all");
  e.to.except = {"bob"};
  EXPECT_EQ(choose(event_to(lobby_kinds), e, strict)->except, std::vector<std::string>{"bob"});
}

TEST(ChooseInPlainMode, IgnoresEverythingForEventsToTheServer) {
  for (const char* to : {"", "others", "all", "bob", "foo:bar", "group:"}) EXPECT_EQ(chosen(server_alone, to, lenient), "server") << to;
}

TEST(ChooseInPlainMode, TakesOthersForNothingSaidWhereItIsNotDeclared) {
  EXPECT_EQ(chosen(all_alone, "others", lenient), "all");
  EXPECT_EQ(chosen(lobby_kinds, "others", lenient), "others");
  EXPECT_EQ(chosen(client_first, "others", lenient), "unknown_target");
}

TEST(ChooseInPlainMode, DeniesEveryOtherTargetThatIsNotDeclared) {
  EXPECT_EQ(chosen(all_alone, "bob", lenient), "denied");
  EXPECT_EQ(chosen(all_alone, "server", lenient), "denied");
  EXPECT_EQ(chosen(all_alone, "foo:bar", lenient), "unknown_target");
}

// --- declared

TEST(Declared, AsksForEveryPart) {
  EXPECT_TRUE(declared(lobby_kinds, {.kind = target_kind::all}));
  EXPECT_FALSE(declared(lobby_kinds, {.kind = target_kind::server}));
  EXPECT_FALSE(declared({}, {.kind = target_kind::all}));
  EXPECT_FALSE(declared(lobby_kinds, {}));
  target several{.kind = target_kind::several};
  EXPECT_FALSE(declared(lobby_kinds, several));
  several.parts = {{.kind = target_kind::all}, {.kind = target_kind::client, .name = "bob"}};
  EXPECT_TRUE(declared(lobby_kinds, several));
  several.parts.push_back({.kind = target_kind::sender});
  EXPECT_FALSE(declared(lobby_kinds, several));
}

// --- choose_by_payload: a number whose bits name receivers, 1 others, 2 sender, 4 server, 8 all

void receivers_of(const std::uint32_t& bits, routed_targets& out) {
  if ((bits & 1) != 0) out.add(target_kind::others);
  if ((bits & 2) != 0) out.add(target_kind::sender);
  if ((bits & 4) != 0) out.add(target_kind::server);
  if ((bits & 8) != 0) out.add(target_kind::all);
}
constexpr std::array routed_kinds{target_kind::others, target_kind::sender, target_kind::server};

std::string by_payload(std::string_view payload, std::string_view to, bool plain = strict) {
  method m = event_to(routed_kinds);
  m.route = route_by<std::uint32_t, receivers_of>;
  const auto found = choose_by_payload(m, with_target(to), plain, format::json, as_bytes(payload), {});
  if (!found) return std::string(wire_name(static_cast<errc>(found.error().code.value())));
  if (found->kind != target_kind::several) return to_text(*found);
  std::string text;
  for (const target& part : found->parts) text += "[" + to_text(part) + "]";
  return text;
}

TEST(ChooseByPayload, GoesWhereThePayloadSays) {
  EXPECT_EQ(by_payload("1", ""), "others");
  EXPECT_EQ(by_payload("2", ""), "sender");
  EXPECT_EQ(by_payload("3", ""), "[others][sender]");
  EXPECT_EQ(by_payload("4", ""), "server");
}

TEST(ChooseByPayload, GoesToNobodyIfNobodyIsNamed) {
  EXPECT_EQ(by_payload("0", ""), "server");
  method m = event_to(all_alone);  // the method does not declare the server as a target
  m.route = route_by<std::uint32_t, receivers_of>;
  const auto found = choose_by_payload(m, with_target(""), strict, format::json, as_bytes("0"), {});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->kind, target_kind::server);
}

TEST(ChooseByPayload, LetsTheEnvelopeSayTheSame) {
  EXPECT_EQ(by_payload("1", "others"), "others");
  EXPECT_EQ(by_payload("3", R"(["others","sender"])"), "[others][sender]");
  EXPECT_EQ(by_payload("3", R"(["sender","others"])"), "[others][sender]");
  EXPECT_EQ(by_payload("1", R"(["others"])"), "others");
  EXPECT_EQ(by_payload("0", "server"), "server");
}

TEST(ChooseByPayload, DeniesWhatTheEnvelopeSaysOtherwise) {
  EXPECT_EQ(by_payload("1", "sender"), "denied");
  EXPECT_EQ(by_payload("1", "all"), "denied");
  EXPECT_EQ(by_payload("3", "others"), "denied");
  EXPECT_EQ(by_payload("1", R"(["others","sender"])"), "denied");
  EXPECT_EQ(by_payload("0", "others"), "denied");
  EXPECT_EQ(by_payload("0", R"(["others"])"), "denied");
  EXPECT_EQ(by_payload("1", "foo:bar"), "denied");
}

TEST(ChooseByPayload, DeniesWhatIsNotDeclared) { EXPECT_EQ(by_payload("8", ""), "denied"); }

TEST(ChooseByPayload, TakesThePlainDefaultForNothingSaid) {
  EXPECT_EQ(by_payload("2", "others", lenient), "sender");
  EXPECT_EQ(by_payload("0", "others", lenient), "server");
  EXPECT_EQ(by_payload("2", "all", lenient), "denied");
}

TEST(ChooseByPayload, FailsIfThePayloadCannotBeRead) {
  EXPECT_EQ(by_payload("\"x\"", ""), "bad_payload");
  EXPECT_EQ(by_payload("-1", "all"), "bad_payload");
}

// --- The audience of one place. audience_test.cpp covers several places.

class Audience : public testing::Test {
 protected:
  Audience() {
    for (const char* id : {"ann", "bob", "cat", "dan"}) members.add(id, id[0]);
  }
  // The receivers in the order in which they are sent to, or the name of the error.
  std::string receivers_of(const target& to, const std::string& subject = "bob") {
    routing::receivers<char, int> out{.here = {'?'}, .places = {1}, .needed_there = 1};
    const auto found = members.walk(to, subject, routing::nowhere{}, out);
    EXPECT_TRUE(out.places.empty() && out.needed_there == 0);
    if (!found) {
      EXPECT_TRUE(out.here.empty());
      return found.error().code.message();
    }
    return {out.here.begin(), out.here.end()};
  }
  static target several(std::vector<target> parts) { return {.kind = target_kind::several, .parts = std::move(parts)}; }
  routing::audience<char, int> members;
};

const target to_all{.kind = target_kind::all};
const target to_others{.kind = target_kind::others};
const target to_sender{.kind = target_kind::sender};
const target to_server{.kind = target_kind::server};
target client(std::string id) { return {.kind = target_kind::client, .name = std::move(id)}; }

TEST_F(Audience, ResolvesEachKind) {
  EXPECT_EQ(receivers_of(to_all), "abcd");
  EXPECT_EQ(receivers_of(to_others), "acd");
  EXPECT_EQ(receivers_of(to_sender), "b");
  EXPECT_EQ(receivers_of(client("cat")), "c");
  EXPECT_EQ(receivers_of(client("bob")), "b");  // the sender may name itself
  EXPECT_EQ(receivers_of(to_server), "");
}

TEST_F(Audience, DoesNotKnowWhoIsNotThere) {
  EXPECT_EQ(receivers_of(client("eve")), "unknown target");
  EXPECT_EQ(receivers_of(client("")), "unknown target");
  EXPECT_EQ(receivers_of(client("Bob")), "unknown target");
  EXPECT_EQ(receivers_of(to_sender, "eve"), "unknown target");
  EXPECT_EQ(receivers_of({}), "unknown target");
  EXPECT_EQ(receivers_of({.kind = target_kind::group, .name = "Room:red"}), "unknown target");
}

TEST_F(Audience, SpeaksOfEverybodyIfTheSubjectIsGone) { EXPECT_EQ(receivers_of(to_others, "eve"), "abcd"); }

TEST_F(Audience, JoinsSeveralTargetsAndNamesEachReceiverOnce) {
  EXPECT_EQ(receivers_of(several({client("dan"), client("ann"), client("dan")})), "ad");
  EXPECT_EQ(receivers_of(several({to_others, to_sender})), "abcd");
  EXPECT_EQ(receivers_of(several({to_others, to_all, client("bob")})), "abcd");
  EXPECT_EQ(receivers_of(several({to_server, client("cat")})), "c");
  EXPECT_EQ(receivers_of(several({client("eve"), client("ann"), client("eva")})), "a") << "the clients that are connected receive it";
  EXPECT_EQ(receivers_of(several({client("eve"), to_server})), "") << "the server is there";
  EXPECT_EQ(receivers_of(several({})), "");
}

TEST_F(Audience, GivesNobodyAnythingIfOneOfSeveralIsNotThere) {
  EXPECT_EQ(receivers_of(several({client("eve"), client("eva")})), "unknown target");
  EXPECT_EQ(receivers_of(several({several({to_all})})), "unknown target");
}

TEST_F(Audience, LeavesOutWhoIsExcepted) {
  target some = to_all;
  some.except = {"ann", "eve", "cat"};
  EXPECT_EQ(receivers_of(some), "bd");
  some.kind = target_kind::others;
  EXPECT_EQ(receivers_of(some), "d");
  target union_of = several({to_others, client("bob")});
  union_of.except = {"dan", "bob"};
  EXPECT_EQ(receivers_of(union_of), "ac");
  target one = client("ann");
  one.except = {"ann"};
  EXPECT_EQ(receivers_of(one), "");
}

TEST_F(Audience, FindsItsMembersAfterOthersLeft) {
  members.remove("ann");
  members.remove("eve");
  EXPECT_EQ(members.size(), 3u);
  EXPECT_EQ(members.find("ann"), nullptr);
  for (const char* id : {"bob", "cat", "dan"}) {
    ASSERT_NE(members.find(id), nullptr);
    EXPECT_EQ(*members.find(id), id[0]);
    EXPECT_EQ(receivers_of(client(id)), std::string(1, id[0]));
  }
  members.remove("dan");
  members.remove("bob");
  members.remove("cat");
  EXPECT_EQ(members.size(), 0u);
  EXPECT_EQ(receivers_of(to_all), "");
  members.add("ann", 'a');
  EXPECT_EQ(receivers_of(to_all), "a");
}

TEST_F(Audience, KeepsTheMemberOfAnIdThatIsThere) {
  members.add("ann", 'z');
  EXPECT_EQ(members.size(), 4u);
  EXPECT_EQ(receivers_of(client("ann")), "a");
  members.remove("ann");
  EXPECT_EQ(receivers_of(client("ann")), "unknown target");
}

// If each operation examined all members, this would take minutes.
TEST(AudienceOfManyMembers, FindsEachWhileAHundredThousandComeAndGo) {
  constexpr int count = 100'000;
  const auto id = [](int i) { return "client-" + std::to_string(i); };
  routing::audience<int, int> all;
  const auto found = [&](int i) {
    const int* member = all.find(id(i));
    return member ? *member : -1;
  };
  for (int i = 0; i < count; ++i) all.add(id(i), i);
  EXPECT_EQ(all.size(), 100'000u);
  for (int i = 0; i < count; ++i) ASSERT_EQ(found(i), i);
  EXPECT_EQ(found(count), -1);

  routing::receivers<int, int> out;
  EXPECT_TRUE(all.walk({.kind = target_kind::others}, id(4711), routing::nowhere{}, out));
  EXPECT_EQ(out.here.size(), 99'999u);
  EXPECT_EQ(std::count(out.here.begin(), out.here.end(), 4711), 0);

  // Most members leave, from both ends, and a few return.
  for (int i = 0; i < count; ++i)
    if (i % 100 != 0) all.remove(id(i % 2 == 0 ? i : count - i));
  for (int i = 0; i < count; ++i) ASSERT_EQ(found(i) == i, i % 100 == 0) << i;
  for (int i = 50; i < count; i += 1000) all.add(id(i), i);
  EXPECT_EQ(all.size(), 1'100u);
  for (int i = 0; i < count; ++i) all.remove(id(i));
  EXPECT_EQ(all.size(), 0u);
  all.add(id(1), 1);
  EXPECT_EQ(found(1), 1);
}

// The example of routing/routing.hpp.
TEST(RoutingDoor, DoesWhatItsExampleSays) {
  using member = int;
  using place = int;
  const std::string client_id = "ann";
  const std::string sender_id = "bob";
  const member m = 7;
  const method method = event_to(lobby_kinds);
  const wire::envelope envelope = with_target("ann");

  routing::audience<member, place> all;
  all.add(client_id, m);
  auto to = routing::choose(method, envelope, false);
  routing::receivers<member, place> receivers;
  if (to) auto found = all.walk(*to, sender_id, routing::nowhere{}, receivers);
  EXPECT_EQ(receivers.here, std::vector<member>{7});
}

}  // namespace
