#include "parley/wire/target_text.hpp"

#include <gtest/gtest.h>

namespace {

using namespace parley;

constexpr std::string_view uuid = "0b8c2a34-9f0e-4a7e-8f0e-2d1a5b6c7d8e";

target read(std::string_view text) {
  const result<target> where = parse_target(text);
  EXPECT_TRUE(where) << text;
  return where ? *where : target{};
}
bool refused(std::string_view text) {
  const result<target> where = parse_target(text);
  return !where && where.error().code == errc::unknown_target &&
         where.error().message.find(text.empty() ? "\n" : text) == std::string::npos;
}

TEST(TargetText, OfTheWords) {
  EXPECT_EQ(read("server").kind, target_kind::server);
  EXPECT_EQ(read("sender").kind, target_kind::sender);
  EXPECT_EQ(read("all").kind, target_kind::all);
  EXPECT_EQ(read("others").kind, target_kind::others);
  EXPECT_TRUE(read("others").name.empty());
}

TEST(TargetText, WithoutAPrefixIsAClient) {
  EXPECT_EQ(read(uuid), (target{.kind = target_kind::client, .name = std::string(uuid)}));
  EXPECT_EQ(read("Others").kind, target_kind::client);
  EXPECT_EQ(read("all ").name, "all ");
  EXPECT_EQ(read("none").name, "none");
}

TEST(TargetText, WithAPrefix) {
  EXPECT_EQ(read("id:all"), (target{.kind = target_kind::client, .name = "all"}));
  EXPECT_EQ(read("id:a:b"), (target{.kind = target_kind::client, .name = "a:b"}));
  EXPECT_EQ(read("user:ann:x"), (target{.kind = target_kind::user, .name = "ann:x"}));
  EXPECT_EQ(read("group:Room:blue"), (target{.kind = target_kind::group, .name = "Room:blue"}));
  EXPECT_EQ(read("group_others:Room:blue"), (target{.kind = target_kind::group_others, .name = "Room:blue"}));
}

TEST(TargetText, OfAGroupEndsItsNameAtTheSecondColon) { EXPECT_EQ(read("group:Room:a:b%2Fc").name, "Room:a:b%2Fc"); }

TEST(TargetText, OfAGroupHasOneSpelling) {
  EXPECT_EQ(read("group:Room:%61%3A%2f"), read("group:Room:a:%2F"));
  EXPECT_EQ(read("group:Room:%25").name, "Room:%25");
  EXPECT_EQ(read("group:Room:a/b").name, "Room:a/b");  // the name contains two fields
  EXPECT_NE(read("group:Room:a/b"), read("group:Room:a%2Fb"));
  EXPECT_EQ(read("group:Room:%C3%A9").name, "Room:\u00e9");
}

TEST(TargetText, ThatCanNameNobodyIsUnknown) {
  for (const std::string_view text : {"",
                                      "foo:bar",
                                      ":",
                                      ":all",
                                      "id:",
                                      "user:",
                                      "group:",
                                      "group:Room",
                                      "group:Room:",
                                      "group::key",
                                      "group:1Room:key",
                                      "group:Ro om:key",
                                      "group_others:",
                                      "group_others:Room",
                                      "group:Room:a//b",
                                      "group:Room:/a",
                                      "group:Room:a/",
                                      "group:Room:%",
                                      "group:Room:%2",
                                      "group:Room:%G0",
                                      "group:Room:%0G",
                                      "group:Room:%00",
                                      "group:Room:%0a",
                                      "group:Room:\x7f",
                                      "group:Room:%C3",
                                      "group:Room:\xff",
                                      "groups:Room:key",
                                      "ID:x",
                                      "all:"})
    EXPECT_TRUE(refused(text)) << text;
}

TEST(TargetText, OfAGroupIsBounded) {
  const std::string longest(128, 'k');
  EXPECT_EQ(read("group:Room:" + longest).name, "Room:" + longest);
  EXPECT_TRUE(refused("group:Room:" + longest + "k"));
  EXPECT_TRUE(refused("group:" + longest + "k:key"));
  EXPECT_EQ(read("group:Room:" + longest + "/" + longest).name.size(), 5u + 128 + 1 + 128);
  std::string slashes;
  for (int i = 0; i < 128; ++i) slashes += "%2F";
  EXPECT_EQ(read("group:Room:" + slashes).name, "Room:" + slashes);
}

TEST(TargetText, SaysWhichKindWasMeantEvenIfNobodyCanBeMeant) {
  target where;
  EXPECT_FALSE(wire::read_target("group:Room", where));
  EXPECT_EQ(where.kind, target_kind::group);
  EXPECT_FALSE(wire::read_target("foo:bar", where));
  EXPECT_EQ(where.kind, target_kind::none);
}

TEST(TargetText, IsKeptAsItWasWrittenWhereNobodyCanBeMeant) {
  for (const char* text : {"group:Room", "group:Room:", "group_others::x", "user:", "foo:bar", ":", ""}) {
    target where;
    EXPECT_FALSE(wire::read_target(text, where)) << text;
    EXPECT_EQ(to_text(where), text);
  }
}

TEST(TargetText, IsWrittenAsItIsRead) {
  for (const std::string_view text : {"server", "sender", "all", "others", "0b8c2a34-9f0e-4a7e-8f0e-2d1a5b6c7d8e", "id:all", "id:a:b",
                                      "id:user:x", "user:ann", "group:Room:a:b%2Fc/7", "group_others:Room:blue"})
    EXPECT_EQ(to_text(read(text)), text);
}

TEST(TargetText, PrefixesAClientOnlyWhereItWouldBeReadAsSomethingElse) {
  EXPECT_EQ(to_text(read("id:someone")), "someone");
  EXPECT_EQ(to_text({.kind = target_kind::client, .name = "others"}), "id:others");
}

TEST(TargetText, IsEmptyForDefaultsAndLists) {
  EXPECT_EQ(to_text({}), "");
  EXPECT_EQ(to_text({.kind = target_kind::several, .parts = {{.kind = target_kind::all}}}), "");
}

TEST(TargetText, InPlainModeCannotSayEverything) {
  EXPECT_TRUE(wire::has_plain_text({}));
  EXPECT_TRUE(wire::has_plain_text(read("all")));
  EXPECT_TRUE(wire::has_plain_text(read(uuid)));
  EXPECT_TRUE(wire::has_plain_text(read("group:Room:blue")));
  EXPECT_FALSE(wire::has_plain_text(read("id:all")));
  EXPECT_FALSE(wire::has_plain_text(read("id:a:b")));
  EXPECT_FALSE(wire::has_plain_text({.kind = target_kind::client}));
  EXPECT_FALSE(wire::has_plain_text({.kind = target_kind::several}));
}

TEST(Targets, OfSeveralClientsAreAList) {
  const target where = target_traits<to::clients>::value(to::clients{{"a", "b"}});
  ASSERT_EQ(where.kind, target_kind::several);
  ASSERT_EQ(where.parts.size(), 2u);
  EXPECT_EQ(where.parts[1], (target{.kind = target_kind::client, .name = "b"}));
}

using say_target = one_of<to::others_t, to::all_t, to::client>;

TEST(Targets, ChosenAtRunTimeBelongToASet) {
  EXPECT_EQ(say_target{}.get().kind, target_kind::others);
  EXPECT_EQ(say_target{to::client{"x"}}.get().name, "x");
  EXPECT_TRUE(say_target::contains(read("all")));
  EXPECT_FALSE(say_target::contains(read("server")));
  EXPECT_TRUE(say_target::contains(target_traits<to::clients>::value(to::clients{{"a"}})));
  EXPECT_FALSE(say_target::contains({.kind = target_kind::several, .parts = {read("all"), read("user:x")}}));
  EXPECT_FALSE(say_target::contains({.kind = target_kind::several}));
}

}  // namespace
