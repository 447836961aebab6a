// A network in memory. Servers and clients of one program communicate through it as through
// sockets, and a test can inject faults at any point.
//
//   parley::loopback network;
//   parley::server server{{.loopback = &network}};
//   parley::client link{"mem://lobby", {.loopback = &network}};
//
// It behaves like the WebSocket transport. Requests are accepted or rejected, and subprotocols are
// agreed. Messages are limited (1009) and text is checked (1007). on_closed is called exactly once.
// Nothing is called from inside a call.
//
// It differs in these points:
//   - It has no time limits: there is no handshake limit and no lingering. The side that closes
//     gets on_closed at once.
//   - A violation closes the connection at once, without on_violation.
//   - Pings have no rate limit.
//   - buffered_amount counts messages, pings and pongs until the other end has taken them. Each
//     counts as its size plus 64 bytes.
//
// Each delivery is one turn of the receiver's loop, so a program with one loop does the same things
// in the same order every time.
//
// Threads: every function of this class may be called from any thread. The two ends of a connection
// may run on different executors. Neither end keeps anything of the other alive.
#pragma once

#include "parley/transport/transport.hpp"

#include <cstddef>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace parley {

namespace transport {
class network;
class loopback_network;
}  // namespace transport

class loopback {
 public:
  loopback();
  // Connections continue after the loopback is destroyed.
  ~loopback();
  loopback(const loopback&) = delete;
  loopback& operator=(const loopback&) = delete;

  // `name` is the host of mem://name. An empty name accepts every name that has no listener of its
  // own. An earlier listener of the same name is stopped. `on_refused` is as in
  // transport::listen_options.
  std::shared_ptr<transport::listener> listen(
      const asio::any_io_executor& on, transport::limits limits = {}, std::string name = {},
      std::function<void(int status, std::string_view text, const std::string& remote)> on_refused = {});

  // Like transport::websocket_connect, with the url mem://name[/path][?query]. Returns a function
  // that abandons the attempt.
  std::function<void()> connect(const asio::any_io_executor& on, transport::connect_options options,
                                std::shared_ptr<transport::connection_handler> handler);
  std::function<void()> connect(const asio::any_io_executor& on, std::string_view url, std::vector<std::string> subprotocols,
                                std::shared_ptr<transport::connection_handler> handler);

  // The same as an interface, for code that takes any network.
  transport::network& network() const noexcept;

  // ---- Fault injection.
  //
  // Each fault is set once and happens once. Its count starts when it is set and covers the whole
  // network. 0 means the very next operation. Setting a fault again replaces it.

  // Makes that connect fail with `disconnected`.
  void refuse_connect(std::size_t number = 0);
  // Loses that message and its connection. Earlier messages still arrive. Then both ends get 1006.
  void drop_at_message(std::size_t number = 0);
  // Counts connects and messages together and makes that operation fail. To test a scenario at
  // every point, run it with 0, 1, 2, ... until all of it succeeds.
  void fail_operation(std::size_t number);
  // The number of connects and messages since the network was created.
  std::size_t operations() const;

  // Stops all deliveries: messages, the end of a connection, and the answer to a connect. Requests
  // still reach listeners.
  void hold();
  // Delivers that many, in their original order. Without a number, ends the hold.
  void release(std::size_t deliveries);
  void release();

 private:
  const std::shared_ptr<transport::loopback_network> network_;
};

}  // namespace parley
