#include "parley/transport/loopback.hpp"

#include "parley/transport/loopback/network.hpp"

#include <optional>
#include <utility>

namespace parley {

loopback::loopback() : network_(std::make_shared<transport::loopback_network>()) {}
loopback::~loopback() = default;

transport::network& loopback::network() const noexcept { return *network_; }

std::shared_ptr<transport::listener> loopback::listen(const asio::any_io_executor& on, transport::limits limits, std::string name,
                                                      std::function<void(int, std::string_view, const std::string&)> on_refused) {
  transport::listen_options options;
  options.address = std::move(name);
  options.limits = limits;
  options.on_refused = std::move(on_refused);
  return *network_->listen(on, std::move(options));  // cannot fail
}

std::function<void()> loopback::connect(const asio::any_io_executor& on, transport::connect_options options,
                                        std::shared_ptr<transport::connection_handler> handler) {
  return network_->connect(on, std::move(options), std::move(handler));
}

std::function<void()> loopback::connect(const asio::any_io_executor& on, std::string_view url, std::vector<std::string> subprotocols,
                                        std::shared_ptr<transport::connection_handler> handler) {
  transport::connect_options options;
  options.url = url;
  options.subprotocols = std::move(subprotocols);
  return connect(on, std::move(options), std::move(handler));
}

void loopback::refuse_connect(std::size_t number) { network_->set(transport::loopback_network::fault::refuse_connect, number); }
void loopback::drop_at_message(std::size_t number) { network_->set(transport::loopback_network::fault::drop_message, number); }
void loopback::fail_operation(std::size_t number) { network_->set(transport::loopback_network::fault::any, number); }
std::size_t loopback::operations() const { return network_->operations(); }
void loopback::hold() { network_->hold(); }
void loopback::release(std::size_t deliveries) { network_->release(deliveries); }
void loopback::release() { network_->release(std::nullopt); }

}  // namespace parley
