#include "parley/transport/websocket/protocol/upgrade.hpp"

#include "parley/transport/websocket/protocol/policy.hpp"

namespace parley::transport {
namespace {

using core = websocketpp::connection<policy::config>;
namespace state = websocketpp::session::state;

}  // namespace

struct server_upgrade::inner {
  websocketpp::server<policy::config> endpoint;
};

server_upgrade::server_upgrade(const std::string& server_name) : inner_(std::make_unique<inner>()) {
  inner_->endpoint.set_user_agent(server_name);
}
server_upgrade::~server_upgrade() = default;

std::string server_upgrade::answer(const std::string& key, const std::string& subprotocol) {
  const std::shared_ptr<core> one = inner_->endpoint.get_connection();
  one->set_validate_handler([&one = *one, &subprotocol](const auto&) {
    one.select_subprotocol(subprotocol);
    return true;
  });
  one->start();
  // websocketpp needs only this part of the request.
  std::string request =
      "GET / HTTP/1.1\r\nHost: parley\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: " +
      key + "\r\n";
  if (!subprotocol.empty()) request += "Sec-WebSocket-Protocol: " + subprotocol + "\r\n";
  one->feed(request + "\r\n");
  const bool open = one->get_state() == state::open;
  one->detach();
  return open ? one->take() : std::string();
}

struct client_upgrade::inner {
  websocketpp::client<policy::config> endpoint;
  std::shared_ptr<core> one;
};

client_upgrade::client_upgrade(const url& where, const connect_options& options) : inner_(std::make_unique<inner>()) {
  inner_->endpoint.set_user_agent("parley");
  // websocketpp would write an IPv6 host without its brackets.
  const auto location = std::make_shared<websocketpp::uri>(where.secure, where.literal_v6 ? '[' + where.host + ']' : where.host, where.port,
                                                           where.resource());
  // Never set, because the connector has checked the options.
  std::error_code refused;
  inner_->one = inner_->endpoint.get_connection(location, refused);
  for (const std::string& name : options.subprotocols) inner_->one->add_subprotocol(name, refused);
  for (const header& h : options.headers) inner_->one->append_header(h.name, h.value);
  if (!options.origin.empty()) inner_->one->append_header("Origin", options.origin);
}
client_upgrade::~client_upgrade() { inner_->one->detach(); }

std::string client_upgrade::request() {
  inner_->one->start();
  return inner_->one->take();
}

bool client_upgrade::is_answered_by(std::string_view accept) {
  inner_->one->feed(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: " +
      std::string(accept) + "\r\n\r\n");
  return inner_->one->get_state() == state::open;
}

}  // namespace parley::transport
