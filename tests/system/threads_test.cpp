// Servers with several loops. The other system tests run over several loops too. These tests cover
// only what can go wrong with several.
#include "system/world.hpp"

#include <asio/io_context.hpp>
#include <asio/use_future.hpp>

#include <future>
#include <map>
#include <mutex>
#include <set>
#include <thread>

namespace talk::v1 {
namespace {

using parley::encoding;
using parley::errc;

constexpr encoding encodings[] = {encoding::binary, encoding::json, encoding::plain};

// So many clients that the system assigns some to each loop.
struct crowd {
  explicit crowd(world& w, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) all.push_back(std::make_unique<guest>(w, encodings[i % 3]));
  }
  guest& operator[](std::size_t i) { return *all[i]; }
  std::vector<std::unique_ptr<guest>> all;
};

struct Threads : testing::Test {
  Threads() { w.start(); }
  world w{{carrier::threads, encoding::binary}};
};

TEST_F(Threads, Clients_are_at_home_on_different_loops_and_stay_there) {
  std::mutex guard;
  std::map<std::string, std::set<std::thread::id>> seen;
  w.host->on_say = [&](const Line&, parley::event& event) {
    const std::lock_guard lock(guard);
    seen[event.peer().id()].insert(std::this_thread::get_id());
    return parley::relay::drop;
  };
  crowd guests(w, 24);
  for (int round = 0; round < 5; ++round)
    for (auto& g : guests.all) g->talk.say({});
  for (auto& g : guests.all) (void)g->talk.echo("all said");
  std::set<std::thread::id> threads;
  const std::lock_guard lock(guard);
  EXPECT_EQ(seen.size(), guests.all.size());
  for (const auto& [id, where] : seen) {
    EXPECT_EQ(where.size(), 1u);
    threads.insert(where.begin(), where.end());
  }
  EXPECT_GT(threads.size(), 1u);
}

TEST_F(Threads, One_receiver_hears_one_sender_in_order_whatever_the_targets_were) {
  crowd guests(w, 12);
  constexpr std::uint64_t lines = 300;
  std::vector<std::thread> senders;
  for (std::size_t s = 0; s < 3; ++s)
    senders.emplace_back([&, s] {
      for (std::uint64_t i = 0; i < lines; ++i) {
        const Line line{.text = std::to_string(s), .number = i};
        // Sends to all and then to each by name. Every client receives every line once.
        if (i % 2 == 0) {
          guests[s].talk.say(line, parley::to::all);
        } else {
          for (auto& g : guests.all) guests[s].talk.say(line, parley::to::client(g->id));
        }
      }
    });
  for (auto& t : senders) t.join();
  for (auto& g : guests.all) {
    std::map<std::string, std::uint64_t> next;
    for (std::uint64_t i = 0; i < 3 * lines; ++i) {
      const auto heard = g->heard.next();
      ASSERT_EQ(heard.line.number, next[heard.line.text]++) << "from " << heard.line.text;
    }
    EXPECT_TRUE(g->errors.empty());
  }
}

TEST_F(Threads, A_client_that_is_nowhere_is_answered_and_one_that_left_too) {
  crowd guests(w, 6);
  guests[0].talk.say({}, parley::to::client("00000000-0000-4000-8000-000000000000"));
  EXPECT_EQ(guests[0].errors.next().error.code, errc::unknown_target);
  const std::string gone = guests.all.back()->id;
  guests.all.pop_back();
  EXPECT_EQ(w.host->departures.next().id, gone);
  guests[0].talk.say({}, parley::to::client(gone));
  EXPECT_EQ(guests[0].errors.next().error.code, errc::unknown_target);
}

TEST_F(Threads, The_server_calls_and_tells_clients_of_every_loop_from_any_thread) {
  crowd guests(w, 9);
  for (auto& g : guests.all)
    if (!g->link.id().empty())
      g->talk.on_are_you_ready([&id = g->id](const Check& check) { return Ready{.accepted = check.seconds == id.size()}; });
  std::vector<std::future<parley::result<Ready>>> answers;
  for (auto& g : guests.all)
    if (!g->link.id().empty())
      answers.push_back(w.host->peers.async_are_you_ready({.seconds = static_cast<std::uint32_t>(g->id.size())}, parley::to::client(g->id),
                                                          asio::use_future));
  for (auto& answer : answers) EXPECT_TRUE(answer.get().value().accepted);
  EXPECT_EQ(answers.size(), 6u);
  w.host->peers.arrived({.text = "from outside"}, parley::to::all);
  for (auto& g : guests.all) EXPECT_EQ(g->heard.next().line.text, "from outside");
  for (auto& g : guests.all) {
    w.host->peers.arrived({.text = "to one"}, parley::to::client(g->id));
    EXPECT_EQ(g->heard.next().line.text, "to one");
  }
  EXPECT_EQ(w.host->peers.arrived({}, parley::to::client("nobody")), parley::sent::queued) << "found out later, on a loop";
}

TEST_F(Threads, What_a_handler_sends_reaches_every_loop) {
  crowd guests(w, 9);
  w.host->on_say = [&](const Line& line, parley::event& event) {
    w.host->peers.arrived(line, parley::to::others(event.peer()));
    return parley::relay::drop;
  };
  guests[0].talk.say({.text = "tell them"});
  for (std::size_t i = 1; i < guests.all.size(); ++i) EXPECT_EQ(guests[i].heard.next().line.text, "tell them");
  (void)guests[0].talk.echo("a turn later");
  EXPECT_TRUE(guests[0].heard.empty());
}

TEST_F(Threads, Counters_are_those_of_all_loops) {
  crowd guests(w, 9);
  for (auto& g : guests.all) (void)g->talk.echo("counted");
  guests[0].talk.say({}, parley::to::all);
  for (auto& g : guests.all) (void)g->heard.next();
  const parley::server_counters now = w.server->counters();
  EXPECT_EQ(now.clients, 9u);
  EXPECT_EQ(now.accepted, 9u);
  EXPECT_EQ(now.calls, 9u);
  EXPECT_EQ(now.events, 1u);
}

TEST_F(Threads, Handlers_are_settled_before_the_start) {
  parley::server other{{.threads = 2}};
  Host host{other};
  other.start();
  EXPECT_THROW(other.add(host), std::logic_error);
  TalkPeers later{*w.server};  // the server already knows this service
}

TEST(ThreadsOptions, A_server_on_the_callers_executor_has_none) {
  asio::io_context io;
  EXPECT_THROW(parley::server(io.get_executor(), {.threads = 2}), std::invalid_argument);
}

TEST(ThreadsOptions, The_limit_of_connections_is_that_of_the_server) {
  world w({carrier::threads, encoding::binary}, {.limits = {.connections = 5}});
  w.start();
  crowd guests(w, 5);
  parley::client one_too_many(w.url(), w.client_options());
  EXPECT_THROW(one_too_many.connect(), parley::call_failed);
}

TEST(ThreadsOptions, A_port_that_is_taken_is_told) {
  parley::server first{{}};
  first.start();
  parley::server second{{.port = first.port(), .threads = 2}};
  EXPECT_THROW(second.start(), parley::call_failed);
}

TEST(ThreadsOptions, It_stops_while_everybody_talks) {
  for (int round = 0; round < 10; ++round) {
    world w({carrier::threads, encoding::binary}, {.threads = parley::per_core});
    w.start();
    crowd guests(w, 9);
    std::vector<std::thread> talkers;
    for (auto& g : guests.all)
      talkers.emplace_back([&g] {
        try {
          for (;;) {
            g->talk.say({.text = "on and on"}, parley::to::all);
            (void)g->talk.echo("not faster than the server can");
          }
        } catch (const parley::call_failed&) {}  // the server has stopped
      });
    for (auto& g : guests.all) (void)g->heard.next();
    w.server->stop();
    w.server->join();
    for (auto& t : talkers) t.join();
  }
}

}  // namespace
}  // namespace talk::v1
