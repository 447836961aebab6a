// A connection departs from RFC 6455 only if its options request it.
#include "transport_bytes_server.hpp"
#include "transport_support.hpp"

#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <vector>

namespace parley::transport::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> contents(const recorder& of) {
  std::vector<std::string> all;
  for (const recorder::message& one : of.messages) all.push_back(one.content);
  return all;
}

std::string frame(unsigned first, std::string_view payload, bool masked = true) { return raw_client::frame(first, payload, masked); }

TEST(Manners, AMaskedFrameOfAServerEndsAConnectionThatKeepsToTheRfc) {
  asio::io_context io;
  bytes_server server(io);
  const auto client = std::make_shared<recorder>();
  server.take(client);
  server.write(frame(0x81, "hidden"));
  ASSERT_TRUE(run_until(io, [&] { return client->closed > 0; }));
  EXPECT_EQ(client->why.code, 1002);
  EXPECT_THAT(client->messages, IsEmpty());
}

// Frames with and without mask, large frames, and fragments with a ping between them. Divided at
// every byte, and in one piece.
TEST(Manners, MasksOfAServerAreTakenOffWhereverItsFramesAreCut) {
  const std::string large(300, 'x');
  const std::string said = frame(0x81, "masked") + frame(0x81, "bare", false) + frame(0x89, "ping") + frame(0x81, large) +
                           frame(0x01, "frag") + frame(0x89, "") + frame(0x00, "men", false) + frame(0x80, "ts") + frame(0x82, "bytes");
  for (std::size_t cut = 1; cut <= said.size(); cut += cut < 40 || cut > 340 ? 1 : 37) {
    SCOPED_TRACE(cut);
    asio::io_context io;
    bytes_server server(io);
    const auto client = std::make_shared<recorder>();
    server.take(client, {.masked_frames = true});
    server.write(std::string_view(said).substr(0, cut));
    settle(io);
    server.write(std::string_view(said).substr(cut));
    ASSERT_TRUE(run_until(io, [&] { return client->messages.size() == 5 || client->closed > 0; }));
    EXPECT_THAT(contents(*client), ElementsAre("masked", "bare", large, "fragments", "bytes"));
    client->call([](connection& to) { to.abort(); });
    settle(io);
  }
}

TEST(Manners, AMaskedCloseFrameOfAServerIsUnderstood) {
  asio::io_context io;
  bytes_server server(io);
  const auto client = std::make_shared<recorder>();
  server.take(client, {.masked_frames = true});
  server.write(frame(0x88, "\x03\xe8over"));
  ASSERT_TRUE(run_until(io, [&] { return !server.received.empty(); }));  // the answer to the message
  server.socket.close();
  ASSERT_TRUE(run_until(io, [&] { return client->closed > 0; }));
  EXPECT_EQ(client->why.code, 1000);
  EXPECT_EQ(client->why.text, "over");
}

TEST(Manners, ByteByByteMasksAreTakenOffToo) {
  asio::io_context io;
  bytes_server server(io);
  const auto client = std::make_shared<recorder>();
  server.take(client, {.masked_frames = true});
  for (const char byte : frame(0x01, "one ") + frame(0x80, "message") + frame(0x81, std::string(200, 'y'))) {
    server.write({&byte, 1});
    settle(io);
  }
  ASSERT_TRUE(run_until(io, [&] { return client->messages.size() == 2; }));
  EXPECT_THAT(contents(*client), ElementsAre("one message", std::string(200, 'y')));
}

TEST(Manners, WhoClosesSilentlyLetsWhatWasSentLeaveAndEndsTheStream) {
  asio::io_context io;
  bytes_server server(io);
  const auto client = std::make_shared<recorder>();
  server.take(client, {.silent_close = true});
  client->send("last words");
  client->call([](connection& to) { to.close(1000, "said to nobody"); });
  ASSERT_TRUE(run_until(io, [&] { return bool(server.ended); }));
  EXPECT_EQ(server.ended, asio::error::eof);
  EXPECT_EQ(server.received.size(), 2u + 4u + 10u);  // one masked frame, and no close frame
  server.socket.close();
  ASSERT_TRUE(run_until(io, [&] { return client->closed > 0; }));
  EXPECT_EQ(client->why.code, 1000);
}

TEST(Manners, WhoClosesSilentlyWithNothingToSendEndsTheStreamAtOnce) {
  asio::io_context io;
  bytes_server server(io);
  const auto client = std::make_shared<recorder>();
  server.take(client, {.silent_close = true});
  client->call([](connection& to) { to.close(1000, ""); });
  ASSERT_TRUE(run_until(io, [&] { return bool(server.ended); }));
  EXPECT_THAT(server.received, IsEmpty());
  server.socket.close();
  ASSERT_TRUE(run_until(io, [&] { return client->closed == 1; }));
}

TEST(Manners, ACloseFrameIsAnsweredByWhoClosesSilently) {
  asio::io_context io;
  listen_options options;
  options.manners.silent_close = true;
  served server(io, options);
  raw_client client(io, server.door->port());
  client.upgrade();
  client.write(raw_client::close_frame(1000, "bye"));
  client.read_to_end();
  EXPECT_EQ(client.close_code(), 1000);
  ASSERT_TRUE(run_until(io, [&] { return server.ends.front()->closed > 0; }));
  EXPECT_EQ(server.ends.front()->why.text, "bye");
}

TEST(Manners, AViolationEndsASilentConnectionWithoutAWord) {
  asio::io_context io;
  listen_options options;
  options.manners.silent_close = true;
  served server(io, options);
  raw_client client(io, server.door->port());
  client.upgrade();
  client.write(raw_client::frame(0x83, "no such opcode"));
  client.read_to_end();
  EXPECT_THAT(client.received, IsEmpty());
  client.socket.close();
  ASSERT_TRUE(run_until(io, [&] { return server.ends.front()->closed > 0; }));
  EXPECT_EQ(server.ends.front()->how.code, errc::bad_frame);
}

// Also a text that arrives in pieces.
TEST(Manners, TextThatIsNotUtf8IsHandedOnWhereItIsAllowed) {
  if (!fast_path()) GTEST_SKIP() << "websocketpp refuses it";
  asio::io_context io;
  listen_options options;
  options.manners.any_text = true;
  served server(io, options);
  raw_client client(io, server.door->port());
  client.upgrade();
  const std::string second = raw_client::text("half a character \xe2\x82");
  client.write(raw_client::text("latin \xe9") + second.substr(0, 10));
  settle(io);
  client.write(second.substr(10));
  ASSERT_TRUE(run_until(io, [&] { return !server.ends.empty() && server.ends.front()->messages.size() == 2; }));
  EXPECT_THAT(contents(*server.ends.front()), ElementsAre("latin \xe9", "half a character \xe2\x82"));
}

}  // namespace
}  // namespace parley::transport::testing
