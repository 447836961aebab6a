// The network in memory with ends on different loops, and with a loop that ends before the
// connections.
#include <asio/executor_work_guard.hpp>
#include <asio/post.hpp>
#include <asio/strand.hpp>
#include <atomic>
#include <future>
#include <optional>
#include <thread>

#include "parley/loopback.hpp"
#include "websocket/transport_recorder.hpp"

namespace parley::transport::testing {
namespace {

TEST(loopback_lifetimes, a_context_that_ends_takes_its_ends_with_it_and_the_others_hear_1006) {
  loopback network;
  asio::io_context client_side;
  const auto client = std::make_shared<recorder>();
  const auto server = std::make_shared<recorder>();
  std::shared_ptr<connection> kept;
  std::shared_ptr<listener> door;
  std::shared_ptr<request> unanswered;
  const auto waiting = std::make_shared<recorder>();
  {
    asio::io_context server_side;
    door = network.listen(asio::make_strand(server_side));
    door->start([&](std::shared_ptr<request> ask) {
      if (ask->path == "/wait") unanswered = std::move(ask);
      else ask->accept("", server);
    });
    network.connect(client_side.get_executor(), "mem://server", {}, client);
    network.connect(client_side.get_executor(), "mem://server/wait", {}, waiting);
    settle(server_side);
    settle(client_side);
    ASSERT_EQ(server->opened, 1);
    kept = server->link;
    client->send("on its way");
  }
  EXPECT_EQ(server->closed, 0);
  EXPECT_EQ(server.use_count(), 1);
  kept->send(buffer("into nothing"), opcode::text);
  kept->close(1000, {});
  door->stop();
  settle(client_side);
  EXPECT_EQ(client->why.code, 1006);
  EXPECT_EQ(waiting->closed, 0);
  unanswered.reset();
  settle(client_side);
  EXPECT_EQ(waiting->how.code, errc::overloaded);
  const auto late = std::make_shared<recorder>();
  network.connect(client_side.get_executor(), "mem://server", {}, late);
  settle(client_side);
  EXPECT_EQ(late->how.code, errc::disconnected);
}

TEST(loopback_lifetimes, a_request_still_on_its_way_to_a_context_that_ends_fails_the_client) {
  loopback network;
  asio::io_context client_side;
  const auto client = std::make_shared<recorder>();
  std::optional<asio::io_context> server_side(std::in_place);
  const auto door = network.listen(server_side->get_executor());
  door->start([](const std::shared_ptr<request>&) { FAIL(); });
  network.connect(client_side.get_executor(), "mem://server", {}, client);
  server_side.reset();
  settle(client_side);
  EXPECT_EQ(client->how.code, errc::disconnected);
}

// A loop with a thread of its own. The thread ends with this object.
struct threaded {
  ~threaded() {
    work.reset();
    io->stop();
    thread.join();
    io.reset();
  }
  std::optional<asio::io_context> io{std::in_place};
  std::optional<asio::executor_work_guard<asio::io_context::executor_type>> work{asio::make_work_guard(*io)};
  std::thread thread{[this] { io->run(); }};
};

TEST(loopback_threads, two_ends_on_two_threads_exchange_everything_in_order) {
  constexpr int count = 2000;
  loopback network;
  std::promise<void> done;
  const auto server = std::make_shared<recorder>(), client = std::make_shared<recorder>();
  std::shared_ptr<listener> door;
  threaded server_side, client_side;  // destroyed before the objects that their loops use
  server->when_message = [&](const recorder::message& m) { server->send(m.content); };
  door = network.listen(server_side.io->get_executor());
  asio::post(*server_side.io, [&] { door->start([&](const std::shared_ptr<request>& ask) { ask->accept("", server); }); });
  client->when_open = [&] {
    for (int i = 0; i < count; ++i) client->send(std::to_string(i));
  };
  client->when_message = [&](const auto&) {
    if (client->messages.size() == count) client->link->close(1000, {});
  };
  client->when_closed = [&] { done.set_value(); };
  asio::post(*client_side.io, [&] { network.connect(client_side.io->get_executor(), "mem://server", {}, client); });
  done.get_future().wait();
  for (int i = 0; i < count; ++i) ASSERT_EQ(client->messages[static_cast<std::size_t>(i)].content, std::to_string(i));
}

TEST(loopback_threads, either_side_may_vanish_at_any_moment) {
  for (int round = 0; round < 200; ++round) {
    loopback network;
    const auto server = std::make_shared<recorder>(), client = std::make_shared<recorder>();
    std::atomic<int> passes = 0;
    std::shared_ptr<listener> door;
    std::optional<threaded> server_side(std::in_place), client_side(std::in_place);
    server->keep = client->keep = false;
    server->when_message = [&, s = server.get()](const recorder::message& m) { ++passes, s->send(m.content); };
    client->when_message = [&, c = client.get()](const recorder::message& m) { ++passes, c->send(m.content); };
    client->when_open = [c = client.get()] { c->send("x"); };
    door = network.listen(asio::make_strand(*server_side->io));
    door->start([server](const std::shared_ptr<request>& ask) { ask->accept("", server); });
    network.connect(asio::make_strand(*client_side->io), "mem://server", {}, client);
    while (passes < round % 7) std::this_thread::yield();
    if (round % 2) server_side.reset();
    else client_side.reset();
  }
}

}  // namespace
}  // namespace parley::transport::testing
