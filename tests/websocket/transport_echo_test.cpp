// Messages through real sockets, both roles ours.
#include "transport_support.hpp"

#include <gmock/gmock.h>

namespace parley::transport::testing {
namespace {

using ::testing::ElementsAre;

struct transport_echo : ::testing::Test {
  transport_echo() : server(io) {
    server.prepare = [](recorder& end) {
      end.when_message = [&end](const recorder::message& m) { end.send(m.content, m.kind); };
    };
  }

  std::shared_ptr<recorder> connect(connect_options options = {}) {
    const auto end = std::make_shared<recorder>();
    if (options.url.empty()) options.url = server.url();
    websocket_connect(io.get_executor(), std::move(options), end);
    EXPECT_TRUE(run_until(io, [&] { return end->opened + end->closed > 0; }));
    EXPECT_EQ(end->opened, 1) << end->how.message;
    return end;
  }

  asio::io_context io;
  served server;
};

TEST_F(transport_echo, text_and_binary_come_back_as_they_were_in_order) {
  const auto end = connect();
  end->send("hello");
  end->send(std::string("\0\xFF\x80", 3), opcode::binary);
  end->send("");
  end->send("grüße");
  ASSERT_TRUE(run_until(io, [&] { return end->messages.size() == 4; }));
  EXPECT_EQ(end->messages[0], (recorder::message{"hello", opcode::text}));
  EXPECT_EQ(end->messages[1], (recorder::message{std::string("\0\xFF\x80", 3), opcode::binary}));
  EXPECT_EQ(end->messages[2], (recorder::message{"", opcode::text}));
  EXPECT_EQ(end->messages[3], (recorder::message{"grüße", opcode::text}));
}

}  // namespace
}  // namespace parley::transport::testing
