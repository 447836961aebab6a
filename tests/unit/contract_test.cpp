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
