// The places of principals, by name.
#include "parley/server/user_directory.hpp"
#include "parley/routing/users.hpp"

#include <gmock/gmock.h>

#include <string>
#include <thread>
#include <vector>

namespace parley {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

std::vector<int> places_of(const user_directory<int>& all, const std::string& name) {
  std::vector<int> found;
  const bool any = all.each(name, [&](int at) { found.push_back(at); });
  EXPECT_EQ(any, !found.empty());
  return found;
}

TEST(UserDirectory, Has_each_place_once_until_its_last_client_goes) {
  user_directory<int> all;
  EXPECT_THAT(places_of(all, "ada"), IsEmpty());
  all.add("ada", 1);
  all.add("ada", 1);
  all.add("ada", 2);
  all.add("bob", 3);
  all.add("", 4);
  EXPECT_THAT(places_of(all, "ada"), UnorderedElementsAre(1, 2));
  EXPECT_THAT(places_of(all, ""), IsEmpty());
  all.remove("ada", 1);
  EXPECT_THAT(places_of(all, "ada"), UnorderedElementsAre(1, 2));
  all.remove("ada", 1);
  all.remove("ada", 1);
  EXPECT_THAT(places_of(all, "ada"), ElementsAre(2));
  all.remove("ada", 2);
  EXPECT_THAT(places_of(all, "ada"), IsEmpty());
  EXPECT_THAT(places_of(all, "bob"), ElementsAre(3));
}

TEST(UserDirectory, May_be_used_by_all_loops_at_once) {
  user_directory<int> all;
  std::vector<std::thread> loops;
  for (int loop = 0; loop < 4; ++loop)
    loops.emplace_back([&all, loop] {
      for (int i = 0; i < 2'000; ++i) {
        const std::string name = "user" + std::to_string(i % 5);
        all.add(name, loop);
        bool me = false;
        all.each(name, [&](int at) { me = me || at == loop; });
        EXPECT_TRUE(me);
        all.remove(name, loop);
      }
    });
  for (std::thread& one : loops) one.join();
  for (int i = 0; i < 5; ++i) EXPECT_THAT(places_of(all, "user" + std::to_string(i)), IsEmpty());
}

TEST(UserIndex, Has_the_members_of_each_name) {
  routing::user_index users;
  const auto ids_of = [&](const std::string& name) {
    std::vector<std::string> found;
    users.each(name, [&](const std::string& id) { found.push_back(id); });
    return found;
  };
  users.add("ada", "1");
  users.add("ada", "2");
  users.add("", "3");
  EXPECT_THAT(ids_of("ada"), UnorderedElementsAre("1", "2"));
  EXPECT_THAT(ids_of(""), IsEmpty());
  users.remove("ada", "1");
  users.remove("bob", "1");
  EXPECT_THAT(ids_of("ada"), ElementsAre("2"));
  users.remove("ada", "2");
  EXPECT_FALSE(users.each("ada", [](const std::string&) {}));
}

}  // namespace
}  // namespace parley
