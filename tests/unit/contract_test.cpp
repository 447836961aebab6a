#include "sessions.hpp"

#include <array>

namespace {

using namespace sessions;
using session::compare;
using session::contract;

// One service with the given methods, which lives as long as the test.
struct listed {
  explicit listed(std::vector<method> of, bool relay_unknown = false, std::string_view name = "One") : methods(std::move(of)) {
    for (const method& m : methods) pointers.push_back(&m);
    what = {.name = name, .methods = pointers, .relay_unknown = relay_unknown};
  }
  listed(const listed&) = delete;
  listed& operator=(const listed&) = delete;
  std::vector<method> methods;
  std::vector<const method*> pointers;
  service what;
};

wire::print print_of(std::string_view name, std::uint64_t fingerprint) { return {std::string(name), wire::method_id(name), fingerprint}; }
wire::hello hello_with(std::vector<wire::print> methods, std::vector<wire::print> accepted = {}) {
  wire::hello h;
  h.methods = std::move(methods);
  h.accepted = std::move(accepted);
  return h;
}

TEST(Contract, FindsMethodsByNameAndById) {
  const listed lobby({method_named("Lobby.Add", 1), method_named("Lobby.Say", 2)});
  contract known;
  ASSERT_TRUE(known.add(lobby.what));
  EXPECT_EQ(known.find("Lobby.Add"), &lobby.methods[0]);
  EXPECT_EQ(known.find(std::uint32_t{0x3600357f}), &lobby.methods[0]);
  EXPECT_EQ(known.find(std::uint32_t{0x07f02616}), &lobby.methods[1]);
  EXPECT_EQ(known.number_of("Lobby.Add"), 0u);
  EXPECT_EQ(known.number_of(std::uint32_t{0x07f02616}), 1u);
  EXPECT_EQ(&known.at(1), &lobby.methods[1]);
  EXPECT_EQ(known.number_of("lobby.add"), contract::none);
  EXPECT_EQ(known.find("lobby.add"), nullptr);
  EXPECT_EQ(known.find(""), nullptr);
  EXPECT_EQ(known.find(std::uint32_t{0}), nullptr);
}

TEST(Contract, GivesEachRoleABit) {
  static constexpr std::string_view admin[] = {"admin"}, both[] = {"trader", "admin"};
  std::vector<method> methods{method_named("A.Free", 1), method_named("A.Halt", 2), method_named("A.Order", 3)};
  methods[1].may_send = admin;
  methods[2].may_send = both;
  methods[2].may_receive = admin;
  const listed one(std::move(methods));
  contract known;
  ASSERT_TRUE(known.add(one.what));
  EXPECT_EQ(known.role_count(), 2u);
  EXPECT_EQ(known.senders_of(0), 0u);
  EXPECT_EQ(known.senders_of(1), 1u);
  EXPECT_EQ(known.senders_of(2), 3u);
  EXPECT_EQ(known.receivers_of(1), 0u);
  EXPECT_EQ(known.receivers_of(2), 1u);
  EXPECT_EQ(known.senders_of(contract::none), 0u);
  const std::vector<std::string> roles{"reader", "trader"};
  EXPECT_EQ(known.bits_of(roles), 2u);

  method later = method_named("B.Read", 4);
  static constexpr std::string_view reader[] = {"reader"};
  later.may_send = reader;
  const listed two({method_named("B.Free", 5), later});
  ASSERT_TRUE(known.add(two.what));
  EXPECT_EQ(known.senders_of(3), 0u);
  EXPECT_EQ(known.senders_of(4), 4u);
  EXPECT_EQ(known.bits_of(roles), 6u);
}

TEST(Contract, KnowsNoRolesIfTheSchemaHasNone) {
  const listed one({method_named("A.Free", 1)});
  contract known;
  ASSERT_TRUE(known.add(one.what));
  EXPECT_EQ(known.role_count(), 0u);
  EXPECT_EQ(known.senders_of(0), 0u);
}

TEST(Contract, RefusesMoreRolesThanBits) {
  std::vector<std::string> names;
  for (int i = 0; i < 65; ++i) names.push_back("role" + std::to_string(i));
  const std::vector<std::string_view> all(names.begin(), names.end());
  method most = method_named("A.Most", 1);
  most.may_send = std::span(all).first(64);
  const listed fits({most});
  contract known;
  ASSERT_TRUE(known.add(fits.what));
  EXPECT_EQ(known.senders_of(0), ~std::uint64_t{0});
  method same = method_named("B.Same", 2);
  same.may_receive = std::span(all).first(1);
  method more = method_named("B.More", 3);
  more.may_send = std::span(all).last(1);
  const listed too_many({same, more}, false, "Two");
  const auto added = known.add(too_many.what);
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().code, errc::invalid);
  EXPECT_NE(added.error().message.find("Two there are 65 roles"), std::string::npos) << added.error().message;
  EXPECT_EQ(known.find("B.Same"), nullptr);
}

TEST(Contract, RefusesTheNamesOfTheRuntime) {
  method answers = method_named("add", 1);
  answers.reply = "parley.added";
  for (const method& m : {method_named("parley.fence", 1), method_named("parley.own_id", 1), answers}) {
    const listed one({m});
    contract known;
    const auto added = known.add(one.what);
    ASSERT_FALSE(added);
    EXPECT_EQ(added.error().code, errc::invalid);
    EXPECT_NE(added.error().message.find("reserved"), std::string::npos) << added.error().message;
    EXPECT_EQ(known.find(m.name), nullptr);
  }
  const listed near({method_named("parley", 1), method_named("parleyX.fence", 1), method_named("Parley.Fence", 1)});
  contract known;
  EXPECT_TRUE(known.add(near.what));
}

TEST(Contract, TakesAServiceOnceHoweverOftenItIsAdded) {
  const listed lobby({method_named("Lobby.Add", 1)}, true);
  contract known;
  ASSERT_TRUE(known.add(lobby.what));
  EXPECT_TRUE(known.add(lobby.what));
  EXPECT_EQ(known.prints().size(), 1u);
}

TEST(Contract, RefusesANameThatIsTakenAndStaysAsItWas) {
  const listed one({method_named("add", 1)}, false, "lobby.v1.Lobby");
  const listed other({method_named("sub", 1), method_named("add", 1)}, false, "lobby.v2.Lobby");
  contract known;
  ASSERT_TRUE(known.add(one.what));
  const auto added = known.add(other.what);
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().code, errc::invalid);
  EXPECT_EQ(added.error().message,
            "lobby.v1.Lobby and lobby.v2.Lobby have a method with the wire name add: give one of them a prefix of its own, "
            "(parley.service) = { prefix: \"lobby.v2.Lobby.\" }");
  EXPECT_EQ(known.find("sub"), nullptr);
  EXPECT_EQ(known.prints().size(), 1u);
}

TEST(Contract, RefusesAnIdThatIsTaken) {
  method twin = method_named("Lobby.Sub", 1);
  twin.id = wire::method_id("Lobby.Add");
  const listed one({method_named("Lobby.Add", 1)}, false, "lobby.v1.Lobby");
  const listed other({twin}, false, "lobby.v2.Lobby");
  contract known;
  ASSERT_TRUE(known.add(one.what));
  const auto added = known.add(other.what);
  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().message,
            "lobby.v1.Lobby and lobby.v2.Lobby have methods with the same id, Lobby.Add and Lobby.Sub: give one of them another `name`");
}

TEST(Contract, RelaysUnknownEventsForOneService) {
  const listed one({}, true);
  const listed other({}, true);
  const listed third({}, false);
  contract known;
  EXPECT_FALSE(known.relays_unknown());
  ASSERT_TRUE(known.add(one.what));
  ASSERT_TRUE(known.add(third.what));
  EXPECT_TRUE(known.relays_unknown());
  EXPECT_FALSE(known.add(other.what));
}

TEST(Contract, KnowsItsLargestPayload) {
  method large = method_named("Files.Put", 1);
  large.max_bytes = 1'000'000;
  method small = method_named("Files.Get", 1);
  small.max_bytes = 10;
  const listed files({large, small});
  contract known;
  EXPECT_EQ(known.largest_payload(64), 64u);
  ASSERT_TRUE(known.add(files.what));
  EXPECT_EQ(known.largest_payload(64), 1'000'000u);
  EXPECT_EQ(known.largest_payload(2'000'000), 2'000'000u);
}

TEST(Contract, ListsItsMethodsAndWhatTheyAccept) {
  const std::array<std::uint64_t, 2> earlier{3, 4};
  const listed lobby({method_named("Lobby.Add", 1), method_named("Lobby.Say", 2, earlier)});
  contract known;
  ASSERT_TRUE(known.add(lobby.what));
  EXPECT_EQ(known.prints(), (std::vector{print_of("Lobby.Add", 1), print_of("Lobby.Say", 2)}));
  EXPECT_EQ(known.accepted(), (std::vector{print_of("Lobby.Say", 3), print_of("Lobby.Say", 4)}));
}

class Comparison : public testing::Test {
 protected:
  Comparison() { EXPECT_TRUE(known.add(lobby.what)); }
  const std::array<std::uint64_t, 1> earlier{9};
  const listed lobby{{method_named("Lobby.Add", 10), method_named("Lobby.Say", 20, earlier)}};
  contract known;
};

TEST_F(Comparison, OfEqualListsFindsNothing) {
  const auto found = compare(known, hello_with(known.prints()));
  EXPECT_TRUE(found.mismatched.empty());
  EXPECT_TRUE(found.missing.empty());
  EXPECT_EQ(found.contract, wire::contract_of(known.prints()));
}

TEST_F(Comparison, HasTheContractOfTheVectors) {
  contract real;
  const listed demo({method_named("Lobby.Add", 0x466a160a4609156f), method_named("Lobby.Say", 0xc699c85d92fa11a0)});
  ASSERT_TRUE(real.add(demo.what));
  EXPECT_EQ(compare(real, hello_with(real.prints())).contract, 0xb046b9356d305ca5u);
}

TEST_F(Comparison, TakesItsOwnFingerprintsForTheContractOfTheSameNames) {
  const auto found = compare(known, hello_with({print_of("Lobby.Say", 77)}));
  const std::vector mine{print_of("Lobby.Say", 20)};
  EXPECT_EQ(found.contract, wire::contract_of(mine));
}

TEST_F(Comparison, AcceptsWhatEitherEndAccepts) {
  EXPECT_TRUE(compare(known, hello_with({print_of("Lobby.Say", 9)})).mismatched.empty());
  EXPECT_TRUE(
      compare(known, hello_with({print_of("Lobby.Add", 11)}, {print_of("Lobby.Add", 5), print_of("Lobby.Add", 10)})).mismatched.empty());
}

TEST_F(Comparison, NamesWhatNeitherEndAcceptsWithItsOwnFingerprint) {
  const auto found = compare(known, hello_with({print_of("Lobby.Add", 11), print_of("Lobby.Say", 8)},
                                               // The accepted shapes of one method do not apply to
                                               // another.
                                               {print_of("Lobby.Say", 10), print_of("Lobby.Add", 20), print_of("Lobby.Add", 9)}));
  EXPECT_EQ(found.mismatched, (std::vector{print_of("Lobby.Add", 10), print_of("Lobby.Say", 20)}));
}

TEST_F(Comparison, ReadsBinaryListsWhichHaveNoNames) {
  const std::uint32_t add = wire::method_id("Lobby.Add");
  const auto found = compare(known, hello_with({{"", add, 11}, {"", 5, 1}}));
  EXPECT_EQ(found.mismatched, std::vector{print_of("Lobby.Add", 10)});
  EXPECT_EQ(found.missing, (std::vector{wire::print{"", 5, 0}}));
  EXPECT_TRUE(compare(known, hello_with({{"", add, 11}}, {{"", add, 10}})).mismatched.empty());
}

TEST_F(Comparison, OfAnotherNameWithTheSameIdFindsItMissing) {
  const auto found = compare(known, hello_with({{"Lobby.Else", wire::method_id("Lobby.Add"), 10}}));
  ASSERT_EQ(found.missing.size(), 1u);
  EXPECT_EQ(found.missing[0].name, "Lobby.Else");
}

}  // namespace
