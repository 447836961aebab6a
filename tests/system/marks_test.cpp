// An end of a connection and its transport agree when data has to wait. Waiting data is sent
// without a further send or receive, whatever the sizes are.
#include "parley/loopback.hpp"

#include "websocket/transport_recorder.hpp"

#include <parley/conversation/attachment.hpp>
#include <parley/ends/loop_executor.hpp>
#include <parley/transport/websocket.hpp>

#include <asio/io_context.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <string>

namespace parley {
namespace {

using transport::testing::recorder;
using transport::testing::run_until;

constexpr std::size_t high_mark = 64 * 1024;

struct owner final : conversation_owner {
  const wire::envelope_format* format_for(std::string_view) override { return &wire::plain_format(); }
  void opened(conversation&) override { is_open = true; }
  void event_received(conversation&, const wire::envelope&, const invocation&) override {}
  void unknown_event(conversation&, const wire::envelope&) override {}
  void call_received(conversation&, incoming_call&) override {}
  void error_received(conversation&, const error&, std::string_view) override {}
  void call_handler_threw(const method&, const std::exception_ptr&) override {}
  void drained(conversation&) override {}
  void closed(conversation&, std::uint16_t, const error&) override {}
  bool is_open = false;
};

enum class over { sockets, memory };

class Marks : public testing::TestWithParam<over> {
 protected:
  Marks() {
    reader->keep = false;
    if (GetParam() == over::sockets) {
      door = *transport::websocket_listen(io.get_executor(), {});
      start();
      transport::websocket_connect(io.get_executor(), {.url = "ws://127.0.0.1:" + std::to_string(door->port()) + "/"}, reader);
    } else {
      door = network.listen(io.get_executor());
      start();
      network.connect(io.get_executor(), {.url = "mem://server"}, reader);
    }
    EXPECT_TRUE(run_until(io, [&] { return owner_.is_open && reader->opened == 1; }));
  }
  ~Marks() override { server->forget_owner(); }

  void start() {
    door->start([this](const std::shared_ptr<transport::request>& ask) { ask->accept("", std::make_shared<attachment>(server, clock)); });
  }

  // The bytes that the transport counts in addition to the content of a frame of 126 to 65,535
  // bytes: the head, or the room of a message.
  static std::size_t beside() { return GetParam() == over::sockets ? 4 : message_room; }

  // The time does not advance, so no heartbeat causes further frames.
  std::shared_ptr<manual_clock> clock = std::make_shared<manual_clock>();
  asio::io_context io;
  loopback network;
  session::contract known;
  owner owner_;
  std::shared_ptr<conversation> server =
      std::make_shared<conversation>(owner_, conversation_setup{.session{.self = side::server}, .contract = &known},
                                     std::make_shared<const loop_executor>(io.get_executor()));
  std::shared_ptr<recorder> reader = std::make_shared<recorder>();
  std::shared_ptr<transport::listener> door;
};
INSTANTIATE_TEST_SUITE_P(Over, Marks, testing::Values(over::sockets, over::memory),
                         [](const auto& one) { return one.param == over::sockets ? "sockets" : "memory"; });

// The frames of one turn reach just below the mark, exactly the mark, or just above it. The rest
// follows.
TEST_P(Marks, Let_everything_leave_whatever_the_frames_of_one_turn_add_up_to) {
  for (const std::size_t total : {high_mark - 1, high_mark, high_mark + 1}) {
    SCOPED_TRACE(total);
    constexpr std::size_t frames = 8;
    reader->received = 0;
    std::size_t sent = 0;
    const auto send = [&](std::size_t size) {
      std::string frame(size, 'x');
      EXPECT_TRUE(server->session().send(frame));
      sent += size;
    };
    for (std::size_t i = 0; i < frames; ++i) send(total / frames - beside() + (i == 0 ? total % frames : 0));
    EXPECT_EQ(server->queued(), total);
    for (std::size_t i = 0; i < 3; ++i) send(5'000);
    EXPECT_TRUE(run_until(io, [&] { return reader->received == sent && server->queued() == 0; }));
  }
}

}  // namespace
}  // namespace parley
