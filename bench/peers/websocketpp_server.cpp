// websocketpp with its own Asio transport, unmodified and with logging off: echo or, with mode=all,
// to all clients. Built as C++17, as 0.8.2 requires.
#include <unistd.h>

#include <websocketpp/config/asio_no_tls.hpp>
#include <websocketpp/server.hpp>

#include <cstdio>
#include <memory>
#include <set>
#include <string>
#include <thread>

namespace {

using server_type = websocketpp::server<websocketpp::config::asio>;
using handle = websocketpp::connection_hdl;

}  // namespace

int main(int argc, char** argv) {
  const bool to_all = argc > 1 && std::string(argv[1]) == "mode=all";
  // See support/socket.hpp, which cannot be included because it is C++20.
  std::thread([] {
    for (;;) ::pause();
  }).detach();
  server_type server;
  std::set<handle, std::owner_less<handle>> all;
  server.clear_access_channels(websocketpp::log::alevel::all);
  server.clear_error_channels(websocketpp::log::elevel::all);
  server.set_open_handler([&](handle who) { all.insert(who); });
  server.set_close_handler([&](handle who) { all.erase(who); });
  server.set_message_handler([&](handle who, server_type::message_ptr message) {
    if (!to_all) return server.send(who, message->get_payload(), message->get_opcode());
    for (const handle& to : all) {
      websocketpp::lib::error_code gone;
      server.send(to, message->get_payload(), message->get_opcode(), gone);
    }
  });
  server.init_asio();
  server.set_reuse_addr(true);
  server.set_listen_backlog(4096);
  // websocketpp calls its socket handler before the socket is open (its issue 812), so the option
  // is set here.
  server.set_tcp_post_init_handler([&](handle who) {
    websocketpp::lib::asio::error_code error;
    server.get_con_from_hdl(who)->get_raw_socket().set_option(asio::ip::tcp::no_delay(true), error);
  });
  server.listen(asio::ip::tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  asio::error_code error;
  std::printf("port %u\n", static_cast<unsigned>(server.get_local_endpoint(error).port()));
  std::fflush(stdout);
  server.start_accept();
  server.run();
}
