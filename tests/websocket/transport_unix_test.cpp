// Unix sockets: the same connections as over TCP, and the files that belong to them.
#include "socket_folder.hpp"
#include "transport_support.hpp"

#include <asio/local/stream_protocol.hpp>

#include <gmock/gmock.h>

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>

namespace parley::transport::testing {
namespace {

using ::testing::HasSubstr;
using unix_acceptor = asio::local::stream_protocol::acceptor;

std::string this_process() { return "unix:pid=" + std::to_string(::getpid()) + ",uid=" + std::to_string(::getuid()); }

void echo(served& server) {
  server.prepare = [](recorder& end) { end.when_message = [&end](const recorder::message& m) { end.send(m.content, m.kind); }; };
}

struct UnixSocket : ::testing::Test {
  std::shared_ptr<recorder> connect(connect_options options = {}) {
    const auto end = std::make_shared<recorder>();
    if (options.url.empty()) options.url = folder.url("s");
    dial(io.get_executor(), std::move(options), end);
    EXPECT_TRUE(run_until(io, [&] { return end->opened + end->closed > 0; }));
    return end;
  }
  listen_options here(std::string_view name = "s") const { return {.address = folder.address(name)}; }
  error refusal_of(listen_options options) {
    const auto made = websocket_listen(io.get_executor(), std::move(options));
    EXPECT_FALSE(made);
    return made ? error(errc::failed) : made.error();
  }
  // Leaves the file of a server that ended without removing it.
  void leave_stale_file(std::string_view name = "s") { unix_acceptor(io, folder.file(name)); }
  bool exists(std::string_view name = "s") const { return std::filesystem::exists(std::filesystem::symlink_status(folder.file(name))); }

  socket_folder folder;
  asio::io_context io;
};

TEST_F(UnixSocket, Carries_messages_of_every_size_both_ways) {
  listen_options options = here();
  options.limits.max_message = 4 << 20;
  served server(io, options);
  echo(server);
  connect_options large{.url = folder.url("s")};
  large.limits.max_message = 4 << 20;
  const auto end = connect(large);
  ASSERT_EQ(end->opened, 1) << end->how.message;
  const std::vector<std::size_t> lengths{0, 1, 125, 126, 4096, 4097, 65535, 65536, 70000, 4 << 20};
  for (const std::size_t length : lengths) end->send(std::string(length, 'x'), opcode::binary);
  ASSERT_TRUE(run_until(io, [&] { return end->messages.size() == lengths.size(); }));
  for (std::size_t i = 0; i < lengths.size(); ++i) EXPECT_EQ(end->messages[i].content, std::string(lengths[i], 'x'));
}

TEST_F(UnixSocket, Shows_the_request_and_the_processes_at_both_ends) {
  served server(io, here());
  std::optional<std::string> host, path, query, remote;
  server.decide = [&](const std::shared_ptr<request>& ask) {
    host = ask->host, path = ask->path, query = ask->query, remote = ask->remote;
    server.ends.push_back(std::make_shared<recorder>());
    ask->accept("", server.ends.back());
  };
  const auto end = connect({.url = folder.url("s", "/chat?room=1")});
  ASSERT_EQ(end->opened, 1) << end->how.message;
  ASSERT_TRUE(run_until(io, [&] { return server.ends.front()->opened == 1; }));
  EXPECT_EQ(host, "localhost");
  EXPECT_EQ(path, "/chat");
  EXPECT_EQ(query, "room=1");
  EXPECT_EQ(remote, this_process());
  EXPECT_EQ(server.ends.front()->link->remote(), this_process());
  EXPECT_EQ(server.ends.front()->link->local(), folder.address("s"));
  EXPECT_EQ(end->link->remote(), this_process());
  EXPECT_EQ(end->link->local(), "unix");
  EXPECT_EQ(server.door->port(), 0);
}

TEST_F(UnixSocket, Keeps_alive_without_the_options_of_tcp) {
  listen_options options = here();
  options.manners.keep_alive = true;
  served server(io, options);
  echo(server);
  connect_options as_well{.url = folder.url("s")};
  as_well.manners.keep_alive = true;
  const auto end = connect(as_well);
  end->send("there?");
  EXPECT_TRUE(run_until(io, [&] { return end->messages.size() == 1; }));
}

TEST_F(UnixSocket, Passes_close_codes_on) {
  served server(io, here());
  const auto end = connect();
  ASSERT_TRUE(run_until(io, [&] { return server.ends.size() == 1 && server.ends[0]->opened == 1; }));
  server.ends[0]->call([](connection& to) { to.close(4321, "enough"); });
  ASSERT_TRUE(run_until(io, [&] { return end->closed + server.ends[0]->closed == 2; }));
  EXPECT_EQ(end->why.code, 4321);
  EXPECT_EQ(end->why.text, "enough");
  EXPECT_TRUE(end->how.from_peer);
}

TEST_F(UnixSocket, Has_the_limits_of_other_connections) {
  listen_options options = here();
  options.limits.max_message = 1000;
  options.limits.max_connections = 1;
  std::string refused;
  options.on_refused = [&](int status, std::string_view, const std::string& remote) { refused = std::to_string(status) + ' ' + remote; };
  served server(io, options);
  const auto end = connect(), second = connect();
  EXPECT_EQ(second->how.code, errc::overloaded);
  EXPECT_EQ(refused, "503 " + this_process());
  end->send(std::string(1001, 'x'));
  ASSERT_TRUE(run_until(io, [&] { return end->closed == 1; }));
  EXPECT_EQ(end->why.code, 1009);
}

TEST_F(UnixSocket, Tells_both_ends_when_the_other_is_lost) {
  served server(io, here());
  const auto end = connect();
  ASSERT_TRUE(run_until(io, [&] { return server.ends.size() == 1 && server.ends[0]->opened == 1; }));
  end->call([](connection& to) { to.abort(); });
  ASSERT_TRUE(run_until(io, [&] { return server.ends[0]->closed == 1; }));
  EXPECT_EQ(server.ends[0]->why.code, 1006);
}

TEST_F(UnixSocket, Without_a_server_says_where_it_was_sought) {
  const auto nothing = connect();
  EXPECT_EQ(nothing->how.code, errc::disconnected);
  EXPECT_THAT(nothing->how.message, HasSubstr(folder.address("s")));
  leave_stale_file();
  const auto stale = connect();
  EXPECT_EQ(stale->how.code, errc::disconnected);
  EXPECT_THAT(stale->how.message, HasSubstr("refused"));
}

TEST_F(UnixSocket, Is_not_reached_through_a_proxy) {
  const auto end = connect({.url = folder.url("s"), .proxy = "http://127.0.0.1:1"});
  EXPECT_EQ(end->how.code, errc::invalid);
  EXPECT_THAT(end->how.message, HasSubstr("proxy"));
}

TEST_F(UnixSocket, Can_be_abandoned_while_connecting) {
  const auto end = std::make_shared<recorder>();
  served server(io, here());
  server.decide = [](const std::shared_ptr<request>&) {};
  const auto abandon = dial(io.get_executor(), {.url = folder.url("s")}, end);
  abandon();
  ASSERT_TRUE(run_until(io, [&] { return end->closed == 1; }));
  EXPECT_EQ(end->how.code, errc::cancelled);
}

TEST_F(UnixSocket, Waits_for_a_server_whose_queue_of_clients_is_full) {
  unix_acceptor server(io, asio::local::stream_protocol());
  server.bind(folder.file("s"));
  server.listen(0);
  asio::local::stream_protocol::socket first(io);
  first.connect(folder.file("s"));

  connect_options impatient{.url = folder.url("s")};
  impatient.limits.handshake = 30ms;
  const auto late = connect(impatient);
  EXPECT_EQ(late->how.code, errc::deadline_exceeded);
  EXPECT_THAT(late->how.message, HasSubstr("connect_timeout"));

  const auto patient = std::make_shared<recorder>();
  const auto abandon = dial(io.get_executor(), {.url = folder.url("s")}, patient);
  const auto of_first = server.accept();
  std::optional<asio::local::stream_protocol::socket> of_patient;
  server.async_accept([&](std::error_code, asio::local::stream_protocol::socket accepted) { of_patient.emplace(std::move(accepted)); });
  EXPECT_TRUE(run_until(io, [&] { return of_patient.has_value(); }));
  abandon();
  EXPECT_TRUE(run_until(io, [&] { return patient->closed == 1; }));
}

// ---- The file.

TEST_F(UnixSocket, Replaces_the_file_of_a_server_that_is_gone) {
  leave_stale_file();
  ASSERT_TRUE(exists());
  served server(io, here());
  EXPECT_EQ(connect()->opened, 1);
}

TEST_F(UnixSocket, Of_a_server_that_lives_is_refused_to_another) {
  served server(io, here());
  const error why = refusal_of(here());
  EXPECT_EQ(why.code, std::errc::address_in_use);
  EXPECT_THAT(why.message, HasSubstr(folder.address("s")));
  EXPECT_EQ(connect()->opened, 1) << "the first has lost its socket";
}

TEST_F(UnixSocket, Never_replaces_what_is_not_a_socket) {
  std::ofstream(folder.file("s")) << "precious";
  std::filesystem::create_symlink(folder.file("nowhere"), folder.file("link"));
  std::filesystem::create_directory(folder.file("folder"));
  for (const auto* name : {"s", "link", "folder"}) {
    const error why = refusal_of(here(name));
    EXPECT_EQ(why.code, std::errc::address_in_use) << name;
    EXPECT_THAT(why.message, HasSubstr("not a socket")) << name;
    EXPECT_TRUE(exists(name));
  }
}

TEST_F(UnixSocket, In_a_folder_that_is_not_there_is_refused) {
  EXPECT_EQ(refusal_of(here("no/such")).code, std::errc::no_such_file_or_directory);
}

TEST_F(UnixSocket, Is_removed_when_the_listener_ends) {
  {
    const auto idle = websocket_listen(io.get_executor(), here());
    ASSERT_TRUE(idle);
    EXPECT_TRUE(exists());
  }
  EXPECT_FALSE(exists()) << "destroyed before it started";
  served server(io, here());
  settle(io);
  server.door->stop();
  settle(io);
  EXPECT_FALSE(exists()) << "stopped";
  std::optional<asio::io_context> other(std::in_place);
  const auto kept = *websocket_listen(other->get_executor(), here());
  kept->start([](const std::shared_ptr<request>&) {});
  EXPECT_TRUE(exists());
  other.reset();
  EXPECT_FALSE(exists()) << "its loop was destroyed";
}

TEST_F(UnixSocket, Is_not_removed_if_it_is_not_the_listeners_any_more) {
  auto first = *websocket_listen(io.get_executor(), here("first"));
  const auto second = *websocket_listen(io.get_executor(), here("second"));
  std::filesystem::rename(folder.file("second"), folder.file("first"));
  first.reset();
  EXPECT_TRUE(exists("first"));
}

TEST_F(UnixSocket, Has_the_permissions_that_the_umask_leaves) {
  const mode_t before = ::umask(0177);
  served server(io, here());
  ::umask(before);
  struct stat there {};
  ASSERT_EQ(::stat(folder.file("s").c_str(), &there), 0);
  EXPECT_EQ(there.st_mode & 0777, 0600u);
}

TEST_F(UnixSocket, Is_refused_before_anything_is_bound_if_it_cannot_be_one) {
  const auto why = [&](listen_options options) {
    const error refused = refusal_of(std::move(options));
    EXPECT_EQ(refused.code, errc::invalid) << refused.message;
    return refused.message;
  };
  EXPECT_THAT(why({.address = "unix:/tmp/" + std::string(103, 'x')}), HasSubstr("107 bytes"));
  EXPECT_THAT(why({.address = "unix:"}), HasSubstr("begin with /"));
  EXPECT_THAT(why({.address = "unix:relative"}), HasSubstr("begin with /"));
  EXPECT_THAT(why({.address = "unix:@"}), HasSubstr("missing"));
  EXPECT_THAT(why({.address = std::string("unix:/tmp/a\0b", 13)}), HasSubstr("zero byte"));
  listen_options with_port = here();
  with_port.port = 80;
  EXPECT_THAT(why(with_port), HasSubstr("port"));
  for (const port_sharing sharing : {port_sharing::later, port_sharing::everybody}) {
    listen_options shared = here();
    shared.sharing = sharing;
    EXPECT_THAT(why(shared), HasSubstr("server_options::threads"));
  }
  EXPECT_FALSE(exists());
}

TEST_F(UnixSocket, With_an_abstract_name_has_no_file) {
  const std::string name = "@parley-test-" + std::to_string(::getpid()) + (fast_path() ? "" : "-slow");
  {
    served server(io, {.address = "unix:" + name});
    echo(server);
    const auto end = connect({.url = "ws+unix://" + name + ":/ws"});
    ASSERT_EQ(end->opened, 1) << end->how.message;
    end->send("hello");
    ASSERT_TRUE(run_until(io, [&] { return end->messages.size() == 1; }));
    EXPECT_EQ(server.ends.front()->link->local(), "unix:" + name);
    EXPECT_EQ(refusal_of({.address = "unix:" + name}).code, std::errc::address_in_use);
    server.door->stop();
    settle(io);
  }
  EXPECT_TRUE(websocket_listen(io.get_executor(), {.address = "unix:" + name}));
}

}  // namespace
}  // namespace parley::transport::testing
