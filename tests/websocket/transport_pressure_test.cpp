// Slow readers, many connections, and connections that disappear at any moment.
#include "transport_support.hpp"

#include <asio/executor_work_guard.hpp>
#include <asio/strand.hpp>

#include <gmock/gmock.h>

#include <atomic>
#include <future>
#include <optional>
#include <thread>

namespace parley::transport::testing {
namespace {

using ::testing::IsEmpty;
using raw = raw_client;

struct transport_pressure : ::testing::Test {
  std::pair<std::shared_ptr<recorder>, std::shared_ptr<recorder>> pair() {
    const auto client = std::make_shared<recorder>();
    connect_options options;
    options.url = server.url();
    dial(io.get_executor(), std::move(options), client);
    EXPECT_TRUE(run_until(io, [&] { return client->opened == 1 && server.ends.back()->opened == 1; }));
    return {client, server.ends.back()};
  }
  static listen_options large() {
    listen_options options;
    options.limits.max_message = 1 << 20;
    return options;
  }

  asio::io_context io;
  served server{io, large()};
};

TEST_F(transport_pressure, buffered_amount_is_exact_while_a_peer_does_not_read) {
  raw client(io, server.door->port());
  client.upgrade();
  recorder& end = *server.ends.at(0);
  // Frames of 10 + 70000 bytes and of 2 + 100 bytes, until the kernel accepts no more.
  std::size_t sent = 0;
  while (end.link->buffered_amount() < 1'000'000) {
    for (int i = 0; i < 10; ++i) {
      end.send(std::string(70'000, 'x'), opcode::binary);
      end.send(std::string(100, 'y'), opcode::binary);
      sent += 70'010 + 102;
    }
    settle(io);
  }
  const std::size_t buffered = end.link->buffered_amount();
  end.send("one more");
  EXPECT_EQ(end.link->buffered_amount(), buffered + 10);
  sent += 10;
  settle(io);
  EXPECT_EQ(end.link->buffered_amount(), buffered + 10);
  // The kernel holds everything that is not buffered here. After that much was read, the rest
  // arrives completely.
  std::size_t most_taken = 0;
  client.read_until([&](std::string_view text) {
    EXPECT_LE(text.size(), sent);
    most_taken = sent - end.link->buffered_amount();
    EXPECT_LE(text.size(), most_taken);
    return text.size() == sent;
  });
  ASSERT_TRUE(run_until(io, [&] { return end.link->buffered_amount() == 0; }));
  EXPECT_EQ(client.received.size(), sent);
}

TEST_F(transport_pressure, on_drained_comes_once_between_the_high_mark_and_the_low_one) {
  raw client(io, server.door->port());
  client.upgrade();
  recorder& end = *server.ends.at(0);
  end.link->set_water_marks(2'000'000, 500'000);
  std::size_t at_drained = 0;
  end.when_drained = [&] { at_drained = end.link->buffered_amount(); };
  std::size_t sent = 0;
  while (end.link->buffered_amount() <= 2'000'000) {
    end.send(std::string(100'000, 'x'), opcode::binary);
    sent += 100'010;
    settle(io);
    EXPECT_EQ(end.drained, 0);
  }
  client.read_until([&](std::string_view text) { return text.size() == sent; });
  ASSERT_TRUE(run_until(io, [&] { return end.link->buffered_amount() == 0; }));
  EXPECT_EQ(end.drained, 1);
  EXPECT_LE(at_drained, 500'000u);
}

// 1,000 bytes are not above a mark of 1,000. The two bytes of a ping or pong exceed it.
TEST_F(transport_pressure, Pings_count_toward_the_high_mark) {
  const auto [client, far] = pair();
  far->link->set_water_marks(1000, 0);
  far->send(std::string(996, 'x'));
  far->call([](connection& to) { to.ping(); });
  EXPECT_EQ(far->link->buffered_amount(), 1002u);
  ASSERT_TRUE(run_until(io, [&, f = far] { return f->drained == 1; }));
}

TEST_F(transport_pressure, Pongs_count_toward_the_high_mark) {
  raw client(io, server.door->port());
  client.upgrade();
  recorder& end = *server.ends.at(0);
  end.link->set_water_marks(1000, 0);
  end.when_message = [&](const auto&) { end.send(std::string(996, 'x')); };
  client.write(raw::text("go") + raw::frame(0x89, ""));
  ASSERT_TRUE(run_until(io, [&] { return end.drained == 1; }));
}

TEST_F(transport_pressure, A_long_queue_leaves_before_the_turn_ends_and_its_owner_hears_of_it_later) {
  const auto [client, far] = pair();
  far->keep = false;
  client->link->set_water_marks(1000, 0);
  for (int i = 0; i < 16; ++i) client->send(std::string(30'000, 'x'));
  EXPECT_LT(client->link->buffered_amount(), 16u * 30'000);
  EXPECT_EQ(client->drained, 0);
  ASSERT_TRUE(run_until(io, [&, c = client, f = far] { return f->received == 16 * 30'000 && c->drained > 0; }));
  EXPECT_EQ(client->drained, 1);
}

// Everything was written early. At the end of the turn only the report is left.
TEST_F(transport_pressure, What_was_written_early_drains_too) {
  const auto [client, far] = pair();
  far->keep = false;
  client->link->set_water_marks(1000, 0);
  client->send(std::string(2'000, 'x'));  // above the high mark
  client->send(std::string(70'000, 'x'));
  EXPECT_EQ(client->link->buffered_amount(), 0u);
  EXPECT_EQ(client->drained, 0);
  ASSERT_TRUE(run_until(io, [c = client] { return c->drained == 1; }));
}

TEST_F(transport_pressure, A_peer_that_went_is_found_when_the_turn_ends) {
  const auto [client, far] = pair();
  far->link->abort();
  for (int i = 0; i < 16; ++i) client->send(std::string(70'000, 'x'));
  EXPECT_EQ(client->closed, 0);
  ASSERT_TRUE(run_until(io, [c = client] { return c->closed == 1; }));
  EXPECT_EQ(client->how.code, errc::disconnected);
}

// The early write would be reported at the end of the turn if the connection still existed.
TEST_F(transport_pressure, A_connection_may_be_aborted_in_the_turn_in_which_a_long_queue_left) {
  const auto [client, far] = pair();
  const std::string much(100'000, 'x');
  client->call([&](connection& to) {
    to.send_copy(as_bytes(std::string_view(much)), opcode::text);
    to.abort();
  });
  ASSERT_TRUE(run_until(io, [&, c = client, f = far] { return c->closed == 1 && f->closed == 1; }));
}

TEST_F(transport_pressure, A_handler_may_send_much_and_abort) {
  const auto [client, far] = pair();
  const std::string much(100'000, 'x');
  far->when_message = [&, f = far.get()](const auto&) {
    f->call([&](connection& to) {
      to.send_copy(as_bytes(std::string_view(much)), opcode::text);
      to.abort();
    });
  };
  client->send("go");
  ASSERT_TRUE(run_until(io, [&, c = client, f = far] { return c->closed == 1 && f->closed == 1; }));
}

TEST_F(transport_pressure, on_drained_may_send_much_and_abort) {
  const auto [client, far] = pair();
  client->link->set_water_marks(1000, 0);
  const std::string much(100'000, 'x');
  client->when_drained = [&, c = client.get()] {
    c->call([&](connection& to) {
      to.send_copy(as_bytes(std::string_view(much)), opcode::text);
      to.abort();
    });
  };
  client->send(std::string(2'000, 'x'));
  ASSERT_TRUE(run_until(io, [&, c = client, f = far] { return c->closed == 1 && f->closed == 1; }));
}

// The end of one peer's stream is read after the turn of another peer, in which much was sent to
// the first, and before the end of the loop's turn.
TEST_F(transport_pressure, A_peer_may_go_in_the_turn_in_which_a_long_queue_left_for_it) {
  raw one(io, server.door->port()), other(io, server.door->port());
  one.upgrade();
  other.upgrade();
  ASSERT_TRUE(run_until(io, [&] { return server.ends.size() == 2 && server.ends[1]->opened == 1; }));
  settle(io);
  const std::string much(100'000, 'x');
  recorder& to_other = *server.ends[1];
  server.ends[0]->when_message = [&](const auto&) {
    to_other.call([&](connection& to) { to.send_copy(as_bytes(std::string_view(much)), opcode::text); });
  };
  one.write(raw::text("go"));
  other.socket.shutdown(tcp::socket::shutdown_send);
  ASSERT_TRUE(run_until(io, [&] { return to_other.closed == 1; }));
  EXPECT_EQ(server.ends[0]->messages.size(), 1u);
}

TEST_F(transport_pressure, on_drained_may_send_again_and_nothing_recurses) {
  const auto [client, far] = pair();
  far->keep = false;
  client->link->set_water_marks(1000, 0);
  client->when_drained = [c = client.get()] {
    if (c->drained < 1000) c->send(std::string(2000, 'x'));
  };
  client->send(std::string(2000, 'x'));
  ASSERT_TRUE(run_until(io, [&, f = far] { return f->received == 1000 * 2000; }));
}

TEST_F(transport_pressure, a_paused_reader_makes_the_sender_wait_and_loses_nothing) {
  const auto [client, far] = pair();
  far->link->pause_reading();
  std::size_t count = 0;
  while (client->link->buffered_amount() < 1'000'000) {
    for (int i = 0; i < 20; ++i, ++count) client->send(std::to_string(count) + std::string(30'000, 'x'));
    settle(io);
  }
  EXPECT_THAT(far->messages, IsEmpty());
  far->call([](connection& to) { to.resume_reading(); });
  ASSERT_TRUE(run_until(io, [&, f = far] { return f->messages.size() == count; }));
  for (std::size_t i = 0; i < count; ++i) ASSERT_TRUE(far->messages[i].content.starts_with(std::to_string(i) + "x"));
  EXPECT_EQ(client->link->buffered_amount(), 0u);
}

TEST_F(transport_pressure, pausing_inside_on_message_holds_back_what_came_in_the_same_bytes) {
  raw client(io, server.door->port());
  server.prepare = [](recorder& end) { end.when_message = [&end](const auto&) { end.call([](connection& to) { to.pause_reading(); }); }; };
  client.upgrade();
  recorder& end = *server.ends.at(0);
  std::string all;
  for (int i = 0; i < 100; ++i) all += raw::text(std::to_string(i));
  client.write(all + raw::close_frame(4000));
  for (std::size_t i = 1; i <= 100; ++i) {
    ASSERT_TRUE(run_until(io, [&] { return end.messages.size() == i; }));
    settle(io);
    ASSERT_EQ(end.messages.size(), i);
    ASSERT_EQ(end.messages.back().content, std::to_string(i - 1));
    end.link->resume_reading();
  }
  client.socket.shutdown(tcp::socket::shutdown_send);
  ASSERT_TRUE(run_until(io, [&] { return end.closed == 1; }));
  EXPECT_EQ(end.why.code, 4000);
}

TEST_F(transport_pressure, a_connection_paused_in_on_open_delivers_nothing_until_resumed) {
  raw client(io, server.door->port());
  server.prepare = [](recorder& end) { end.when_open = [&end] { end.link->pause_reading(); }; };
  client.write(raw::request() + raw::text("early"));
  client.read_until([](std::string_view text) { return text.ends_with("\r\n\r\n"); });
  recorder& end = *server.ends.at(0);
  settle(io);
  EXPECT_THAT(end.messages, IsEmpty());
  end.link->resume_reading();
  ASSERT_TRUE(run_until(io, [&] { return end.messages.size() == 1; }));
}

TEST_F(transport_pressure, a_paused_connection_can_be_closed) {
  const auto [client, far] = pair();
  far->link->pause_reading();
  client->send("never heard");
  far->call([](connection& to) { to.close(4002, {}); });
  ASSERT_TRUE(run_until(io, [&, c = client, f = far] { return f->closed == 1 && c->closed == 1; }));
  EXPECT_EQ(client->why.code, 4002);
  EXPECT_THAT(far->messages, IsEmpty());
}

TEST_F(transport_pressure, both_ends_may_close_at_once) {
  const auto [client, far] = pair();
  client->call([](connection& to) { to.close(4001, {}); });
  far->call([](connection& to) { to.close(4002, {}); });
  ASSERT_TRUE(run_until(io, [&, c = client, f = far] { return f->closed == 1 && c->closed == 1; }));
  EXPECT_EQ(client->why.code, 4001);
  EXPECT_EQ(far->why.code, 4002);
}

TEST_F(transport_pressure, a_thousand_connections_open_talk_and_close_and_nothing_is_left) {
  server.prepare = [](recorder& end) { end.when_message = [&end](const recorder::message& m) { end.send(m.content); }; };
  std::vector<std::shared_ptr<recorder>> clients;
  std::size_t closed = 0;
  for (int round = 0; round < 10; ++round) {
    for (int i = 0; i < 100; ++i) {
      const auto client = std::make_shared<recorder>();
      client->when_open = [c = client.get(), i] { c->send(std::to_string(i)); };
      client->when_message = [c = client.get(), i](const auto&) {
        if (i % 3 == 0) c->link->abort();
        else c->call([](connection& to) { to.close(1000, "done"); });
      };
      client->when_closed = [&] { ++closed; };
      clients.push_back(client);
      dial(io.get_executor(), {.url = server.url()}, client);
    }
    ASSERT_TRUE(run_until(io, [&] { return closed == clients.size(); }));
  }
  ASSERT_TRUE(
      run_until(io, [&] { return std::all_of(server.ends.begin(), server.ends.end(), [](const auto& end) { return end->closed == 1; }); }));
  for (std::size_t i = 0; i < clients.size(); ++i) {
    ASSERT_EQ(clients[i]->messages.size(), 1u);
    ASSERT_EQ(clients[i]->closed, 1);
    ASSERT_EQ(clients[i].use_count(), 1);
  }
  EXPECT_EQ(server.ends.size(), 1000u);
}

TEST_F(transport_pressure, a_client_that_leaves_while_much_is_queued_is_1006_and_frees_the_queue) {
  raw client(io, server.door->port());
  client.upgrade();
  recorder& end = *server.ends.at(0);
  while (end.link->buffered_amount() < 1'000'000) {
    end.send(std::string(100'000, 'x'), opcode::binary);
    settle(io);
  }
  const std::shared_ptr<connection> kept = end.link;
  client.socket.close();
  ASSERT_TRUE(run_until(io, [&] { return end.closed == 1; }));
  EXPECT_EQ(end.why.code, 1006);
  EXPECT_EQ(kept->buffered_amount(), 0u);
}

TEST_F(transport_pressure, a_connection_paused_and_full_still_notices_that_the_peer_has_gone) {
  raw client(io, server.door->port());
  client.upgrade();
  recorder& end = *server.ends.at(0);
  end.link->pause_reading();
  while (end.link->buffered_amount() < 1'000'000) {
    end.send(std::string(100'000, 'x'), opcode::binary);
    settle(io);
  }
  client.socket.set_option(asio::socket_base::linger(true, 0));
  client.socket.close();
  ASSERT_TRUE(run_until(io, [&] { return end.closed == 1; }));
  EXPECT_EQ(end.why.code, 1006);
}

// ---- Lifetimes.

TEST(transport_lifetimes, a_context_may_be_destroyed_with_everything_under_way) {
  const auto client = std::make_shared<recorder>(), late = std::make_shared<recorder>(), resolving = std::make_shared<recorder>();
  std::shared_ptr<connection> kept_client, kept_server;
  std::shared_ptr<request> unanswered;
  std::shared_ptr<listener> door;
  std::vector<std::shared_ptr<recorder>> ends;
  std::function<void()> abandon;
  {
    asio::io_context io;
    served server(io);
    const auto on = asio::make_strand(io);
    dial(on, {.url = server.url()}, client);
    ASSERT_TRUE(run_until(io, [&] { return client->opened == 1 && server.ends.size() == 1; }));
    kept_client = client->link;
    kept_server = server.ends[0]->link;
    client->send("on its way");
    kept_server->send(buffer(std::string(1 << 20, 'x')), opcode::binary);
    server.decide = [&](std::shared_ptr<request> ask) { unanswered = std::move(ask); };
    abandon = dial(on, {.url = server.url()}, late);
    ASSERT_TRUE(run_until(io, [&] { return unanswered != nullptr; }));
    dial(on, {.url = server.url()}, resolving);
    ends = server.ends;
    door = server.door;
  }
  EXPECT_EQ(client->closed + late->closed + resolving->closed + ends[0]->closed, 0);
  // Only this test holds them now, and calling them has no effect.
  EXPECT_EQ(late.use_count(), 1);
  EXPECT_EQ(resolving.use_count(), 1);
  EXPECT_EQ(client.use_count(), 1);
  kept_client->send(buffer("x"), opcode::text);
  kept_client->ping();
  kept_client->resume_reading();
  kept_client->close(1000, {});
  kept_server->abort();
  EXPECT_EQ(kept_server->buffered_amount(), 0u);
  unanswered->accept("", std::make_shared<recorder>());
  unanswered.reset();
  door->stop();
  abandon();
}

TEST(transport_lifetimes, a_listener_may_be_dropped_before_it_ever_started) {
  asio::io_context io;
  websocket_listen(io.get_executor(), {});
  settle(io);
  const auto kept = *websocket_listen(io.get_executor(), {});
  kept->stop();
  kept->stop();
}

TEST(transport_lifetimes, a_connection_lives_without_anybody_holding_it) {
  asio::io_context io;
  served server(io);
  struct forgetful : connection_handler {
    void on_open(std::shared_ptr<connection> to, std::string_view) override { to->send(buffer("hello"), opcode::text); }
    void on_message(bytes_view, opcode) override {}
    void on_drained() override {}
    void on_closed(const close_reason&, const error&) override {}
  };
  server.decide = [](const std::shared_ptr<request>& ask) { ask->accept("", std::make_shared<forgetful>()); };
  const auto client = std::make_shared<recorder>();
  dial(io.get_executor(), {.url = server.url()}, client);
  ASSERT_TRUE(run_until(io, [&] { return client->messages.size() == 1; }));
}

TEST(transport_threads, connections_on_strands_of_a_loop_with_many_threads_keep_their_order) {
  asio::io_context io;
  auto work = asio::make_work_guard(io);
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) threads.emplace_back([&] { io.run(); });

  const auto server_on = asio::make_strand(io);
  auto door = *websocket_listen(server_on, {.fast_path = fast_path()});
  struct echo : connection_handler {
    void on_open(std::shared_ptr<connection> to, std::string_view) override { link = std::move(to); }
    void on_message(bytes_view content, opcode kind) override { link->send(buffer(std::string(as_text(content))), kind); }
    void on_drained() override {}
    void on_closed(const close_reason&, const error&) override { link = nullptr; }
    std::shared_ptr<connection> link;
  };
  std::promise<void> started;
  asio::post(server_on, [&] {
    door->start([](const std::shared_ptr<request>& ask) { ask->accept("", std::make_shared<echo>()); });
    started.set_value();
  });
  started.get_future().wait();

  constexpr int clients = 8, messages = 300;
  std::atomic<int> done = 0;
  std::promise<void> all;
  std::vector<std::shared_ptr<recorder>> ends;
  for (int i = 0; i < clients; ++i) {
    const auto end = std::make_shared<recorder>();
    end->when_open = [e = end.get()] {
      for (int k = 0; k < messages; ++k) e->send(std::to_string(k));
    };
    end->when_message = [e = end.get()](const auto&) {
      if (e->messages.size() == messages) e->link->close(1000, {});
    };
    end->when_closed = [&] {
      if (++done == clients) all.set_value();
    };
    ends.push_back(end);
    const auto on = asio::make_strand(io);
    asio::post(on, [on, end, port = door->port()] { dial(on, {.url = "ws://127.0.0.1:" + std::to_string(port)}, end); });
  }
  all.get_future().wait();
  door->stop();
  work.reset();
  for (std::thread& thread : threads) thread.join();
  for (const auto& end : ends)
    for (int k = 0; k < messages; ++k) ASSERT_EQ(end->messages.at(static_cast<std::size_t>(k)).content, std::to_string(k));
}

TEST(transport_threads, a_loop_may_be_stopped_and_destroyed_while_clients_talk) {
  for (int round = 0; round < 30; ++round) {
    std::optional<asio::io_context> server_io(std::in_place);
    std::optional<served> server(std::in_place, *server_io);
    std::atomic<int> heard = 0;
    server->prepare = [&](recorder& end) {
      end.keep = false;
      end.when_message = [&](const recorder::message& m) { ++heard, end.send(m.content); };
    };
    std::thread loop([&] { server_io->run(); });
    asio::io_context io;
    std::vector<std::shared_ptr<recorder>> clients;
    for (int i = 0; i < 3; ++i) {
      clients.push_back(std::make_shared<recorder>());
      recorder& c = *clients.back();
      c.keep = false;
      c.when_open = [&c] { c.send("x"); };
      c.when_message = [&c](const recorder::message& m) { c.send(m.content); };
      dial(io.get_executor(), {.url = server->url()}, clients.back());
    }
    ASSERT_TRUE(run_until(io, [&] { return heard > round; }));
    server_io->stop();
    loop.join();
    const auto ends = server->ends;
    server.reset();
    server_io.reset();
    ASSERT_TRUE(run_until(io, [&] { return std::all_of(clients.begin(), clients.end(), [](const auto& c) { return c->closed == 1; }); }));
  }
}

}  // namespace
}  // namespace parley::transport::testing
