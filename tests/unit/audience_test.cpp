// The receivers of an event if there are several places: members of this place, and the other
// places that have receivers. The model is set arithmetic.
#include "parley/routing/audience.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <optional>
#include <ostream>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace parley;
using routing::forms;
using testing::ElementsAre;
using testing::IsEmpty;

using place = int;
// Each member is represented by its id.
using audience = routing::audience<std::string, place>;
using receivers = routing::receivers<std::string, place>;

struct whereabouts {
  place at;
  forms needs;
  std::string user{};
};
using directory = std::map<std::string, whereabouts>;

// What the audience at `here` knows about the other places.
struct elsewhere {
  const directory& all;
  place here;

  template <class Found>
  bool find(const std::string& id, Found found) const {
    const auto known = all.find(id);
    if (known == all.end()) return false;
    if (known->second.at != here) found(known->second.at, known->second.needs);
    return true;
  }
  template <class Found>
  bool find_user(const std::string& name, Found found) const {
    bool any = false;
    for (const auto& [id, where] : all)
      if (where.at != here && !name.empty() && where.user == name) found(where.at, where.needs), any = true;
    return any;
  }
  template <class Found>
  void each(Found found) const {
    std::map<place, forms> needed;
    for (const auto& [id, where] : all)
      if (where.at != here) needed[where.at] |= where.needs;
    for (const auto& [at, needs] : needed) found(at, needs);
  }
};
static_assert(routing::other_places<elsewhere, place>);
static_assert(routing::other_places<routing::nowhere, place>);

const target to_server{.kind = target_kind::server};
const target to_sender{.kind = target_kind::sender};
const target to_all{.kind = target_kind::all};
const target to_others{.kind = target_kind::others};
target user(std::string name) { return {.kind = target_kind::user, .name = std::move(name)}; }
target client(std::string id) { return {.kind = target_kind::client, .name = std::move(id)}; }
target several(std::vector<target> parts) { return {.kind = target_kind::several, .parts = std::move(parts)}; }
target but(target set, std::vector<std::string> except) {
  set.except = std::move(except);
  return set;
}

// --- The table of states: ann and bob are here, cat and dan are at places 2 and 3, and eve is at
// no place. Ann and cat are sessions of the principal "x", dan is one of "y", and bob of
// nobody in particular.

struct row {
  const char* name;
  target to;
  std::string subject;
  std::optional<std::string> here;  // empty: unknown_target
  std::string places;
  forms needed;
  bool asked;  // may_reach()
};
std::ostream& operator<<(std::ostream& out, const row& r) { return out << r.name; }

class State : public testing::TestWithParam<row> {};

TEST_P(State, Gives_the_members_here_the_other_places_and_what_is_needed_there) {
  const row& r = GetParam();
  audience here;
  here.add("ann", "a", "x");
  here.add("bob", "b");
  const directory all{{"ann", {1, 1, "x"}}, {"bob", {1, 2}}, {"cat", {2, 4, "x"}}, {"dan", {3, 8, "y"}}};
  receivers out{.here = {"left over"}, .places = {9}, .needed_there = 64};
  const auto found = here.walk(r.to, r.subject, elsewhere{all, 1}, out);
  EXPECT_EQ(found.has_value(), r.here.has_value());
  if (!found) { EXPECT_EQ(found.error(), error(errc::unknown_target)); }
  std::string members, places;
  for (const std::string& one : out.here) members += one;
  for (const place one : out.places) places += std::to_string(one);
  EXPECT_EQ(members, r.here.value_or(""));
  EXPECT_EQ(places, r.places);
  EXPECT_EQ(out.needed_there, r.needed);
  EXPECT_EQ(here.may_reach(r.to, elsewhere{all, 1}), r.asked);
}

const row rows[] = {
    {"server", to_server, "ann", "", "", 0, true},
    {"sender_here", to_sender, "ann", "a", "", 0, true},
    {"sender_elsewhere", to_sender, "cat", "", "2", 4, true},
    {"sender_nowhere", to_sender, "eve", std::nullopt, "", 0, true},
    {"sender_not_named", to_sender, "", std::nullopt, "", 0, true},
    {"client_here", client("bob"), "ann", "b", "", 0, true},
    {"client_itself", client("ann"), "ann", "a", "", 0, true},
    {"client_elsewhere", client("dan"), "ann", "", "3", 8, true},
    {"client_nowhere", client("eve"), "ann", std::nullopt, "", 0, false},
    {"client_here_excepted", but(client("bob"), {"bob"}), "ann", "", "", 0, true},
    {"client_elsewhere_excepted_there", but(client("cat"), {"cat"}), "ann", "", "2", 4, true},
    {"all", to_all, "ann", "ab", "23", 12, true},
    {"all_but_one", but(to_all, {"ann", "cat", "eve"}), "ann", "b", "23", 12, true},
    {"others_of_one_here", to_others, "ann", "b", "23", 12, true},
    {"others_of_one_elsewhere", to_others, "cat", "ab", "23", 12, true},
    {"others_of_nobody", to_others, "eve", "ab", "23", 12, true},
    {"others_not_named", to_others, "", "ab", "23", 12, true},
    {"list_here", several({client("bob"), client("ann"), client("bob")}), "ann", "ab", "", 0, true},
    {"list_here_and_there", several({client("dan"), client("ann"), client("eve")}), "ann", "a", "3", 8, true},
    {"list_of_one_place", several({client("dan"), client("dan")}), "ann", "", "3", 8, true},
    {"list_of_sets", several({to_others, to_sender}), "ann", "ab", "23", 12, true},
    {"list_of_sets_but_one", but(several({to_others, to_sender}), {"bob"}), "ann", "a", "23", 12, true},
    {"list_with_the_server", several({client("eve"), to_server}), "ann", "", "", 0, true},
    {"list_of_nobody", several({client("eve"), client("eva")}), "ann", std::nullopt, "", 0, false},
    {"list_of_nothing", several({}), "ann", "", "", 0, false},
    {"list_in_a_list", several({several({to_all})}), "ann", std::nullopt, "", 0, true},
    {"list_in_a_list_beside_one", several({several({to_all}), client("bob")}), "ann", "b", "", 0, true},
    {"none", {}, "ann", std::nullopt, "", 0, true},
    {"user_here_and_there", user("x"), "bob", "a", "2", 4, true},
    {"user_elsewhere", user("y"), "ann", "", "3", 8, true},
    {"user_nowhere", user("z"), "ann", std::nullopt, "", 0, false},
    {"user_by_the_id_of_a_client", user("ann"), "ann", std::nullopt, "", 0, false},
    {"user_nobody", user(""), "ann", std::nullopt, "", 0, false},
    {"user_excepted", but(user("x"), {"ann"}), "bob", "", "2", 4, true},
    {"list_of_users", several({user("y"), user("z"), user("x"), client("ann")}), "bob", "a", "32", 12, true},
    {"list_of_unknown_users", several({user("z"), client("eve")}), "bob", std::nullopt, "", 0, false},
    {"group", {.kind = target_kind::group, .name = "Room:red"}, "ann", std::nullopt, "", 0, true},
    {"group_others", {.kind = target_kind::group_others, .name = "Room:red"}, "ann", std::nullopt, "", 0, true},
    {"list_with_a_group", several({{.kind = target_kind::group, .name = "Room:red"}, client("ann")}), "ann", "a", "", 0, true},
};
INSTANTIATE_TEST_SUITE_P(Of, State, testing::ValuesIn(rows), [](const auto& instance) { return std::string(instance.param.name); });

TEST(AudienceOfOnePlace, Asks_nobody_else) {
  audience here;
  here.add("ann", "a");
  receivers out;
  EXPECT_FALSE(here.walk(client("cat"), "ann", routing::nowhere{}, out));
  EXPECT_FALSE(here.may_reach(client("cat"), routing::nowhere{}));
  EXPECT_TRUE(here.walk(to_others, "ann", routing::nowhere{}, out));
  EXPECT_THAT(out.here, IsEmpty());
  EXPECT_THAT(out.places, IsEmpty());
}

struct untouched {
  bool find(const std::string& id, auto) const {
    ADD_FAILURE() << id;
    return false;
  }
  bool find_user(const std::string& name, auto) const {
    ADD_FAILURE() << name;
    return false;
  }
  void each(auto) const { ADD_FAILURE(); }
};

// This saves a lock.
TEST(AudienceOfSeveralPlaces, Does_not_ask_others_about_a_member_that_is_here) {
  audience here;
  here.add("ann", "a");
  receivers out;
  EXPECT_TRUE(here.walk(client("ann"), "ann", untouched{}, out));
  EXPECT_TRUE(here.walk(to_sender, "ann", untouched{}, out));
  EXPECT_TRUE(here.walk(several({client("ann"), to_sender, to_server}), "ann", untouched{}, out));
  EXPECT_TRUE(here.may_reach(client("ann"), untouched{}));
}

// --- A random walk over three places, with fixed seeds.

class House {
 public:
  static constexpr std::size_t places = 3;

  void connect(const std::string& id, place at, forms needs, const std::string& user) {
    if (!all_.emplace(id, whereabouts{at, needs, user}).second) return;
    audiences_[static_cast<std::size_t>(at)].add(id, id, user);
  }
  void leave(const std::string& id) {
    const auto known = all_.find(id);
    if (known == all_.end()) return;
    audiences_[static_cast<std::size_t>(known->second.at)].remove(id, known->second.user);
    all_.erase(known);
  }

  bool walk(place at, const target& to, const std::string& subject, receivers& out) {
    return audiences_[static_cast<std::size_t>(at)].walk(to, subject, elsewhere{all_, at}, out).has_value();
  }
  bool may_reach(place at, const target& to) { return audiences_[static_cast<std::size_t>(at)].may_reach(to, elsewhere{all_, at}); }
  std::vector<std::string> arrive(place at, const target& to, const std::string& subject) {
    receivers out;
    audiences_[static_cast<std::size_t>(at)].walk_here(to, subject, out);
    EXPECT_THAT(out.places, IsEmpty());
    return out.here;
  }
  const directory& all() const { return all_; }

 private:
  directory all_;
  std::array<audience, places> audiences_;
};

// The model: the ids that a target names, and whether it names anybody.
struct named {
  std::set<std::string> ids;
  bool known = true;
};

named named_by(const directory& all, const target& to, const std::string& subject) {
  named out;
  const auto one = [&](const std::string& id) {
    out.known = all.contains(id);
    if (out.known) out.ids.insert(id);
  };
  if (to.kind == target_kind::client) one(to.name);
  if (to.kind == target_kind::sender) one(subject);
  if (to.kind == target_kind::user) {
    for (const auto& [id, where] : all)
      if (!to.name.empty() && where.user == to.name) out.ids.insert(id);
    out.known = !out.ids.empty();
  }
  if (to.kind == target_kind::all || to.kind == target_kind::others)
    for (const auto& [id, where] : all)
      if (to.kind == target_kind::all || id != subject) out.ids.insert(id);
  if (to.kind == target_kind::several) {
    out.known = to.parts.empty();
    for (const target& part : to.parts) {
      const named more = named_by(all, part, subject);
      out.ids.insert(more.ids.begin(), more.ids.end());
      out.known = out.known || more.known;
    }
  }
  for (const std::string& id : to.except) out.ids.erase(id);
  return out;
}

std::set<std::string> at_place(const directory& all, const std::set<std::string>& ids, place at) {
  std::set<std::string> out;
  for (const std::string& id : ids)
    if (const auto known = all.find(id); known != all.end() && known->second.at == at) out.insert(id);
  return out;
}

class Chance {
 public:
  explicit Chance(unsigned seed) : random_(seed) {}
  unsigned below(unsigned end) { return static_cast<unsigned>(random_() % end); }
  std::string id() { return "client-" + std::to_string(below(24)); }
  std::string name() { return std::string("wxyz").substr(below(5), 1); }  // one of five is nobody in particular
  place at() { return static_cast<place>(below(House::places)); }
  target simple() {
    switch (below(8)) {
      case 4:
      case 5:
        return user(name());
      case 0:
        return to_all;
      case 1:
        return to_others;
      case 2:
        return to_sender;
      case 3:
        return to_server;
      default:
        return client(id());
    }
  }
  target any() {
    target to = simple();
    if (below(3) == 0) {
      to = several({});
      for (unsigned parts = 1 + below(5); parts != 0; --parts) to.parts.push_back(simple());
    }
    if (below(3) == 0)
      for (unsigned left_out = 1 + below(4); left_out != 0; --left_out) to.except.push_back(id());
    return to;
  }
  void change(House& house) {
    if (below(2) == 0) house.connect(id(), at(), forms{1} << below(10), name());
    else house.leave(id());
  }

 private:
  std::mt19937 random_;
};

// Expects each once, in the order in which all members of the place are found.
void expect_each_once(House& house, place at, const std::vector<std::string>& found, const std::set<std::string>& expected) {
  std::vector<std::string> in_order = house.arrive(at, to_all, "");
  std::erase_if(in_order, [&](const std::string& id) { return !expected.contains(id); });
  EXPECT_EQ(found, in_order);
}

class Walk : public testing::TestWithParam<unsigned> {};

TEST_P(Walk, Finds_whom_set_arithmetic_finds) {
  Chance chance(GetParam());
  House house;
  receivers out;
  for (int step = 0; step < 400 && !HasFailure(); ++step) {
    for (unsigned changes = chance.below(4); changes != 0; --changes) chance.change(house);
    const target to = chance.any();
    const std::string subject = chance.id();
    const place at = chance.at();
    const named expected = named_by(house.all(), to, subject);
    ASSERT_EQ(house.walk(at, to, subject, out), expected.known) << step;
    expect_each_once(house, at, out.here, at_place(house.all(), expected.ids, at));

    // All places together reach every receiver once, in a form that was made for it. A place
    // without receivers is visited only because of OTHERS or `except`, which that place evaluates
    // itself.
    std::set<std::string> reached(out.here.begin(), out.here.end());
    std::size_t deliveries = out.here.size();
    target whole = to;
    whole.except.clear();
    std::set<std::string> named_at_all = named_by(house.all(), whole, subject).ids;
    named_at_all.insert(subject);
    EXPECT_EQ(std::set<place>(out.places.begin(), out.places.end()).size(), out.places.size());
    for (const place other : out.places) {
      EXPECT_NE(other, at);
      EXPECT_THAT(at_place(house.all(), named_at_all, other), testing::Not(IsEmpty())) << step;
      const std::vector<std::string> there = house.arrive(other, to, subject);
      expect_each_once(house, other, there, at_place(house.all(), expected.ids, other));
      for (const std::string& id : there) EXPECT_EQ(out.needed_there & house.all().at(id).needs, house.all().at(id).needs) << step;
      reached.insert(there.begin(), there.end());
      deliveries += there.size();
    }
    EXPECT_EQ(reached, expected.ids) << step;
    EXPECT_EQ(deliveries, reached.size()) << step;
  }
}

// The handler is asked exactly about the events that can be delivered. The sender itself is always
// connected.
TEST_P(Walk, Asks_the_handler_about_what_can_be_delivered) {
  Chance chance(GetParam());
  House house;
  receivers out;
  for (int step = 0; step < 400; ++step) {
    chance.change(house);
    const std::string sender = chance.id();
    const place at = chance.at();
    house.connect(sender, at, 1, chance.name());
    const target to = chance.any();
    ASSERT_EQ(house.may_reach(at, to), house.walk(at, to, sender, out)) << step;
  }
}

// Members leave and connect after one place has found the receivers and before another place
// delivers the event, at every point of a series of changes.
TEST_P(Walk, Delivers_at_another_place_to_those_who_are_there_then) {
  Chance chance(GetParam());
  for (int round = 0; round < 20 && !HasFailure(); ++round) {
    House house;
    for (int i = 0; i < 30; ++i) house.connect(chance.id(), chance.at(), forms{1} << chance.below(10), chance.name());
    const target to = chance.any();
    const std::string subject = chance.id();
    const place at = chance.at();
    receivers out;
    if (!house.walk(at, to, subject, out)) continue;
    for (int cut = 0; cut < 30; ++cut) {
      for (const place other : out.places)
        expect_each_once(house, other, house.arrive(other, to, subject),
                         at_place(house.all(), named_by(house.all(), to, subject).ids, other));
      chance.change(house);
    }
  }
}

// The found members are copies of the handles, so the audience may change before each has received
// the event.
TEST_P(Walk, Keeps_what_it_found_while_members_leave) {
  Chance chance(GetParam());
  House house;
  for (int i = 0; i < 60; ++i) house.connect(chance.id(), 0, 1, chance.name());
  receivers out;
  ASSERT_TRUE(house.walk(0, to_all, "", out));
  const std::vector<std::string> before = out.here;
  for (const std::string& id : before) {
    house.leave(id);
    EXPECT_EQ(out.here, before);
  }
  ASSERT_TRUE(house.walk(0, to_all, "", out));
  EXPECT_THAT(out.here, IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Seeded, Walk, testing::Range(1u, 26u));

}  // namespace
