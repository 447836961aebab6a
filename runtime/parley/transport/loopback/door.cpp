#include "parley/transport/loopback/door.hpp"

#include "parley/transport/loopback/end.hpp"

#include <asio/post.hpp>

#include <algorithm>
#include <utility>

namespace parley::transport {

// The client learns of the answer in a turn of its own loop.
class loopback_door::loopback_request final : public request {
 public:
  loopback_request(std::shared_ptr<loopback_door> door, std::shared_ptr<mailbox> client)
      : door_(std::move(door)), client_(std::move(client)) {
    ++*door_->connections_;
    slot_ = std::shared_ptr<void>(nullptr, [count = door_->connections_](void*) { --*count; });
  }
  ~loopback_request() override { refuse(503); }

  void accept(std::string_view subprotocol, std::shared_ptr<connection_handler> handler) override {
    const auto client = std::exchange(client_, nullptr);
    if (!client) return;
    if (!door_->on_) return;
    const bool offered = subprotocol.empty() || std::find(subprotocols.begin(), subprotocols.end(), subprotocol) != subprotocols.end();
    const auto end = std::make_shared<loopback_end>(*door_->on_, door_->network_, door_->limits_.max_message, remote, std::move(handler),
                                                    std::move(slot_), std::string());
    end->start();
    if (!offered) {
      door_->refuse(*client, remote, 500, "no agreement on a subprotocol");
      end->fail({errc::invalid, "accepted with a subprotocol that was not offered"});
    } else {
      end->open(client, std::string(subprotocol));
    }
  }

  void reject(int http_status, std::string_view, std::chrono::seconds) override {
    refuse(http_status >= 400 && http_status <= 599 ? http_status : 500);
  }
  // The end of the connection releases it with the slot.
  void hold(std::shared_ptr<void> what) override {
    slot_ = std::make_shared<std::pair<std::shared_ptr<void>, std::shared_ptr<void>>>(std::move(slot_), std::move(what));
  }

 private:
  void refuse(int status) {
    slot_.reset();
    if (const auto client = std::exchange(client_, nullptr)) client->put({.what = letter::kind::refused, .status = status});
  }

  const std::shared_ptr<loopback_door> door_;
  std::shared_ptr<mailbox> client_;
  // This connection's place among max_connections.
  std::shared_ptr<void> slot_;
};

loopback_door::loopback_door(const asio::any_io_executor& on, std::shared_ptr<loopback_network> network, const limits& bounds,
                             std::string name, std::function<void(int, std::string_view, const std::string&)> on_refused)
    : tethered(on), network_(std::move(network)), limits_(bounds), name_(std::move(name)), on_refused_(std::move(on_refused)), on_(on) {}

void loopback_door::start(std::function<void(std::shared_ptr<request>)> on_request) { on_request_ = std::move(on_request); }

void loopback_door::finish() { network_->remove(name_, *this); }

void loopback_door::stop() {
  open_ = false;
  network_->remove(name_, *this);
  const std::lock_guard lock(guard_);
  if (on_) asio::post(*on_, [self = shared_from_this()] { self->let_go(); });
}

void loopback_door::ask(knock one) {
  const std::lock_guard lock(guard_);
  if (on_ && open_) asio::post(*on_, [self = shared_from_this(), one = std::move(one)]() mutable { self->answer(std::move(one)); });
}

void loopback_door::answer(knock&& one) {
  const std::shared_ptr<mailbox> client = one.client.take();
  if (connections_->load() >= limits_.max_connections) return refuse(*client, one.remote, 503, too_many_connections);
  if (!open_ || !on_request_) return refuse(*client, one.remote, 503, "no new connections are accepted");
  const auto ask = std::make_shared<loopback_request>(shared_from_this(), client);
  ask->path = std::move(one.path);
  ask->query = std::move(one.query);
  ask->headers = std::move(one.headers);
  ask->host = std::move(one.host);
  ask->origin = std::move(one.origin);
  ask->subprotocols = std::move(one.subprotocols);
  ask->remote = std::move(one.remote);
  const auto on_request = on_request_;
  on_request(ask);
}

void loopback_door::refuse(mailbox& client, const std::string& remote, int status, std::string_view text) {
  client.put({.what = letter::kind::refused, .status = status});
  if (on_refused_) on_refused_(status, text, remote);
}

void loopback_door::sever() noexcept {
  const auto keep = weak_from_this().lock();
  network_->remove(name_, *this);
  let_go();
}

void loopback_door::let_go() noexcept {
  untie();
  open_ = false;
  {
    const std::lock_guard lock(guard_);
    on_.reset();
  }
  const auto forgotten = std::exchange(on_request_, nullptr);
}

}  // namespace parley::transport
