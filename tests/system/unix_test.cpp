// Clients and servers over a Unix socket. Other tests cover what is the same over every transport.
#include "system/log_of.hpp"
#include "system/world.hpp"

#include <parley/raw.hpp>
#include <parley/raw_server.hpp>

#include <asio/use_future.hpp>

#include <gmock/gmock.h>

#include <filesystem>
#include <stdexcept>
#include <string>

namespace talk::v1 {
namespace {

using parley::errc;
using testing::HasSubstr;
using testing::StartsWith;

class OverUnixSocket : public testing::TestWithParam<medium> {};
INSTANTIATE_TEST_SUITE_P(Over, OverUnixSocket,
                         testing::Values(medium{carrier::unix_socket, parley::encoding::binary},
                                         medium{carrier::unix_socket, parley::encoding::json},
                                         medium{carrier::unix_socket, parley::encoding::plain}),
                         medium_name);

TEST_P(OverUnixSocket, Calls_are_answered_and_events_delivered) {
  world w(GetParam());
  events<std::string> remotes;
  w.host->on_connected = [&](parley::peer& peer) { remotes.put(peer.remote()); };
  w.start();
  EXPECT_EQ(w.server->port(), 0);
  guest a(w), b(w);
  EXPECT_THAT(remotes.next(), StartsWith("unix:pid="));
  EXPECT_EQ(a.talk.add({.numbers = {391, 29}}), Sum{.value = 420});
  const std::string large(40'000, 'x');
  EXPECT_EQ(a.talk.echo(large), large);
  a.talk.say({.text = "hello", .number = 7});
  const auto heard = b.heard.next();
  EXPECT_EQ(heard.line.text, "hello");
  EXPECT_EQ(heard.from.id, a.id);
}

TEST_P(OverUnixSocket, A_server_that_stops_says_so_and_removes_its_file) {
  world w(GetParam());
  w.start();
  guest a(w);
  const std::string file = w.folder->file("talk");
  EXPECT_TRUE(std::filesystem::exists(file));
  w.server->stop();
  EXPECT_EQ(a.lost.next().close_code, 1001);
  w.server->join();
  EXPECT_FALSE(std::filesystem::exists(file));
}

TEST(UnixSocketOfAServer, Is_refused_to_several_loops_by_name) {
  const socket_folder folder;
  parley::server server({.address = folder.address("s"), .threads = 2});
  try {
    server.start();
    ADD_FAILURE() << "several loops share a Unix socket";
  } catch (const parley::call_failed& failed) {
    EXPECT_EQ(failed.code(), errc::invalid);
    EXPECT_THAT(failed.what(), HasSubstr("server_options::threads"));
  }
  EXPECT_FALSE(std::filesystem::exists(folder.file("s")));
}

TEST(UnixSocketOfAServer, Stands_beside_a_port_and_their_clients_hear_each_other) {
  const socket_folder folder;
  log_of log;
  world w({carrier::websocket, parley::encoding::binary}, {.log = log.sink()});
  const std::size_t number = w.server->listen({.address = folder.address("s")});
  w.start();
  EXPECT_EQ(w.server->port(number), 0);
  EXPECT_NE(w.server->port(), 0);
  log.wait_for("listening on " + folder.address("s"));
  guest over_tcp(w);
  parley::client link{folder.url("s")};
  TalkClient talk{link};
  link.connect();
  talk.say({.text = "from the file"});
  EXPECT_EQ(over_tcp.heard.next().line.text, "from the file");
}

TEST(UnixSocketOfAServer, Has_the_servers_path_and_looks_at_origins_as_a_port_does) {
  world w({carrier::unix_socket, parley::encoding::binary});
  w.start();
  const auto code_of = [](const std::string& url, parley::client_options options) {
    parley::client link{url, std::move(options)};
    return link.async_connect(asio::use_future).get().error().code;
  };
  EXPECT_EQ(code_of(w.folder->url("talk", "/elsewhere"), {}), errc::unimplemented);
  EXPECT_EQ(code_of(w.url(), {.origin = "https://example.org"}), errc::denied) << "a proxy may pass pages on to the socket";
}

TEST(UnixSocketOfAClient, Is_refused_with_a_proxy_or_a_path_that_cannot_be) {
  EXPECT_THROW(parley::client("ws+unix:///run/p", {.proxy = "http://h:1"}), std::invalid_argument);
  EXPECT_THROW(parley::client("ws+unix:///" + std::string(107, 'x')), std::invalid_argument);
  EXPECT_THROW(parley::raw_connection("ws+unix://relative"), std::invalid_argument);
}

TEST(UnixSocketOfARawServer, Serves_raw_connections) {
  const socket_folder folder;
  parley::raw_server server({.address = folder.address("s")}, [](parley::raw_connection ws) -> asio::awaitable<void> {
    while (auto message = co_await ws.async_receive()) co_await ws.async_send(std::move(*message));
  });
  server.start();
  EXPECT_EQ(server.port(), 0);
  parley::raw_connection ws(folder.url("s", "/any"));
  EXPECT_EQ(ws.ask("hello").text(), "hello");
  EXPECT_THAT(ws.remote_address(), StartsWith("unix:pid="));
}

}  // namespace
}  // namespace talk::v1
