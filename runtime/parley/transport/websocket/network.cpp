#include "parley/transport/network.hpp"

#include "parley/transport/websocket.hpp"
#include "parley/transport/websocket/protocol/proxy_url.hpp"
#include "parley/transport/websocket/protocol/url.hpp"

#include <utility>

namespace parley::transport {
namespace {

class over_tcp final : public network {
 public:
  result<> check(std::string_view url, std::string_view proxy) const override {
    if (auto sound = check_websocket_url(url); !sound) return sound;
    return proxy.empty() ? result<>() : check_proxy_url(proxy);
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
  static over_tcp only;
  return only;
}

}  // namespace parley::transport
