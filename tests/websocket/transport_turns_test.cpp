// Connections of one loop take turns. A flood on one of them does not delay the others (RFC 6455
// sets no limit; ours are in schema/parley/envelope.fbs, section 7). Of many pings at once, the
// newest is always answered (RFC 6455 5.5.3).
#include "transport_support.hpp"

#include <thread>

namespace parley::transport::testing {
namespace {

using raw = raw_client;

// The number of frames in a turn, as in socket_stream.cpp.
constexpr std::size_t messages_per_turn = 64;

std::string many(std::size_t count, const std::string& frame) {
  std::string all;
  for (std::size_t i = 0; i < count; ++i) all += frame;
  return all;
}

struct transport_turns : ::testing::Test {
  // Sends, and waits until the bytes have arrived in the server's socket.
  static void say(raw& speaker, const recorder& to) {
    speaker.write(raw::text("hello"));
    while (!to.link->has_unread()) std::this_thread::yield();
  }

  // Connects a client. Returns the server's end of it.
  recorder& join(raw& client) {
    client.upgrade();
    EXPECT_TRUE(run_until(io, [&] { return server.ends.back()->opened == 1; }));
    return *server.ends.back();
  }

  // One client floods, and another sends a message whenever its last one was received. Returns the
  // largest number of flood messages that were handled between two messages of the other client.
  std::size_t longest_wait(const std::string& flood, std::size_t messages) {
    raw flooder(io, server.door->port());
    raw honest(io, server.door->port());
    recorder& flooded = join(flooder);
    recorder& served = join(honest);
    std::size_t longest = 0, before = 0;
    served.when_message = [&](const recorder::message&) {
      longest = std::max(longest, flooded.messages.size() - before);
      before = flooded.messages.size();
      say(honest, served);
    };
    say(honest, served);
    flooder.write(flood);
    EXPECT_TRUE(run_until(io, [&] { return flooded.messages.size() == messages; }));
    EXPECT_GE(served.messages.size(), 2u);
    EXPECT_EQ(flooded.closed, 0);
    return std::max(longest, flooded.messages.size() - before);
  }

  // Sends whole frames until the connection is closed because of them. They arrive much faster than
  // the allowance grows.
  void pour(raw& client, const std::string& frames, const recorder& into) {
    client.socket.non_blocking(true);
    std::string out;
    ASSERT_TRUE(run_until(io, [&] {
      std::error_code full;
      if (out.empty()) out = client.on_the_wire(frames);
      out.erase(0, client.socket.write_some(asio::buffer(out), full));
      return into.closed == 1;
    }));
  }

  recorder& end() { return *server.ends.at(0); }

  asio::io_context io;
  served server{io};
};

TEST_F(transport_turns, A_flood_of_small_messages_waits_for_the_others_after_each_turn) {
  EXPECT_LE(longest_wait(many(10'000, raw::text("")), 10'000), 2 * messages_per_turn);
}

TEST_F(transport_turns, A_flood_of_fragments_is_worth_fewer_frames_a_turn) {
  EXPECT_LE(longest_wait(many(4'000, raw::frame(0x01, "a") + raw::frame(0x80, "b")), 4'000), messages_per_turn / 2);
}

TEST_F(transport_turns, What_a_handler_says_a_message_cost_shortens_the_turn) {
  server.prepare = [this](recorder& one) {
    if (server.ends.size() == 1) one.when_message = [&one](const auto&) { one.call([](connection& to) { to.costs(31); }); };
  };
  EXPECT_LE(longest_wait(many(2'000, raw::text("")), 2'000), messages_per_turn / 16);
}

// Each message is relayed to a third client and uses up a turn, like an event to many receivers.
// Data that the server sends is in the client's socket as soon as the server's system call returns.
TEST_F(transport_turns, What_the_messages_of_one_read_send_to_others_leaves_together) {
  for (const std::size_t messages : {std::size_t{8}, std::size_t{200}}) {
    SCOPED_TRACE(messages);
    raw sender(io, server.door->port());
    raw receiver(io, server.door->port());
    recorder& from = join(sender);
    recorder& to = join(receiver);
    const buffer content(std::string("on"));
    from.when_message = [&](const auto&) {
      to.call([&](connection& link) { link.send(content, opcode::text); });
      from.call([](connection& link) { link.costs(1'000); });
    };
    sender.write(many(messages, raw::text("x")));
    while (from.messages.size() < messages && receiver.socket.available() == 0) io.run_one();
    // With few messages the flush comes after the last, and with many after a limited number of
    // turns.
    EXPECT_EQ(from.messages.size(), std::min<std::size_t>(messages, 17));
    ASSERT_TRUE(run_until(io, [&] { return receiver.socket.available() == messages * raw::frame(0x81, "on", false).size(); }));
  }
}

// Two senders whose rests alternate could delay a flush again and again. A receiver with a full
// queue does not wait for them, because its owner sends nothing more until some of the queue has
// been sent, and would treat it as a slow reader.
TEST_F(transport_turns, A_full_queue_is_flushed_in_the_next_turn) {
  raw sender(io, server.door->port());
  raw receiver(io, server.door->port());
  recorder& from = join(sender);
  recorder& to = join(receiver);
  const buffer content(std::string(40'000, 'x'));
  from.when_message = [&](const auto&) {
    to.call([&](connection& link) { link.send(content, opcode::text); });
    from.call([](connection& link) { link.costs(1'000); });
  };
  sender.write(many(200, raw::text("x")));
  while (from.messages.size() < 200 && receiver.socket.available() == 0) io.run_one();
  EXPECT_LE(from.messages.size(), 3u);  // the second message fills it
}

TEST_F(transport_turns, A_turn_that_is_over_can_be_followed_by_a_pause_a_close_or_the_end_of_the_stream) {
  for (int what = 0; what < 4; ++what) {
    raw client(io, server.door->port());
    client.upgrade();
    ASSERT_TRUE(run_until(io, [&] { return server.ends.size() == static_cast<std::size_t>(what) + 1 && server.ends.back()->opened == 1; }));
    recorder& last = *server.ends.back();
    last.when_message = [&last, what, this](const auto&) {
      if (last.messages.size() != messages_per_turn) return;
      if (what == 1) last.call([](connection& to) { to.close(1000, ""); });
      if (what == 2) last.call([](connection& to) { to.abort(); });
      if (what != 3) return;
      last.call([](connection& to) { to.pause_reading(); });
      asio::post(io, [&last] { last.call([](connection& to) { to.resume_reading(); }); });
    };
    client.write(many(1000, raw::text("x")));
    client.socket.shutdown(tcp::socket::shutdown_send);
    ASSERT_TRUE(run_until(io, [&] { return last.closed == 1; }));
    EXPECT_EQ(last.messages.size(), what == 1 || what == 2 ? messages_per_turn : 1000u);
  }
}

TEST_F(transport_turns, Frames_without_data_have_a_rate_and_then_the_connection_is_closed_with_1008) {
  for (const std::string& one : {raw::frame(0x89, ""), raw::frame(0x8A, ""), raw::frame(0x89, std::string(125, 'p'))}) {
    raw client(io, server.door->port());
    client.upgrade();
    client.write(many(1'000, one) + raw::text("fence"));
    ASSERT_TRUE(run_until(io, [&] { return server.ends.back()->messages.size() == 1; }));
    recorder& last = *server.ends.back();
    pour(client, many(1'000, one), last);
    EXPECT_EQ(last.why.code, 1008);
    EXPECT_EQ(last.how.code, errc::bad_frame) << last.how.message;
    EXPECT_FALSE(last.how.from_peer);
  }
}

TEST_F(transport_turns, Empty_fragments_have_the_same_rate) {
  raw client(io, server.door->port());
  client.upgrade();
  client.write(raw::frame(0x01, "a") + many(900, raw::frame(0x00, "")) + raw::frame(0x80, "b"));
  ASSERT_TRUE(run_until(io, [&] { return end().messages.size() == 1; }));
  client.write(raw::frame(0x01, "a"));
  pour(client, many(1'000, raw::frame(0x00, "")), end());
  EXPECT_EQ(end().why.code, 1008);
}

TEST_F(transport_turns, Of_five_hundred_pings_at_once_the_newest_is_answered) {
  raw client(io, server.door->port());
  client.upgrade();
  std::string pings;
  for (int i = 0; i < 500; ++i) pings += raw::frame(0x89, "ping " + std::to_string(1000 + i));
  client.write(pings);
  const std::string newest = raw::frame(0x8A, "ping 1499", false);
  client.read_until([&](std::string_view text) { return text.ends_with(newest); });
  EXPECT_TRUE(client.received.ends_with(newest));
}

TEST_F(transport_turns, The_newest_ping_is_answered_even_if_the_peer_did_not_read_for_a_while) {
  raw client(io, server.door->port());
  client.upgrade();
  ASSERT_TRUE(run_until(io, [&] { return !server.ends.empty() && end().opened == 1; }));
  end().send(std::string(std::size_t{8} * 1024 * 1024, 'x'), opcode::binary);
  settle(io);
  const std::size_t before = end().link->buffered_amount();
  ASSERT_GT(before, 0u);
  for (int i = 0; i < 600; ++i) client.write(raw::frame(0x89, "ping " + std::to_string(1000 + i)));
  client.write(raw::text("fence"));
  ASSERT_TRUE(run_until(io, [&] { return end().messages.size() == 1; }));
  EXPECT_LE(end().link->buffered_amount(), before + 128 * 127);
  const std::string newest = raw::frame(0x8A, "ping 1599", false);
  client.read_until([&](std::string_view text) { return text.ends_with(newest); });
  EXPECT_TRUE(client.received.ends_with(newest));
  EXPECT_EQ(end().closed, 0);
}

// A long queue is sent in the middle of a turn, and the pongs in it are sent with it.
TEST_F(transport_turns, The_newest_ping_is_answered_even_if_the_pongs_before_it_left_early) {
  server.prepare = [](recorder& one) {
    one.when_message = [&one](const auto&) {
      const std::string reply(std::size_t{64} * 1024, 'x');
      one.call([&reply](connection& to) { to.send_copy(as_bytes(std::string_view(reply)), opcode::text); });
    };
  };
  raw client(io, server.door->port());
  client.upgrade();
  for (int round = 0; round < 20; ++round) {
    std::string pings;
    for (int i = 0; i < 20; ++i) pings += raw::frame(0x89, std::to_string(1000 + 20 * round + i));
    client.write(pings + raw::text("a question"));
    const std::string newest = raw::frame(0x8A, std::to_string(1019 + 20 * round), false);
    client.read_until([&](std::string_view text) { return text.find(newest) != text.npos; });
    ASSERT_NE(client.received.find(newest), std::string::npos) << "round " << round;
  }
}

}  // namespace
}  // namespace parley::transport::testing
