// A server with the fast path and a server without it receive the same bytes and must send the same
// bytes.
#include "transport_frames.hpp"
#include "transport_support.hpp"

#include <random>

namespace parley::transport::testing {
namespace {

struct transport_paths : ::testing::Test {
  transport_paths() {
    fast_server.prepare = slow_server.prepare = [this](recorder& end) {
      end.when_message = [this, &end](const recorder::message& m) {
        end.send(m.content, m.kind);
        if (m.content == "close") end.call([](connection& to) { to.close(4001, "as asked"); });
        if (m.content == "pause") {
          end.call([](connection& to) { to.pause_reading(); });
          asio::post(io.get_executor(), [&end] {
            if (end.link) end.call([](connection& to) { to.resume_reading(); });
          });
        }
      };
    };
  }

  struct outcome {
    std::string said;
    std::vector<recorder::message> heard;
    close_reason why;
    error how{errc::failed};
  };

  // Sends the bytes in pieces, and then ends the stream.
  outcome conversation(served& with, const std::vector<std::string>& pieces) {
    raw_client client(io, with.door->port());
    client.upgrade();
    for (const std::string& piece : pieces) {
      client.write(piece);
      settle(io);
    }
    std::error_code gone;
    client.socket.shutdown(tcp::socket::shutdown_send, gone);
    client.read_to_end();
    client.socket.close(gone);
    recorder& end = *with.ends.back();
    EXPECT_TRUE(run_until(io, [&] { return end.closed == 1; }));
    return {client.received, end.messages, end.why, end.how};
  }

  void both_agree(const std::vector<std::string>& pieces) {
    const outcome fast = conversation(fast_server, pieces);
    const outcome slow = conversation(slow_server, pieces);
    EXPECT_EQ(fast.said, slow.said);
    EXPECT_EQ(fast.heard, slow.heard);
    EXPECT_EQ(fast.why.code, slow.why.code);
    EXPECT_EQ(fast.why.text, slow.why.text);
    EXPECT_EQ(fast.how.code, slow.how.code);
    EXPECT_EQ(fast.how.message, slow.how.message);
  }

  asio::io_context io;
  served fast_server{io, {}, true};
  served slow_server{io, {}, false};
};
using raw = raw_client;

TEST_F(transport_paths, answers_of_both_paths_leave_in_the_order_of_their_questions) {
  std::string bytes;
  for (int i = 0; i < 50; ++i)
    bytes +=
        raw::text(std::to_string(i)) + raw::frame(0x89, "ping " + std::to_string(i)) + raw::frame(0x01, "in ") + raw::frame(0x80, "parts");
  const outcome fast = conversation(fast_server, {bytes});
  std::string expected;
  for (int i = 0; i < 50; ++i)
    expected += raw::frame(0x81, std::to_string(i), false) + raw::frame(0x8A, "ping " + std::to_string(i), false) +
                raw::frame(0x81, "in parts", false);
  EXPECT_EQ(fast.said, expected);
  both_agree({bytes});
}

TEST_F(transport_paths, a_close_between_two_messages_of_one_batch_is_the_end) {
  both_agree({raw::text("a") + raw::text("close") + raw::text("b") + raw::frame(0x89, "") + raw::close_frame(4001) + raw::text("c")});
  both_agree({raw::text("a") + raw::close_frame(1000, "bye") + raw::text("b")});
  both_agree({raw::text("a") + raw::text("close"), raw::text(std::string(40'000, 'x')).substr(0, 20'000)});
}

TEST_F(transport_paths, a_pause_between_two_messages_of_one_batch_holds_the_second_back) {
  both_agree({raw::text("a") + raw::text("pause") + raw::text("b") + raw::frame(0x89, "?") + raw::text("pause") + raw::frame(0x01, "c") +
              raw::frame(0x80, "d") + raw::text(std::string(30'000, 'x'))});
}

TEST_F(transport_paths, random_conversations_are_the_same) {
  std::mt19937 random(45);
  for (int round = 0; round < 60 && !HasFailure(); ++round) {
    const std::string bytes = random_frames(random, true);
    std::vector<std::string> pieces;
    for (std::size_t at = 0; at < bytes.size();) {
      const std::size_t count = std::min<std::size_t>(bytes.size() - at, 1 + random() % (round % 2 ? 30 : 1000));
      pieces.push_back(bytes.substr(at, count));
      at += count;
    }
    SCOPED_TRACE(round);
    both_agree(pieces);
  }
}

}  // namespace
}  // namespace parley::transport::testing
