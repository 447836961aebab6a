// A thread that waits for one connection without a turn of the loop: connection::wait_here().
#include "transport_support.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace parley::transport::testing {
namespace {

constexpr time_point never = time_point::max();
constexpr time_point at_once{};

// The client's loop runs only where a test says so. The server has another loop.
struct transport_waiting : ::testing::Test {
  transport_waiting() {
    connect_options options;
    options.url = server.url();
    options.limits.max_message = std::size_t{4} << 20;
    dial(here.get_executor(), std::move(options), client);
    EXPECT_TRUE(run_until(there, [&] {
      settle(here);
      return client->opened == 1 && !server.ends.empty() && server.ends.back()->opened == 1;
    }));
    settle(here);
  }
  ~transport_waiting() override { ::close(wake); }

  static listen_options large() {
    listen_options options;
    options.limits.max_message = std::size_t{4} << 20;
    return options;
  }
  recorder& guest() { return *server.ends.at(0); }
  connection& link() { return *client->link; }
  // Until the client has all of it, though its loop does not run.
  void receive(std::size_t messages) {
    while (client->messages.size() < messages && client->closed == 0) {
      settle(there);
      ASSERT_NE(link().wait_here(wake, at_once), waited::unable);
    }
  }
  // The server reads nothing and the system takes no more.
  void fill(const std::string& message) {
    guest().link->pause_reading();
    settle(there);
    std::size_t before = 0;
    do {
      before = link().buffered_amount();
      for (int i = 0; i < 64; ++i) link().send_owned(message, opcode::binary);
      link().flush();
    } while (link().buffered_amount() <= before);
  }

  asio::io_context here, there;
  served server{there, large()};
  const std::shared_ptr<recorder> client = std::make_shared<recorder>();
  const int wake = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
};

TEST_F(transport_waiting, What_is_queued_leaves_and_the_answer_is_handled) {
  guest().when_message = [&](const recorder::message& one) { guest().link->send_copy(as_bytes(one.content), one.kind); };
  link().send_copy(as_bytes("hello"), opcode::text);
  EXPECT_EQ(link().wait_here(wake, at_once), waited::late);
  EXPECT_EQ(link().buffered_amount(), 0u);
  ASSERT_TRUE(run_until(there, [&] { return guest().messages.size() == 1; }));
  settle(there);
  EXPECT_EQ(link().wait_here(wake, never), waited::arrived);
  ASSERT_EQ(client->messages.size(), 1u);
  EXPECT_EQ(client->messages[0].content, "hello");
}

TEST_F(transport_waiting, A_flush_sends_without_a_turn_of_the_loop) {
  link().send_copy(as_bytes("hello"), opcode::text);
  EXPECT_GT(link().buffered_amount(), 0u);
  link().flush();
  EXPECT_EQ(link().buffered_amount(), 0u);
  EXPECT_TRUE(run_until(there, [&] { return guest().messages.size() == 1; }));
}

TEST_F(transport_waiting, The_descriptor_and_the_time_end_the_wait) {
  EXPECT_EQ(link().wait_here(wake, steady::now() + 1ms), waited::late);
  ASSERT_EQ(::eventfd_write(wake, 1), 0);
  EXPECT_EQ(link().wait_here(wake, never), waited::woken);
}

TEST_F(transport_waiting, The_loop_goes_on_afterwards) {
  guest().when_message = [&](const recorder::message& one) { guest().link->send_copy(as_bytes(one.content), one.kind); };
  for (std::size_t i = 1; i < 50; i += 2) {
    link().send_copy(as_bytes("one"), opcode::text);
    receive(i);
    link().send_copy(as_bytes("two"), opcode::text);
    ASSERT_TRUE(run_until(here, [&] {
      settle(there);
      return client->messages.size() == i + 1;
    }));
  }
}

TEST_F(transport_waiting, Messages_of_every_size_are_sent_from_where_they_are) {
  std::size_t count = 0;
  for (const std::size_t size : {0u, 1u, 125u, 126u, 4096u, 8191u, 8192u, 8193u, 65'535u, 65'536u, 200'000u}) {
    std::string text(size, ' ');
    for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i % 23);
    link().send_owned(text, opcode::text);
    guest().link->send_owned(text, opcode::text);
    ++count;
    receive(count);
    ASSERT_TRUE(run_until(there, [&] {
      (void)link().wait_here(wake, at_once);
      return guest().messages.size() == count;
    }));
    EXPECT_EQ(guest().messages.back().content, text);
    EXPECT_EQ(client->messages.back().content, text);
  }
}

TEST_F(transport_waiting, It_reads_while_the_socket_takes_nothing) {
  fill(std::string(16 * 1024, 'x'));
  guest().link->send_copy(as_bytes("hello"), opcode::text);
  receive(1);
}

// Reading goes on in a turn of the loop that is posted. To wait for the socket to take more, and for nothing else, might be for ever: the
// other end may be waiting for its messages to be read.
TEST_F(transport_waiting, It_does_not_wait_for_room_only_while_reading_is_about_to_go_on) {
  fill(std::string(16 * 1024, 'x'));
  link().pause_reading();
  settle(here);
  link().resume_reading();
  guest().link->send_copy(as_bytes("hello"), opcode::text);
  settle(there);
  EXPECT_EQ(link().wait_here(wake, at_once), waited::unable);
  settle(here);
  receive(1);
}

TEST_F(transport_waiting, The_end_of_the_connection_is_reported_as_in_the_loop) {
  guest().link->abort();
  settle(there);
  while (client->closed == 0)
    if (link().wait_here(wake, never) == waited::unable) settle(here);
  EXPECT_EQ(client->how.code, errc::disconnected);
}

}  // namespace
}  // namespace parley::transport::testing
