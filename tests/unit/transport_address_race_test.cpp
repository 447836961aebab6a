// When each address is tried (RFC 8305), with tables and with random attempts.
#include "parley/transport/tcp/address_race.hpp"

#include <asio/ip/tcp.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using asio::ip::tcp;
using parley::time_point;
using address_race = parley::transport::address_race<tcp::endpoint>;

constexpr time_point start{1h};

std::vector<tcp::endpoint> ends(const std::vector<std::string>& texts) {
  std::vector<tcp::endpoint> all;
  for (const std::string& text : texts) all.emplace_back(asio::ip::make_address(text), std::uint16_t{80});
  return all;
}

TEST(AddressRace, Alternates_the_families_and_begins_with_the_systems_first) {
  struct row {
    std::vector<std::string> found, tried;
  };
  const std::vector<row> rows{
      {{}, {}},
      {{"127.0.0.1"}, {"127.0.0.1"}},
      {{"::1", "::2", "::3", "10.0.0.1", "10.0.0.2"}, {"::1", "10.0.0.1", "::2", "10.0.0.2", "::3"}},
      {{"10.0.0.1", "::1", "10.0.0.2", "10.0.0.3"}, {"10.0.0.1", "::1", "10.0.0.2", "10.0.0.3"}},
      {{"10.0.0.2", "10.0.0.1", "10.0.0.2"}, {"10.0.0.2", "10.0.0.1"}},
  };
  for (const row& one : rows) EXPECT_EQ(address_race(ends(one.found)).addresses(), ends(one.tried));
}

TEST(AddressRace, Tries_no_more_than_its_bound) {
  std::vector<std::string> many;
  for (int i = 0; i < 200; ++i) many.push_back((i % 3 ? "10.0.0." : "::") + std::to_string(i));
  const address_race race(ends(many));
  EXPECT_EQ(race.addresses().size(), address_race::most);
}

TEST(AddressRace, Is_lost_at_once_without_addresses) {
  address_race race({});
  EXPECT_TRUE(race.lost());
  EXPECT_EQ(race.next(start), std::nullopt);
  EXPECT_EQ(race.next_attempt(), time_point::max());
}

TEST(AddressRace, Begins_the_next_after_its_delay_or_after_a_failure) {
  address_race race(ends({"10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"}));
  EXPECT_LE(race.next_attempt(), start);
  EXPECT_EQ(race.next(start), 0u);
  EXPECT_EQ(race.next(start), std::nullopt) << "two at the same time";
  EXPECT_EQ(race.next_attempt(), start + 250ms);
  EXPECT_EQ(race.next(start + 249ms), std::nullopt);
  EXPECT_EQ(race.next(start + 250ms), 1u);
  EXPECT_EQ(race.next_attempt(), start + 500ms);
  race.failed();
  EXPECT_EQ(race.next(start + 251ms), 2u) << "a failure does not wait";
  EXPECT_EQ(race.next(start + 251ms), std::nullopt);
  EXPECT_EQ(race.next(start + 501ms), 3u);
  EXPECT_EQ(race.next_attempt(), time_point::max()) << "none is left";
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(race.lost());
    race.failed();
  }
  EXPECT_TRUE(race.lost());
}

// Attempts fail, succeed or stay silent, each in its own time. The race does not stop while an
// address is left, starts each address once and in order, and reaches the first good one no later
// than its position in the list allows.
TEST(AddressRace, Finds_whoever_answers_in_time) {
  std::mt19937 random(8305);
  const auto below = [&](unsigned n) { return static_cast<int>(random() % n); };
  int won = 0, lost = 0, silent = 0;
  for (int round = 0; round < 3000; ++round) {
    const std::size_t count = static_cast<std::size_t>(1 + below(8));
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < count; ++i) texts.push_back((below(2) ? "10.0.0." : "::") + std::to_string(i + 1));
    address_race race(ends(texts));
    ASSERT_EQ(race.addresses().size(), count);
    enum class fate { fails, succeeds, nothing };
    std::vector<std::pair<fate, std::chrono::milliseconds>> fates;
    for (std::size_t i = 0; i < count; ++i) {
      const int dice = below(10);
      fates.emplace_back(dice < 5 ? fate::fails : dice < 7 ? fate::succeeds : fate::nothing, std::chrono::milliseconds(below(900)));
    }
    std::multimap<time_point, std::size_t> coming;
    std::size_t begun = 0;
    time_point now = start, last_begun = time_point::min();
    bool failure_since = false;
    std::optional<std::size_t> winner;
    for (;;) {
      while (const auto place = race.next(now)) {
        ASSERT_EQ(*place, begun++) << "out of order";
        if (*place > 0) { EXPECT_TRUE(failure_since || now - last_begun >= address_race::delay) << "too early"; }
        last_begun = now;
        failure_since = false;
        if (fates[*place].first != fate::nothing) coming.emplace(now + fates[*place].second, *place);
      }
      const time_point event = coming.empty() ? time_point::max() : coming.begin()->first;
      const time_point next = std::min(event, race.next_attempt());
      if (next == time_point::max()) break;
      now = std::max(now, next);
      if (event > now) continue;
      const std::size_t place = coming.begin()->second;
      coming.erase(coming.begin());
      if (fates[place].first == fate::succeeds) {
        winner = place;
        break;
      }
      race.failed();
      failure_since = true;
      if (race.lost()) break;
    }
    const auto good = std::find_if(fates.begin(), fates.end(), [](const auto& f) { return f.first == fate::succeeds; });
    ASSERT_EQ(winner.has_value(), good != fates.end());
    if (winner) {
      ++won;
      EXPECT_LE(now - start, (good - fates.begin()) * address_race::delay + good->second);
    } else {
      EXPECT_EQ(begun, count) << "not everything was tried";
      const bool all_failed = std::all_of(fates.begin(), fates.end(), [](const auto& f) { return f.first == fate::fails; });
      EXPECT_EQ(race.lost(), all_failed);
      ++(all_failed ? lost : silent);
    }
  }
  EXPECT_GT(std::min({won, lost, silent}), 50);
}

}  // namespace
