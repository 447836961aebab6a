#include "parley/transport/loopback.hpp"

#include "parley/transport/loopback/door.hpp"
#include "parley/transport/loopback/end.hpp"
#include "parley/transport/loopback/network.hpp"
#include "parley/transport/websocket/http_head.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace parley {
namespace transport {
namespace {

class loopback_listener final : public listener {
 public:
  explicit loopback_listener(std::shared_ptr<loopback_door> door) : door_(std::move(door)) {}
  ~loopback_listener() override { door_->stop(); }
  void start(std::function<void(std::shared_ptr<request>)> on_request) override { door_->start(std::move(on_request)); }
  void stop() override { door_->stop(); }
  std::uint16_t port() const override { return 0; }

 private:
  const std::shared_ptr<loopback_door> door_;
};

struct memory_url {
  std::string name;
  std::string path = "/";
  std::string query;
};

std::optional<memory_url> parse(std::string_view url) {
  constexpr std::string_view scheme = "mem://";
  if (!url.starts_with(scheme) || !is_field_value(url)) return std::nullopt;
  url.remove_prefix(scheme.size());
  memory_url parts;
  const std::size_t end = std::min(url.find_first_of("/?"), url.size());
  parts.name = url.substr(0, end);
  url.remove_prefix(end);
  const std::size_t mark = std::min(url.find('?'), url.size());
  if (mark > 0) parts.path = url.substr(0, mark);
  if (mark < url.size()) parts.query = url.substr(mark + 1);
  return parts;
}

}  // namespace
}  // namespace transport

loopback::loopback() : network_(std::make_shared<transport::loopback_network>()) {}
loopback::~loopback() = default;

std::shared_ptr<transport::listener> loopback::listen(const asio::any_io_executor& on, transport::limits limits, std::string name,
                                                      std::function<void(int, std::string_view, const std::string&)> on_refused) {
  const auto door = std::make_shared<transport::loopback_door>(on, network_, limits, std::move(name), std::move(on_refused));
  if (const auto before = network_->add(door->name(), door)) before->stop();
  return std::make_shared<transport::loopback_listener>(door);
}

std::function<void()> loopback::connect(const asio::any_io_executor& on, transport::connect_options options,
                                        std::shared_ptr<transport::connection_handler> handler) {
  const auto where = transport::parse(options.url);
  const auto end =
      std::make_shared<transport::loopback_end>(on, network_, options.limits.max_message, where ? "mem://" + where->name : std::string(),
                                                std::move(handler), nullptr, where ? where->path : std::string());
  end->start();
  if (!where) {
    end->fail({errc::invalid, "not a url of the network in memory: it must be mem://name[/path][?query]"});
  } else if (const result<> fit = transport::check_offer(options); !fit) {
    end->fail(fit.error());
  } else if (!network_->count_connect()) {
    end->fail({errc::disconnected, "mem://" + where->name + " could not be reached: a fault was asked for"});
  } else if (const auto door = network_->find(where->name)) {
    door->ask({.path = where->path,
               .query = where->query,
               .headers = std::move(options.headers),
               .host = where->name,
               .origin = std::move(options.origin),
               .subprotocols = std::move(options.subprotocols),
               .remote = "mem",
               .client = transport::caller(end->box())});
  } else {
    end->fail({errc::disconnected, "mem://" + where->name + " could not be reached: nobody listens"});
  }
  return [weak = std::weak_ptr(end)] {
    if (const auto still = weak.lock()) still->fail({errc::cancelled, "connecting was abandoned"});
  };
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
