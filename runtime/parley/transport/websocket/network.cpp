#include "parley/transport/network.hpp"

#include "parley/transport/websocket.hpp"
#include "parley/transport/websocket/protocol/proxy_url.hpp"

#include <utility>

namespace parley::transport {
namespace {

class over_sockets final : public network {
 public:
  result<> check(std::string_view url, std::string_view proxy) const override {
    if (const auto sound = parse_route(url, proxy); !sound) return sound.error();
    return {};
  }
  std::function<void()> connect(const asio::any_io_executor& on, connect_options options,
                                std::shared_ptr<connection_handler> handler) override {
    return websocket_connect(on, std::move(options), std::move(handler));
  }
  result<std::shared_ptr<listener>> listen(const asio::any_io_executor& on, listen_options options) override {
    return websocket_listen(on, std::move(options));
  }
};

}  // namespace

network& websocket_network() {
  static over_sockets only;
  return only;
}

}  // namespace parley::transport
