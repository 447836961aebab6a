// The events that loops pass to each other: the order of each sender is kept, the waiting bytes are
// limited, and every event is delivered.
#include "parley/server/inbox.hpp"
#include "parley/routing/audience.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>

#include <atomic>
#include <cstddef>
#include <limits>
#include <map>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace parley {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::size_t everything = std::numeric_limits<std::size_t>::max() / 2;

std::shared_ptr<const crossing> event_to(target to, std::string subject, std::size_t bytes = 1) {
  return std::make_shared<const crossing>(crossing{.to = std::move(to), .subject = std::move(subject), .bytes = bytes});
}
std::shared_ptr<const crossing> event_of(const std::string& subject, std::size_t bytes = 1) { return event_to({}, subject, bytes); }

// An inbox whose loop takes a turn when the test requests it.
class Inbox : public testing::Test {
 protected:
  bool put(const std::string& name, std::size_t bytes = 1) { return box.put(event_of(name, bytes)); }
  // Returns true if more events wait.
  bool turn() {
    bool more = false;
    box.empty([&](const crossing& one) { delivered.push_back(one.subject); }, [&] { more = true; });
    return more;
  }
  inbox box{100};
  std::vector<std::string> delivered;
};

TEST_F(Inbox, Wakes_the_loop_for_the_first_event_only) {
  EXPECT_TRUE(put("a"));
  EXPECT_FALSE(put("b"));
  EXPECT_FALSE(turn());
  EXPECT_THAT(delivered, ElementsAre("a", "b"));
  EXPECT_TRUE(put("c"));
}

TEST_F(Inbox, Has_nothing_to_deliver_if_it_is_woken_twice) {
  EXPECT_FALSE(turn());
  EXPECT_THAT(delivered, IsEmpty());
}

TEST_F(Inbox, Leaves_more_than_one_turn_to_the_next) {
  for (std::size_t i = 0; i < 2 * inbox::events_per_turn + 1; ++i) (void)put(std::to_string(i));
  EXPECT_TRUE(turn());
  EXPECT_EQ(delivered.size(), inbox::events_per_turn);
  EXPECT_TRUE(box.at_work());
  EXPECT_TRUE(put("late")) << "the loop ignores this while it is at work";
  EXPECT_TRUE(turn());
  EXPECT_TRUE(turn());
  EXPECT_EQ(delivered.back(), std::to_string(2 * inbox::events_per_turn));
  EXPECT_FALSE(box.at_work());
  EXPECT_FALSE(turn());
  EXPECT_EQ(delivered.back(), "late");
}

TEST_F(Inbox, Asks_for_another_turn_if_an_event_came_during_this_one) {
  (void)put("a");
  bool more = false;
  box.empty([&](const crossing&) { EXPECT_TRUE(put("b")); }, [&] { more = true; });
  EXPECT_TRUE(more);
  EXPECT_FALSE(turn());
  EXPECT_THAT(delivered, ElementsAre("b"));
}

TEST_F(Inbox, Is_full_at_its_limit_until_events_are_delivered) {
  EXPECT_TRUE(box.has_room(100));
  (void)put("a", 60);
  EXPECT_TRUE(box.has_room(40));
  EXPECT_FALSE(box.has_room(41));
  EXPECT_FALSE(turn());
  EXPECT_TRUE(box.has_room(100));
}

TEST_F(Inbox, Has_room_for_one_event_over_its_limit) {
  EXPECT_TRUE(box.has_room(everything));
  (void)put("a");
  EXPECT_FALSE(box.has_room(100));
}

TEST_F(Inbox, Counts_an_event_until_its_delivery_is_over) {
  (void)put("a", 60);
  box.empty([&](const crossing&) { EXPECT_FALSE(box.has_room(41)); }, [] {});
  EXPECT_TRUE(box.has_room(100));
}

TEST_F(Inbox, Delivers_the_others_if_one_fails) {
  for (const char* name : {"a", "b", "c"}) (void)put(name, 30);
  const auto deliver = [&](const crossing& one) {
    if (one.subject != "c") throw std::runtime_error(one.subject);
    delivered.push_back(one.subject);
  };
  try {
    box.empty(deliver, [] {});
    FAIL();
  } catch (const std::runtime_error& last) { EXPECT_STREQ(last.what(), "b"); }
  EXPECT_THAT(delivered, ElementsAre("c"));
  EXPECT_TRUE(box.has_room(100));
}

TEST_F(Inbox, Asks_for_another_turn_before_an_exception_leaves) {
  for (std::size_t i = 0; i <= inbox::events_per_turn; ++i) (void)put("a");
  bool more = false;
  EXPECT_THROW(box.empty([](const crossing&) { throw std::runtime_error("no"); }, [&] { more = true; }), std::runtime_error);
  EXPECT_TRUE(more);
  EXPECT_FALSE(turn());
  EXPECT_THAT(delivered, ElementsAre("a"));
}

// Members of a loop leave while an event for them waits in its inbox, at every position in the
// queue.
TEST(InboxOfALoop, Delivers_to_those_who_are_there_when_the_event_is_taken_out) {
  const std::vector<std::string> ids{"ann", "bob", "cat"};
  for (std::size_t cut = 0; cut <= ids.size(); ++cut) {
    routing::audience<std::string, int> here;
    for (const std::string& id : ids) here.add(id, id);
    inbox box(everything);
    for (const std::string& id : ids) (void)box.put(event_to({.kind = target_kind::client, .name = id}, "far"));
    (void)box.put(event_to({.kind = target_kind::all, .except = {"cat"}}, "far"));
    (void)box.put(event_to({.kind = target_kind::others}, "ann"));
    for (std::size_t i = 0; i < cut; ++i) here.remove(ids[i]);
    here.add("new", "new");

    std::vector<std::string> got;
    routing::receivers<std::string, int> out;
    box.empty(
        [&](const crossing& one) {
          here.walk_here(one.to, one.subject, out);
          for (const std::string& id : out.here) got.push_back(id);
        },
        [] {});
    std::multiset<std::string> expected{"new", "new"};
    for (std::size_t i = cut; i < ids.size(); ++i) {
      expected.insert(ids[i]);
      if (ids[i] != "cat") expected.insert(ids[i]);
      if (ids[i] != "ann") expected.insert(ids[i]);
    }
    EXPECT_EQ(std::multiset<std::string>(got.begin(), got.end()), expected) << cut;
  }
}

// A loop on a thread of its own, as servers have them. Two other threads put events into its inbox
// as fast as they can. No event is lost or delivered twice, and the events of one sender keep their
// order. A missed wake-up would make this test wait forever.
TEST(InboxBetweenThreads, Delivers_every_event_in_the_order_of_its_sender) {
  constexpr std::size_t events = 20'000;
  inbox box(everything);
  asio::io_context loop{1};
  auto work = asio::make_work_guard(loop);
  std::map<std::string, std::size_t> next;
  std::size_t out_of_order = 0;
  std::size_t delivered = 0;
  const auto deliver = [&](const crossing& one) {
    if (one.bytes != ++next[one.subject]) ++out_of_order;
    if (++delivered == 2 * events) work.reset();
  };
  struct turns {
    inbox& box;
    asio::io_context& loop;
    decltype(deliver)& each;
    void take() {
      box.empty(each, [this] { asio::post(loop, [this] { take(); }); });
    }
  } loop_turns{box, loop, deliver};

  std::vector<std::thread> senders;
  for (const char* name : {"one", "two"})
    senders.emplace_back([&, name] {
      for (std::size_t i = 1; i <= events; ++i)
        if (box.put(event_of(name, i)))
          asio::post(loop, [&] {
            if (!box.at_work()) loop_turns.take();
          });
    });
  std::thread runs([&] { loop.run(); });
  for (std::thread& sender : senders) sender.join();
  runs.join();
  EXPECT_EQ(delivered, 2 * events);
  EXPECT_EQ(out_of_order, 0u);
  EXPECT_TRUE(box.has_room(everything)) << "nothing waits";
}

// Two senders that respect the limit. Each exceeds it by no more than what the other puts at the
// same moment.
TEST(InboxBetweenThreads, Holds_no_more_than_its_limit_and_what_is_put_at_once) {
  constexpr std::size_t most = 50;
  constexpr std::size_t events = 5'000;
  inbox box(most);
  std::atomic<std::size_t> waiting = 0;
  std::atomic<std::size_t> highest = 0;
  std::atomic<std::size_t> left = 2 * events;
  std::vector<std::thread> senders;
  for (const char* name : {"one", "two"})
    senders.emplace_back([&, name] {
      for (std::size_t i = 0; i < events;) {
        if (!box.has_room(10)) {
          std::this_thread::yield();
          continue;
        }
        const std::size_t now = ++waiting;
        for (std::size_t seen = highest; now > seen && !highest.compare_exchange_weak(seen, now);) {}
        (void)box.put(event_of(name, 10));
        ++i;
      }
    });
  while (left != 0) {
    box.empty(
        [&](const crossing&) {
          --waiting;
          --left;
        },
        [] {});
    std::this_thread::yield();
  }
  for (std::thread& sender : senders) sender.join();
  EXPECT_LE(highest, most / 10 + 1);
  EXPECT_TRUE(box.has_room(everything));
}

}  // namespace
}  // namespace parley
