// Owners that throw when the transport calls them. The exception leaves run(). The connection loses
// no byte in either direction and holds nothing of the unwound stack.
#include "transport_support.hpp"

#include <asio/executor_work_guard.hpp>

#include <stdexcept>
#include <vector>

namespace parley::transport::testing {
namespace {

using raw = raw_client;

struct on_purpose : std::runtime_error {
  on_purpose() : std::runtime_error("thrown on purpose") {}
};

// Runs the loop until `done`, even if exceptions leave it. Returns the number of exceptions, or -1
// if nothing happens any more.
template <class Done>
int run_through(asio::io_context& io, Done done) {
  int thrown = 0;
  while (!done()) {
    try {
      if (!run_until(io, done)) return -1;
    } catch (const on_purpose&) { ++thrown; }
  }
  return thrown;
}

// Small messages, one in fragments with a ping between them, one that is read directly into its
// destination, and messages after it in the same read.
std::vector<std::string> messages() { return {"a", "bb", std::string(200, 'c'), "fragments", std::string(300'000, 'd'), "e", "f"}; }

std::string frames() {
  std::string all;
  for (const std::string& one : messages()) {
    if (one == "fragments") all += raw::frame(0x01, "frag") + raw::frame(0x89, "ping") + raw::frame(0x80, "ments");
    else all += raw::text(one);
  }
  return all;
}

struct transport_throwing : ::testing::Test {
  static listen_options large() {
    listen_options options;
    options.limits.max_message = 1 << 20;
    return options;
  }

  asio::io_context io;
  served server{io, large()};
};

TEST_F(transport_throwing, every_message_and_every_answer_arrives_though_each_handler_throws) {
  int thrown = 0;
  server.prepare = [&](recorder& end) {
    end.when_message = [&](const recorder::message& one) {
      end.send("answer " + one.content);
      throw on_purpose();
    };
  };
  raw client(io, server.door->port());
  client.upgrade();
  recorder& end = *server.ends.at(0);
  std::string expected;
  for (int round = 0; round < 3; ++round) {
    const std::size_t before = end.messages.size();
    const std::string bytes = client.on_the_wire(frames());
    asio::async_write(client.socket, asio::buffer(bytes), [](std::error_code, std::size_t) {});
    const int now = run_through(io, [&] { return end.messages.size() == before + messages().size(); });
    ASSERT_GE(now, 0);
    thrown += now;
    // A handler that threw has written the last answer, which is sent all the same.
    std::array<char, 65536> room;
    std::size_t answers = 0;
    for (const std::string& one : messages()) answers += one.size() + std::string_view("answer ").size();
    const auto text_of = [](std::string_view received) {
      std::string text;
      while (received.size() >= 2) {
        std::size_t size = static_cast<unsigned char>(received[1]), head = 2;
        if (size == 126) head = 4, size = static_cast<unsigned char>(received[2]) * 256U + static_cast<unsigned char>(received[3]);
        if (size == 127) {
          head = 10;
          size = 0;
          for (std::size_t i = 2; i < 10 && i < received.size(); ++i) size = size << 8 | static_cast<unsigned char>(received[i]);
        }
        if (received.size() < head + size) break;
        if (static_cast<unsigned char>(received[0]) == 0x81) text += received.substr(head, size);
        received.remove_prefix(head + size);
      }
      return text;
    };
    while (text_of(client.received).size() < answers * static_cast<std::size_t>(round + 1)) {
      bool came = false;
      client.socket.async_read_some(asio::buffer(room), [&](std::error_code ec, std::size_t count) {
        came = true;
        EXPECT_FALSE(ec);
        client.arrived({room.data(), count});
      });
      ASSERT_GE(run_through(io, [&] { return came; }), 0);
    }
    for (const std::string& one : messages()) expected += "answer " + one;
    EXPECT_EQ(text_of(client.received), expected);
  }
  EXPECT_EQ(thrown, 3 * static_cast<int>(messages().size()));
  EXPECT_EQ(end.closed, 0);
  EXPECT_EQ(end.link->buffered_amount(), 0u);
}

TEST_F(transport_throwing, a_stream_whose_owner_throws_keeps_no_other_from_sending_in_that_turn) {
  constexpr std::size_t many = 5;
  std::vector<std::unique_ptr<raw>> clients;
  for (std::size_t i = 0; i < many; ++i) {
    clients.push_back(std::make_unique<raw>(io, server.door->port()));
    clients.back()->upgrade();
  }
  // All streams are flushed in one turn, each with a message that all of them borrow. The owners
  // are then informed that they may send again.
  const buffer shared = framed_once(std::string(1000, 's'), opcode::text);
  for (const auto& end : server.ends) {
    end->link->set_water_marks(10, 10);
    end->when_drained = [] { throw on_purpose(); };
  }
  for (const auto& end : server.ends) end->call([&](connection& to) { to.send(shared, opcode::text); });
  ASSERT_GE(run_through(io,
                        [&] {
                          for (const auto& end : server.ends)
                            if (end->drained == 0) return false;
                          return true;
                        }),
            1);
  for (const auto& client : clients) {
    client->read_until([](std::string_view text) { return text.size() >= 1004; });
    EXPECT_EQ(client->received.substr(4), std::string(1000, 's'));
  }
}

}  // namespace
}  // namespace parley::transport::testing
