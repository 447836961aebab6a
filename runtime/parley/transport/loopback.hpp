// A network in memory: servers and clients of one program talk through it as through sockets, and a test can break it where it likes.
//
//   parley::loopback network;
//   parley::server server{{.loopback = &network}};
//   parley::client link{"mem://lobby", {.loopback = &network}};
//
// It behaves as the WebSocket transport does: requests are accepted or rejected, subprotocols agreed, messages bounded (1009) and text
// checked (1007), on_closed comes exactly once, nothing is called from inside a call. What differs: there is no time in it (no handshake
// limit, no lingering; the side that closes hears on_closed at once), a violation is closed for at once (no on_violation), pings have no rate,
// and buffered_amount counts messages, pings and pongs, each as its bytes and 64 more, until the other end has taken
// them. Each delivery is one turn of the receiver's loop, so that a program with one loop does the same things in the
// same order every time.
//
// Threads: every function of this class may be called from any thread. The two ends of a connection may live on different executors;
// neither end keeps anything of the other's alive.
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
class loopback_network;
}

class loopback {
 public:
  loopback();
  // Connections live on without it.
  ~loopback();
  loopback(const loopback&) = delete;
  loopback& operator=(const loopback&) = delete;

  // `name`: what stands in mem://name; empty: every name that nobody else has. Whoever listened under it before no longer does.
  // `on_refused`: as in transport::listen_options.
  std::shared_ptr<transport::listener> listen(
      const asio::any_io_executor& on, transport::limits limits = {}, std::string name = {},
      std::function<void(int status, std::string_view text, const std::string& remote)> on_refused = {});

  // As transport::websocket_connect, with the url mem://name[/path][?query]. Returns what abandons the attempt.
  std::function<void()> connect(const asio::any_io_executor& on, transport::connect_options options,
                                std::shared_ptr<transport::connection_handler> handler);
  std::function<void()> connect(const asio::any_io_executor& on, std::string_view url, std::vector<std::string> subprotocols,
                                std::shared_ptr<transport::connection_handler> handler);

  // ---- faults
  //
  // Each is set once, counts from then on (0: the very next) over the whole network, and happens once. The next that is set replaces it.

  // That connect fails with `disconnected`.
  void refuse_connect(std::size_t number = 0);
  // That message is lost, and its connection with it: messages before it still arrive, then both ends hear 1006.
  void drop_at_message(std::size_t number = 0);
  // Connects and messages counted together: fails whichever it is. A scenario is run with 0, 1, 2, ... until all of it succeeds.
  void fail_operation(std::size_t number);
  // Connects and messages since the network was made.
  std::size_t operations() const;

  // From now on nothing arrives: no message, no end of a connection, no answer to a connect. Requests still reach listeners.
  void hold();
  // Lets that many arrive, in the order in which they would have; without a number, ends the hold.
  void release(std::size_t deliveries);
  void release();

 private:
  const std::shared_ptr<transport::loopback_network> network_;
};

}  // namespace parley
