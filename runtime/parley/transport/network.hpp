// A network connects clients to servers. The scheme of a url selects the network, and so does the
// form of the address that a server listens on. `websocket_network` and the network of a loopback
// are the ones there are.
//
// A network has no state that its users could see, and every function may be called from any
// thread. What a network makes belongs to the executor that it was made on.
#pragma once

#include "parley/transport/transport.hpp"

#include <functional>
#include <memory>
#include <string_view>

namespace parley {

class loopback;

namespace transport {

class network {
 public:
  // Checks the syntax of a url without connecting, and of the proxy's url if it is not empty. The
  // error's text names the problem and never quotes the urls, because they may contain credentials.
  virtual result<> check(std::string_view url, std::string_view proxy) const = 0;
  // Connects to options.url, and then calls on_open or on_closed of `handler`, never from inside
  // this call. The returned function abandons the attempt, and on_closed with `cancelled` follows.
  // Call it on the executor. It does nothing once the connection is open.
  virtual std::function<void()> connect(const asio::any_io_executor& on, connect_options options,
                                        std::shared_ptr<connection_handler> handler) = 0;
  // Binds options.address at once. Destroying the listener stops it.
  virtual result<std::shared_ptr<listener>> listen(const asio::any_io_executor& on, listen_options options) = 0;

  // Whether each listener has an address of its own. In a network without addresses a server has
  // one listener and one loop, and the path of a request selects the port.
  virtual bool has_addresses() const noexcept { return true; }

 protected:
  // Nobody owns a network by this interface. Not virtual, so that a network without members is
  // never destroyed, and threads may use it until the process ends.
  ~network() = default;
};

// The network of a url, or of an address that a server listens on. `in_memory`, if not null, takes
// every one. What belongs to no network goes to the WebSocket network, which reports what is wrong
// with it.
network& network_for(std::string_view url_or_address, const loopback* in_memory);

}  // namespace transport
}  // namespace parley
