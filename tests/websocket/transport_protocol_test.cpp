// What a peer may send: RFC 6455 sections 5 to 8, with frames that are written by hand over TCP.
#include "transport_support.hpp"

#include <gmock/gmock.h>

namespace parley::transport::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using raw = raw_client;

struct transport_protocol : ::testing::Test {
  static listen_options options() {
    listen_options o;
    o.limits.max_message = 1000;
    return o;
  }
  recorder& end() { return *server.ends.at(0); }

  // Sends bytes on a fresh connection and returns the code that the server closes it with.
  int closed_by(std::string_view bytes, errc expected) {
    raw client(io, server.door->port());
    client.upgrade();
    client.write(bytes);
    client.read_to_end();
    client.socket.close();
    recorder& last = *server.ends.back();
    EXPECT_TRUE(run_until(io, [&] { return last.closed == 1; }));
    EXPECT_EQ(last.why.code, client.close_code());
    EXPECT_EQ(last.how.code, expected) << last.how.message;
    EXPECT_THAT(last.messages, IsEmpty());
    return client.close_code();
  }

  asio::io_context io;
  served server{io, options()};
};

TEST_F(transport_protocol, a_message_in_fragments_arrives_whole_and_a_ping_between_them_is_answered) {
  raw client(io, server.door->port());
  client.upgrade();
  client.write(raw::frame(0x01, "gr\xC3") + raw::frame(0x89, "are you there") + raw::frame(0x00, "\xBC\xC3\x9F") + raw::frame(0x80, "e"));
  client.write(raw::frame(0x02, "") + raw::frame(0x80, std::string("\0\xFF", 2)));
  ASSERT_TRUE(run_until(io, [&] { return end().messages.size() == 2; }));
  EXPECT_THAT(end().messages,
              ElementsAre(recorder::message{"grüße", opcode::text}, recorder::message{std::string("\0\xFF", 2), opcode::binary}));
  client.read_until([](std::string_view text) { return text.size() >= 15; });
  EXPECT_EQ(client.received, raw::frame(0x8A, "are you there", false));
}

TEST_F(transport_protocol, bytes_that_come_one_by_one_are_the_same_as_bytes_that_come_together) {
  raw client(io, server.door->port());
  for (const char c : raw::request()) {
    client.write({&c, 1});
    settle(io);
  }
  client.read_until([](std::string_view text) { return text.ends_with("\r\n\r\n"); });
  for (const char c : raw::frame(0x01, "ab") + raw::frame(0x89, "p") + raw::frame(0x80, "c") + raw::text(std::string(300, 'x'))) {
    client.write({&c, 1});
    settle(io);
  }
  ASSERT_TRUE(run_until(io, [&] { return end().messages.size() == 2; }));
  EXPECT_EQ(end().messages[0].content, "abc");
  EXPECT_EQ(end().messages[1].content, std::string(300, 'x'));
}

TEST_F(transport_protocol, what_a_client_sends_together_with_its_request_is_not_lost) {
  raw client(io, server.door->port());
  client.write(raw::request() + raw::text("early"));
  ASSERT_TRUE(run_until(io, [&] { return server.ends.size() == 1 && end().messages.size() == 1; }));
  EXPECT_EQ(end().messages[0].content, "early");
}

TEST_F(transport_protocol, frames_are_answered_as_a_server_does_unmasked) {
  raw client(io, server.door->port());
  client.upgrade();
  ASSERT_TRUE(run_until(io, [&] { return !server.ends.empty() && end().opened == 1; }));
  end().send("hi");
  end().send(std::string(200, 'b'), opcode::binary);
  client.read_until([](std::string_view text) { return text.size() >= 4 + 204; });
  EXPECT_EQ(client.received, raw::frame(0x81, "hi", false) + raw::frame(0x82, std::string(200, 'b'), false));
}

TEST_F(transport_protocol, violations_are_closed_with_1002) {
  EXPECT_EQ(closed_by(raw::frame(0x83, "x"), errc::bad_frame), 1002);                          // reserved data opcode
  EXPECT_EQ(closed_by(raw::frame(0x8B, "x"), errc::bad_frame), 1002);                          // reserved control opcode
  EXPECT_EQ(closed_by(raw::frame(0xC1, "x"), errc::bad_frame), 1002);                          // RSV1 without an extension
  EXPECT_EQ(closed_by(raw::frame(0xA1, "x"), errc::bad_frame), 1002);                          // RSV2
  EXPECT_EQ(closed_by(raw::frame(0x91, "x"), errc::bad_frame), 1002);                          // RSV3
  EXPECT_EQ(closed_by(raw::frame(0x81, "x", false), errc::bad_frame), 1002);                   // not masked
  EXPECT_EQ(closed_by(raw::frame(0x80, "x"), errc::bad_frame), 1002);                          // a continuation without a message
  EXPECT_EQ(closed_by(raw::frame(0x01, "x") + raw::frame(0x81, "y"), errc::bad_frame), 1002);  // a new message inside a fragmented message
  EXPECT_EQ(closed_by(raw::frame(0x09, "x"), errc::bad_frame), 1002);                          // a fragmented control frame
  EXPECT_EQ(closed_by(raw::frame(0x89, std::string(126, 'x')), errc::bad_frame), 1002);        // a control frame that is too large
}

TEST_F(transport_protocol, a_length_that_is_not_in_its_shortest_form_is_closed_with_1002) {
  using namespace std::string_literals;
  EXPECT_EQ(closed_by("\x81\xFE\x00\x05keykhello"s, errc::bad_frame), 1002);
  EXPECT_EQ(closed_by("\x81\xFF\x00\x00\x00\x00\x00\x00\x01\x00keyk"s + std::string(256, 'x'), errc::bad_frame), 1002);
}

TEST_F(transport_protocol, invalid_utf8_is_closed_with_1007) {
  EXPECT_EQ(closed_by(raw::text("\xFF"), errc::bad_frame), 1007);
  EXPECT_EQ(closed_by(raw::text("\xC0\xAF"), errc::bad_frame), 1007);          // not the shortest form
  EXPECT_EQ(closed_by(raw::text("\xED\xA0\x80"), errc::bad_frame), 1007);      // a surrogate
  EXPECT_EQ(closed_by(raw::text("\xF4\x90\x80\x80"), errc::bad_frame), 1007);  // above U+10FFFF
  EXPECT_EQ(closed_by(raw::text("ab\xC3"), errc::bad_frame), 1007);            // incomplete at the end
  EXPECT_EQ(closed_by(raw::frame(0x01, "ab") + raw::frame(0x80, "\xE2\x82"), errc::bad_frame),
            1007);  // incomplete at the end of the last fragment
  EXPECT_EQ(closed_by(raw::frame(0x01, "\xE2\x82") + raw::frame(0x80, ""), errc::bad_frame), 1007);
  // The error is reported as soon as it is known. The rest of the message is never sent.
  EXPECT_EQ(closed_by(raw::frame(0x01, "\xFF"), errc::bad_frame), 1007);
}

TEST_F(transport_protocol, a_message_over_the_limit_is_closed_with_1009_as_soon_as_its_length_is_known) {
  EXPECT_EQ(closed_by(raw::frame(0x82, std::string(1001, 'x')), errc::too_large), 1009);
  EXPECT_EQ(closed_by(raw::frame(0x82, std::string(1001, 'x')).substr(0, 8), errc::too_large), 1009);
  EXPECT_EQ(closed_by(raw::frame(0x02, std::string(600, 'x')) + raw::frame(0x80, std::string(401, 'x')), errc::too_large), 1009);
  EXPECT_EQ(closed_by(std::string("\x82\xFF\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFFkeyk"), errc::too_large), 1009);
  EXPECT_EQ(closed_by(std::string("\x82\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFFkeyk"), errc::too_large), 1009);
}

TEST_F(transport_protocol, a_message_of_exactly_the_limit_arrives) {
  raw client(io, server.door->port());
  client.upgrade();
  client.write(raw::frame(0x82, std::string(1000, 'x')) + raw::frame(0x02, std::string(999, 'y')) + raw::frame(0x80, "z"));
  ASSERT_TRUE(run_until(io, [&] { return end().messages.size() == 2; }));
}

TEST_F(transport_protocol, what_was_whole_before_a_violation_is_delivered) {
  raw client(io, server.door->port());
  client.upgrade();
  client.write(raw::text("good") + raw::frame(0x83, "bad") + raw::text("never"));
  client.read_to_end();
  client.socket.close();
  ASSERT_TRUE(run_until(io, [&] { return !server.ends.empty() && end().closed == 1; }));
  EXPECT_THAT(end().messages, ElementsAre(recorder::message{"good", opcode::text}));
}

// ---- Closing.

TEST_F(transport_protocol, the_others_close_code_and_text_are_kept_and_echoed) {
  for (const unsigned code : {1000u, 1001u, 1012u, 3000u, 4003u, 4999u}) {
    raw client(io, server.door->port());
    client.upgrade();
    client.write(raw::close_frame(code, "bye ü"));
    client.read_to_end();
    client.socket.close();
    EXPECT_EQ(client.close_code(), static_cast<int>(code));
    recorder& last = *server.ends.back();
    ASSERT_TRUE(run_until(io, [&] { return last.closed == 1; }));
    EXPECT_EQ(last.why.code, code);
    EXPECT_EQ(last.why.text, "bye ü");
    EXPECT_EQ(last.how.code, errc::disconnected);
  }
}

TEST_F(transport_protocol, a_close_frame_without_a_code_is_1005_and_is_answered) {
  raw client(io, server.door->port());
  client.upgrade();
  client.write(raw::frame(0x88, ""));
  client.read_to_end();
  EXPECT_GE(client.close_code(), 1000);
  client.socket.close();
  ASSERT_TRUE(run_until(io, [&] { return end().closed == 1; }));
  EXPECT_EQ(end().why.code, 1005);
}

TEST_F(transport_protocol, close_frames_that_must_not_be_sent_are_closed_with_1002) {
  for (const unsigned code : {0u, 999u, 1004u, 1005u, 1006u, 1015u, 1016u, 2999u, 5000u, 65535u})
    EXPECT_EQ(closed_by(raw::close_frame(code), errc::bad_frame), 1002) << code;
  EXPECT_EQ(closed_by(raw::frame(0x88, "x"), errc::bad_frame), 1002);
  EXPECT_EQ(closed_by(raw::close_frame(1000, "\xFF"), errc::bad_frame), 1002);
}

TEST_F(transport_protocol, our_close_leaves_after_what_was_queued_and_waits_for_its_echo) {
  raw client(io, server.door->port());
  client.upgrade();
  ASSERT_TRUE(run_until(io, [&] { return !server.ends.empty() && end().opened == 1; }));
  end().send("last");
  end().call([](connection& to) {
    to.close(4012, "removed");
    to.send(buffer("after"), opcode::text);
    to.ping();
    to.close(1000, "again");
  });
  client.read_until([&](std::string_view) { return client.close_code() > 0; });
  EXPECT_EQ(client.received, raw::frame(0x81, "last", false) + raw::frame(0x88, "\x0F\xACremoved", false));
  client.write(raw::text("ignored") + raw::close_frame(4012));
  client.read_to_end();
  EXPECT_EQ(client.ended, asio::error::eof);
  client.socket.close();
  ASSERT_TRUE(run_until(io, [&] { return end().closed == 1; }));
  EXPECT_EQ(end().why.code, 4012);
  EXPECT_EQ(end().why.text, "removed");
  EXPECT_EQ(end().how.code, errc::cancelled);
  EXPECT_THAT(end().messages, IsEmpty());
}

TEST_F(transport_protocol, a_peer_that_never_answers_our_close_is_dropped_after_a_second) {
  raw client(io, server.door->port());
  client.upgrade();
  ASSERT_TRUE(run_until(io, [&] { return !server.ends.empty() && end().opened == 1; }));
  const auto begin = std::chrono::steady_clock::now();
  end().call([](connection& to) { to.close(1000, {}); });
  ASSERT_TRUE(run_until(io, [&] { return end().closed == 1; }));
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 900ms);
  EXPECT_EQ(end().why.code, 1000);
}

TEST_F(transport_protocol, a_peer_that_floods_instead_of_answering_our_close_is_dropped_after_64_KiB) {
  raw client(io, server.door->port()), silent(io, server.door->port());
  client.upgrade();
  silent.upgrade();
  ASSERT_TRUE(run_until(io, [&] { return server.ends.size() == 2 && server.ends[0]->opened == 1 && server.ends[1]->opened == 1; }));
  recorder& flooded = *server.ends[0];
  recorder& patient = *server.ends[1];
  flooded.call([](connection& to) { to.close(1000, {}); });
  client.read_until([&](std::string_view) { return client.close_code() > 0; });
  std::string flood;
  for (int i = 0; i < 100; ++i) flood += raw::frame(0x82, std::string(900, 'x'));
  client.write(flood);
  // This connection is the clock: it waits the whole second for the answer to its close.
  patient.call([](connection& to) { to.close(1000, {}); });
  ASSERT_TRUE(run_until(io, [&] { return flooded.closed == 1; }));
  EXPECT_EQ(patient.closed, 0);
  EXPECT_EQ(flooded.why.code, 1000);
  EXPECT_THAT(flooded.messages, IsEmpty());
}

TEST_F(transport_protocol, the_end_of_the_stream_without_a_close_frame_is_1006) {
  raw client(io, server.door->port());
  client.upgrade();
  client.write(raw::text("whole") + raw::text("cut").substr(0, 5));
  ASSERT_TRUE(run_until(io, [&] { return !server.ends.empty() && end().messages.size() == 1; }));
  client.socket.close();
  ASSERT_TRUE(run_until(io, [&] { return end().closed == 1; }));
  EXPECT_EQ(end().why.code, 1006);
  EXPECT_EQ(end().how.code, errc::disconnected);
}

TEST_F(transport_protocol, a_reset_is_1006) {
  raw client(io, server.door->port());
  client.upgrade();
  client.socket.set_option(asio::socket_base::linger(true, 0));
  client.socket.close();
  ASSERT_TRUE(run_until(io, [&] { return !server.ends.empty() && end().closed == 1; }));
  EXPECT_EQ(end().why.code, 1006);
}

TEST_F(transport_protocol, a_close_frame_is_heard_even_if_the_peer_is_gone_when_we_write) {
  raw client(io, server.door->port());
  client.upgrade();
  ASSERT_TRUE(run_until(io, [&] { return !server.ends.empty() && end().opened == 1; }));
  client.write(raw::close_frame(4011, "heartbeat"));
  client.socket.close();
  for (int i = 0; i < 100; ++i) end().send("into the void");
  ASSERT_TRUE(run_until(io, [&] { return end().closed == 1; }));
  EXPECT_EQ(end().why.code, 4011);
}

TEST_F(transport_protocol, an_abort_sends_no_close_frame) {
  raw client(io, server.door->port());
  client.upgrade();
  ASSERT_TRUE(run_until(io, [&] { return !server.ends.empty() && end().opened == 1; }));
  end().call([](connection& to) {
    to.abort();
    to.abort();
    to.close(1000, {});
  });
  client.read_to_end();
  EXPECT_EQ(client.close_code(), -1);
  ASSERT_TRUE(run_until(io, [&] { return end().closed == 1; }));
  EXPECT_EQ(end().why.code, 1006);
  EXPECT_EQ(end().how.code, errc::cancelled);
}

TEST_F(transport_protocol, a_peer_that_pings_without_reading_the_answers_makes_nothing_grow) {
  raw client(io, server.door->port());
  client.upgrade();
  ASSERT_TRUE(run_until(io, [&] { return !server.ends.empty() && end().opened == 1; }));
  client.socket.non_blocking(true);
  std::string pings;
  for (int i = 0; i < 500; ++i) pings += raw::frame(0x89, std::string(125, 'p'));
  std::size_t most = 0;
  std::string out;
  ASSERT_TRUE(run_until(io, [&] {
    std::error_code ec;
    if (out.empty()) out = client.on_the_wire(pings);
    out.erase(0, client.socket.write_some(asio::buffer(out), ec));
    if (end().link) most = std::max(most, end().link->buffered_amount());
    return end().closed == 1;
  }));
  EXPECT_LE(most, 129u * 127u);
  EXPECT_EQ(end().why.code, 1008);
}

TEST_F(transport_protocol, handlers_may_close_abort_and_send_from_inside_on_message) {
  for (int what = 0; what < 3; ++what) {
    raw client(io, server.door->port());
    server.prepare = [what](recorder& end) {
      end.when_message = [&end, what](const auto&) {
        end.call([what](connection& to) {
          to.send(buffer("answer"), opcode::text);
          if (what == 1) to.close(1008, "enough");
          if (what == 2) to.abort();
        });
      };
    };
    client.upgrade();
    client.write(raw::text("a") + raw::text("b"));
    recorder& last = *server.ends.back();
    if (what == 0) {
      ASSERT_TRUE(run_until(io, [&] { return last.messages.size() == 2; }));
    } else {
      client.read_to_end();
      client.socket.close();
      ASSERT_TRUE(run_until(io, [&] { return last.closed == 1; }));
      EXPECT_EQ(last.messages.size(), 1u);
      EXPECT_EQ(client.close_code(), what == 1 ? 1008 : -1);
    }
  }
}

TEST_F(transport_protocol, random_bytes_only_ever_end_their_own_connection) {
  raw good(io, server.door->port());
  good.upgrade();
  std::uint32_t seed = 12345;
  const auto next = [&] { return seed = seed * 1664525u + 1013904223u; };
  for (int round = 0; round < 200; ++round) {
    raw client(io, server.door->port());
    client.upgrade();
    std::string bytes =
        raw::frame(0x81, "some text to flip") + raw::frame(0x02, "two") + raw::frame(0x80, "fragments") + raw::close_frame(1000);
    if (round % 2) {
      for (char& c : bytes) c = static_cast<char>(next() >> 24);
    } else {
      bytes[next() % bytes.size()] ^= static_cast<char>(1u << (next() >> 29));
    }
    client.write(bytes);
    client.socket.shutdown(tcp::socket::shutdown_send);
    client.read_to_end();
    recorder& last = *server.ends.back();
    ASSERT_TRUE(run_until(io, [&] { return last.closed == 1; })) << round;
  }
  good.write(raw::text("still here"));
  ASSERT_TRUE(run_until(io, [&] { return server.ends[0]->messages.size() == 1; }));
}

}  // namespace
}  // namespace parley::transport::testing
