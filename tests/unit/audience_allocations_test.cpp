// After the first event of a kind was routed, finding receivers allocates nothing.
#include "counted_memory.hpp"
#include "parley/routing/audience.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <string>

namespace {

using namespace parley;

std::string id_of(int number) { return "a client whose id is longer than a short string: " + std::to_string(number); }

// Every second member is at another place.
struct half_elsewhere {
  template <class Found>
  bool find(const std::string& id, Found found) const {
    if ((id.back() - '0') % 2 == 0) return false;
    found(1, routing::forms{2});
    return true;
  }
  template <class Found>
  bool find_user(const std::string&, Found) const {
    return false;
  }
  template <class Found>
  void each(Found found) const {
    found(1, routing::forms{2});
    found(2, routing::forms{4});
  }
};

class Audience : public testing::Test {
 protected:
  Audience() {
    for (int i = 0; i < 2000; i += 2) members.add(id_of(i), i);
  }
  template <class Elsewhere>
  void expect_none(const target& to, const Elsewhere& others) {
    const std::string subject = id_of(8);
    ASSERT_TRUE(members.walk(to, subject, others, out));
    const std::size_t before = allocations();
    for (int i = 0; i < 100; ++i) (void)members.walk(to, subject, others, out);
    EXPECT_EQ(allocations() - before, 0u);
  }
  routing::audience<int, int> members;
  routing::receivers<int, int> out;
};

const target to_one{.kind = target_kind::client, .name = id_of(500)};
const target to_others{.kind = target_kind::others, .except = {id_of(4), id_of(6)}};
const target to_list{.kind = target_kind::several,
                     .parts = {{.kind = target_kind::others}, {.kind = target_kind::sender}, to_one, {.kind = target_kind::all}}};

TEST_F(Audience, Of_one_place_takes_no_memory) {
  for (const target& to : {to_one, to_others, to_list}) expect_none(to, routing::nowhere{});
  EXPECT_EQ(out.here.size(), 1000u);
}

TEST_F(Audience, Of_several_places_takes_no_memory) {
  const target there{.kind = target_kind::client, .name = id_of(501)};
  for (const target& to : {to_one, there, to_others, to_list}) expect_none(to, half_elsewhere{});
  EXPECT_EQ(out.here.size(), 1000u);
  EXPECT_EQ(out.places.size(), 2u);
}

TEST(AudienceThatShrank, Has_released_what_a_list_of_many_took) {
  const std::size_t before = held_memory();
  routing::audience<int, int> members;
  for (int i = 0; i < 20'000; ++i) members.add(id_of(i), i);
  {
    routing::receivers<int, int> out;
    ASSERT_TRUE(members.walk(to_list, id_of(8), routing::nowhere{}, out));
    EXPECT_EQ(out.here.size(), 20'000u);
  }
  for (int i = 1; i < 20'000; ++i) members.remove(id_of(i));
  EXPECT_LT(held_memory() - before, 16u * 1024);
}

}  // namespace
