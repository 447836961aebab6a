#include "parley/transport/loopback/network.hpp"

#include "parley/transport/loopback/door.hpp"
#include "parley/transport/loopback/end.hpp"
#include "parley/transport/loopback/mailbox.hpp"
#include "parley/transport/websocket/protocol/http_head.hpp"
#include "parley/transport/websocket/protocol/proxy_url.hpp"

#include <algorithm>
#include <utility>

namespace parley::transport {
namespace {

class loopback_listener final : public listener {
 public:
  explicit loopback_listener(std::shared_ptr<loopback_door> door) : door_(std::move(door)) {}
  ~loopback_listener() override { door_->stop(); }
  void start(std::function<void(std::shared_ptr<request>)> on_request, std::function<void(std::shared_ptr<page_request>)>) override {
    door_->start(std::move(on_request));
  }
  void finish() override { door_->finish(); }
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

result<> loopback_network::check(std::string_view, std::string_view proxy) const {
  return proxy.empty() ? result<>() : check_proxy_url(proxy);
}

std::function<void()> loopback_network::connect(const asio::any_io_executor& on, connect_options options,
                                                std::shared_ptr<connection_handler> handler) {
  const auto where = parse(options.url);
  const auto end =
      std::make_shared<loopback_end>(on, shared_from_this(), options.limits.max_message, where ? "mem://" + where->name : std::string(),
                                     std::move(handler), nullptr, where ? where->path : std::string());
  end->start();
  if (!where) {
    end->fail({errc::invalid, "not a url of the network in memory: it must be mem://name[/path][?query]"});
  } else if (const result<> fit = check_offer(options); !fit) {
    end->fail(fit.error());
  } else if (!count_connect()) {
    end->fail({errc::disconnected, "mem://" + where->name + " could not be reached: an injected fault"});
  } else if (const auto door = find(where->name)) {
    door->ask({.path = where->path,
               .query = where->query,
               .headers = std::move(options.headers),
               .host = where->name,
               .origin = std::move(options.origin),
               .subprotocols = std::move(options.subprotocols),
               .remote = "mem",
               .client = caller(end->box())});
  } else {
    end->fail({errc::disconnected, "mem://" + where->name + " could not be reached: no server is listening"});
  }
  return [weak = std::weak_ptr(end)] {
    if (const auto still = weak.lock()) still->fail({errc::cancelled, "connecting was abandoned"});
  };
}

result<std::shared_ptr<listener>> loopback_network::listen(const asio::any_io_executor& on, listen_options options) {
  const auto door =
      std::make_shared<loopback_door>(on, shared_from_this(), options.limits, std::move(options.address), std::move(options.on_refused));
  if (const auto before = add(door->name(), door)) before->stop();
  return std::shared_ptr<listener>(std::make_shared<loopback_listener>(door));
}

std::shared_ptr<loopback_door> loopback_network::add(const std::string& name, std::shared_ptr<loopback_door> one) {
  const std::lock_guard lock(guard_);
  return std::exchange(doors_[name], std::move(one));
}

void loopback_network::remove(const std::string& name, const loopback_door& one) {
  std::shared_ptr<loopback_door> dropped;
  const std::lock_guard lock(guard_);
  const auto found = doors_.find(name);
  if (found == doors_.end() || found->second.get() != &one) return;
  dropped = std::move(found->second);
  doors_.erase(found);
}

std::shared_ptr<loopback_door> loopback_network::find(const std::string& name) const {
  const std::lock_guard lock(guard_);
  auto found = doors_.find(name);
  if (found == doors_.end()) found = doors_.find("");
  return found == doors_.end() ? nullptr : found->second;
}

void loopback_network::set(fault which, std::size_t number) {
  const std::lock_guard lock(guard_);
  faults_[which] = number;
}

bool loopback_network::count(fault kind) {
  const std::lock_guard lock(guard_);
  ++operations_;
  bool well = true;
  for (const fault which : {kind, fault::any}) {
    const auto found = faults_.find(which);
    if (found == faults_.end()) continue;
    if (found->second-- > 0) continue;
    faults_.erase(found);
    well = false;
  }
  return well;
}

std::size_t loopback_network::operations() const {
  const std::lock_guard lock(guard_);
  return operations_;
}

void loopback_network::hold() {
  const std::lock_guard lock(guard_);
  holding_ = true;
  allowed_ = 0;
}

void loopback_network::release(std::optional<std::size_t> deliveries) {
  std::deque<std::weak_ptr<mailbox>> woken;
  {
    const std::lock_guard lock(guard_);
    if (deliveries) allowed_ += *deliveries;
    else holding_ = false;
    woken.swap(waiting_);
  }
  for (const auto& box : woken)
    if (const auto still = box.lock()) still->wake();
}

bool loopback_network::may_deliver(const std::weak_ptr<mailbox>& box) {
  const std::lock_guard lock(guard_);
  if (!holding_) return true;
  if (allowed_ > 0) return --allowed_, true;
  waiting_.push_back(box);
  return false;
}

}  // namespace parley::transport
